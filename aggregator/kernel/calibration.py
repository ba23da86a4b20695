"""Calibrated idle power: what components draw in meter intervals without a job on the node, nor shortly before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool, Chunk, Lives, Window
from aggregator.kernel.components import cpu_meter, dram_meter, node_bounds, parts_of, priced, whole_node
from aggregator.kernel.counters import MODELLED, Intervals, counted, ordered, take
from aggregator.kernel.gpu import gpu_energy, gpu_intervals
from aggregator.kernel.job_use import later
from aggregator.kernel.rest import remainders
from aggregator.kernel.timeline import Axis, axis_of, build
from maxwatt.domain.units import MS_PER_S

AFTER_JOB_MS: Final = 5 * 60 * MS_PER_S
"""An interval begins at least so long [ms] after the last job's end: clocks, caches and fans come to rest."""
LEAST_INTERVALS: Final = 30
"""With fewer intervals a component is not calibrated."""
CPU, DRAM, REST, FIRST_GPU = range(4)
"""Numbers of the components; GPU index g is `FIRST_GPU + g`."""


@dataclass(frozen=True, slots=True)
class Powers:
    """Mean powers of job-free meter intervals: node [i], component [i] as numbered above, power_w [i]."""

    node: I64
    component: I64
    power_w: F64


def job_free_powers(chunk: Chunk, window: Window) -> Powers:
    """Mean power of every measured interval without a job, from its first ms on and `AFTER_JOB_MS` before it.

    Args:
        chunk: samples and the lives that touch their time or end less than `AFTER_JOB_MS` before it.
        window: its edges say nothing here.
    """
    axis = axis_of(chunk, window)
    rows, readings = ordered(chunk.node, axis)
    found = [
        _powers(chunk, axis, _read(counted(readings, counter, window.max_gap_ms, estimated)), component)
        for component, counter, estimated in (
            (CPU, rows.cpu_energy_j, rows.cpu_estimated_j),
            (DRAM, rows.dram_energy_j, rows.dram_estimated_j),
        )
    ]
    slots = int(chunk.gpu.gpu.max(initial=-1)) + 1
    if slots:
        found.append(_powers(chunk, axis, gpu_intervals(chunk, axis, window, slots), FIRST_GPU, slots))
    if not (np.isnan(rows.meter_energy_j).all() and np.isnan(rows.meter_power_w).all()):
        found.append(_powers(chunk, axis, _rest(chunk, window), REST))
    return joined(found)


def joined(parts: Sequence[Powers]) -> Powers:
    """All of them together."""
    names = Powers.__dataclass_fields__
    nothing = Powers(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    return Powers(*(np.concatenate([getattr(part, name) for part in (nothing, *parts)]) for name in names))


def medians(powers: Powers, nodes: int, components: int) -> tuple[F64, I64]:
    """Median power [nodes, components], NaN where not calibrated, and of how many intervals [nodes, components]."""
    key = powers.node * components + powers.component
    order = np.argsort(key, kind="stable")
    count = np.bincount(key, minlength=nodes * components)
    median_w, power_w, behind = np.full(len(count), np.nan), powers.power_w[order], np.cumsum(count)
    for place in np.flatnonzero(count >= LEAST_INTERVALS).tolist():  # nodes and components, not intervals
        median_w[place] = np.median(power_w[behind[place] - count[place] : behind[place]])
    return median_w.reshape(nodes, components), count.reshape(nodes, components)


def _powers(chunk: Chunk, axis: Axis, intervals: Intervals, component: int, slots: int = 1) -> Powers:
    """Of the job-free ones of intervals whose entity is `node x slots + GPU index`.

    Outside Slurm no job tells when a node is at work: it is not calibrated.
    """
    outside = np.array([node.outside for node in chunk.nodes], np.bool_)[intervals.entity // slots]
    free = take(intervals, _job_free(chunk.lives, axis, intervals.start, intervals.end) & ~outside)
    node, index = np.divmod(free.entity, slots)
    return Powers(node, component + index, free.amount / free.seconds)


def _read(intervals: Intervals) -> Intervals:
    """What was measured, not modelled."""
    return take(intervals, intervals.evidence < MODELLED)


def _job_free(lives: Lives, axis: Axis, start: I64, end: I64) -> Bool:
    """Whether no job was there between two positions each, nor shortly before."""
    begin = axis.at(lives.node, lives.start_ms)
    order = np.argsort(begin, kind="stable")
    gone = np.maximum.accumulate(axis.at(lives.node, later(lives.end_ms, AFTER_JOB_MS))[order])
    before = np.searchsorted(begin[order], end, side="left") - 1
    if not len(gone):
        return np.ones(len(start), np.bool_)
    return np.asarray((before < 0) | (gone[before] <= start))


def _rest(chunk: Chunk, window: Window) -> Intervals:
    """The rest between successive slots where all parts were metered. Without a job all energy is linear in time."""
    line = build(chunk, window)
    rows, readings = ordered(chunk.node, line.axis)
    nothing_s = np.zeros(len(line.start))
    cpu, dram = (
        priced(meter, np.zeros(len(meter.intervals)), nothing_s)
        for meter in (read(rows, readings, line, window.max_gap_ms) for read in (cpu_meter, dram_meter))
    )
    gpu = gpu_energy(chunk, line, window)
    whole = whole_node(rows, readings, line, window, node_bounds(chunk, window, gpu.present))
    left = remainders(line, whole, parts_of(chunk, line, cpu, dram, gpu, nothing_s))
    meter = left.meter.intervals
    formed = Intervals(
        meter.entity, meter.start, meter.end, meter.seconds, np.maximum(left.energy_j, 0.0), left.evidence
    )
    return _read(take(formed, left.known))
