"""What was measured per node and bucket, from the meters themselves: the accounts must sum to it."""

import numpy as np

from aggregator.kernel.accounts import Energy
from aggregator.kernel.arrays import F64, I64, Chunk, Measured, Window
from aggregator.kernel.components import Component
from aggregator.kernel.ragged import sums
from aggregator.kernel.sheet import CPU, DRAM, GPU, REST
from aggregator.kernel.timeline import Timeline
from maxwatt.domain.energy import COMPONENTS


def measured(chunk: Chunk, window: Window, timeline: Timeline, energy: Energy) -> Measured:
    """Energy [nodes, buckets, components] and covered seconds [nodes, buckets].

    A meter interval inside one bucket counts as the meter counted it. One that a bucket's edge cuts is cut by its two
    prices: static by time, dynamic by all CPU seconds of the node. GPU energy is linear in time.
    """
    nodes, buckets = len(chunk.nodes), len(window.edges_ms) - 1
    result = np.zeros((nodes, buckets, len(COMPONENTS)))
    inside = timeline.bucket >= 0
    slot: I64 = timeline.node * buckets + timeline.bucket
    parts_dynamic = np.zeros(len(timeline.start))
    for number, component in ((CPU, energy.cpu), (DRAM, energy.dram)):
        dynamic = component.per_cpu_s * (energy.time.users_s + energy.time.system_s)
        parts_dynamic += dynamic
        flat = _component(timeline, component, component.static_j + dynamic, slot, nodes * buckets)
        result[:, :, number] = flat.reshape(nodes, buckets)
    gpu = energy.gpu
    gpu_j = sums(gpu.segment, gpu.static_j + gpu.dynamic_j, len(timeline.start))
    parts_dynamic += sums(gpu.segment, gpu.dynamic_j, len(timeline.start))
    rest_j = energy.rest.static_j + energy.rest.per_dynamic * parts_dynamic + energy.rest.unattributed_j
    for number, per_segment in ((GPU, gpu_j), (REST, rest_j)):
        flat = sums(slot[inside], per_segment[inside], nodes * buckets)
        result[:, :, number] = flat.reshape(nodes, buckets)
    seconds = np.where(energy.covered, timeline.length_ms / 1000, 0.0)
    return Measured(result, sums(slot[inside], seconds[inside], nodes * buckets).reshape(nodes, buckets))


def _component(timeline: Timeline, component: Component, pieces_j: F64, slot: I64, count: int) -> F64:
    intervals, meter = component.meter.intervals, component.meter
    if not len(intervals):
        return np.zeros(count)
    first = timeline.first_segment(intervals.start)
    last = timeline.last_segment(intervals.end)
    whole = (timeline.bucket[first] == timeline.bucket[last]) & (timeline.bucket[first] >= 0)  # -1 before and behind
    total = sums(slot[first[whole]], intervals.amount[whole], count)
    cut = meter.covered & ~whole[meter.interval] & (timeline.bucket >= 0)
    return total + sums(slot[cut], pieces_j[cut], count)
