"""Energy of GPUs: static and dynamic, linear in time."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Chunk, Window
from aggregator.kernel.counters import Intervals, PowerBounds, Readings, counted, fill, gapless, integrated, usable
from aggregator.kernel.idle import gpu_idle_w
from aggregator.kernel.pieces import cuts
from aggregator.kernel.timeline import Axis, Timeline


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


def gpu_energy(chunk: Chunk, timeline: Timeline, window: Window) -> GpuEnergy:
    """Energy of every GPU: its counter, and the trapezoids of its power where the counter is silent."""
    samples = chunk.gpu
    slots = max(int(samples.gpu.max(initial=-1)), int(chunk.gpu_shares.gpu.max(initial=-1))) + 1
    present = np.zeros((len(chunk.nodes), slots))
    present[samples.node, samples.gpu] = 1.0
    intervals = gpu_intervals(chunk, timeline.axis, window, slots)
    found = cuts(timeline, intervals.start, intervals.end)
    segment, board = found.segments, intervals.entity % max(slots, 1)
    idle_w = gpu_idle_w(chunk.idle, timeline.axis, intervals, slots)
    static = np.minimum(intervals.amount, idle_w * intervals.seconds)
    return GpuEnergy(
        slot=timeline.cell[segment] * slots + found.of(board),
        segment=segment,
        static_j=found.shared(static),
        dynamic_j=found.shared(intervals.amount - static),
        evidence=found.of(intervals.evidence),
        slots=slots,
        present=present,
    )


def gpu_intervals(chunk: Chunk, axis: Axis, window: Window, slots: int) -> Intervals:
    """Meter intervals of all GPUs; entity = node x slots + GPU index."""
    samples = chunk.gpu
    entity = samples.node.astype(np.int64) * slots + samples.gpu
    position = axis.at(samples.node, samples.ts_ms)
    keep = usable(position + (entity - samples.node) * axis.span, entity, samples.epoch_id, samples.monotonic_s)
    readings = Readings(entity[keep], position[keep], samples.monotonic_s[keep], samples.epoch_id[keep])
    by_counter = counted(readings, samples.energy_j[keep], window.max_gap_ms)
    if gapless(by_counter, readings):
        return by_counter
    by_power = integrated(readings, samples.power_w[keep], window.max_gap_ms, _bounds(chunk, window, slots))
    return fill(by_counter, by_power, axis.span)


def _bounds(chunk: Chunk, window: Window, slots: int) -> PowerBounds:
    low_w = np.array([node.model.gpu_idle_w for node in chunk.nodes])
    high_w = np.array([node.model.gpu_max_w or np.inf for node in chunk.nodes])
    return PowerBounds(window.power_gap_ms, np.repeat(low_w, slots), np.repeat(np.maximum(low_w, high_w), slots))
