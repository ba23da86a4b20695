"""Energy of GPUs: static and dynamic, linear in time."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Chunk
from aggregator.kernel.counters import Intervals, Readings, advancing, counted, fill, in_order, integrated
from aggregator.kernel.pieces import overlaps
from aggregator.kernel.timeline import Timeline


@dataclass(frozen=True, slots=True)
class GpuEnergy:
    """GPU energy in pieces: one per meter interval and segment.

    Args:
        slot: [p] cell x `slots` + GPU index; segment: [p]; static_j, dynamic_j: [p]; evidence: [p].
        slots: GPU indices per node, the same for all nodes of the chunk.
        present: [nodes, slots] whether the node has that GPU.
    """

    slot: I64
    segment: I64
    static_j: F64
    dynamic_j: F64
    evidence: I64
    slots: int
    present: F64


def gpu_energy(chunk: Chunk, timeline: Timeline, max_gap_ms: int) -> GpuEnergy:
    """Energy of every GPU: its counter, and the trapezoids of its power where the counter is silent."""
    samples = chunk.gpu
    slots = max(int(samples.gpu.max(initial=-1)), int(chunk.gpu_shares.gpu.max(initial=-1))) + 1
    present = np.zeros((len(chunk.nodes), slots))
    present[samples.node, samples.gpu] = 1.0
    intervals = _intervals(chunk, timeline, slots, max_gap_ms)
    owner, segment, share = overlaps(timeline, intervals.start, intervals.end)
    entity = intervals.entity[owner]
    idle_w = np.array([node.model.gpu_idle_w for node in chunk.nodes])[intervals.entity // max(slots, 1)]
    static = np.minimum(intervals.amount, idle_w * intervals.seconds)
    return GpuEnergy(
        slot=timeline.cell[segment] * slots + entity % max(slots, 1),
        segment=segment,
        static_j=static[owner] * share,
        dynamic_j=(intervals.amount - static)[owner] * share,
        evidence=intervals.evidence[owner],
        slots=slots,
        present=present,
    )


def _intervals(chunk: Chunk, timeline: Timeline, slots: int, max_gap_ms: int) -> Intervals:
    samples, axis = chunk.gpu, timeline.axis
    entity = samples.node.astype(np.int64) * slots + samples.gpu
    position = axis.at(samples.node, samples.ts_ms)
    keep = in_order(entity * axis.span + position % axis.span)
    keep = keep[advancing(entity[keep], samples.epoch_id[keep], samples.monotonic_s[keep])]
    readings = Readings(entity[keep], position[keep], samples.monotonic_s[keep], samples.epoch_id[keep])
    by_counter = counted(readings, samples.energy_j[keep], max_gap_ms)
    by_power = integrated(readings, samples.power_w[keep], max_gap_ms)
    return fill(by_counter, by_power, axis.span)
