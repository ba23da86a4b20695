"""Idle power of meter intervals: each takes that of the UTC day in which it begins, whatever window it is booked in."""

from collections.abc import Sequence

import numpy as np

from aggregator.kernel.arrays import F64, I64, IdlePowers, NodeTraits
from aggregator.kernel.counters import Intervals
from aggregator.kernel.timeline import Axis
from maxwatt.domain.units import DAY_MS


def declared(nodes: Sequence[NodeTraits], gpus: int) -> IdlePowers:
    """The node models' values, the same on all days; a 0 there is not known.

    Args:
        gpus: GPU indices per node, the same for all.
    """
    values = [[[getattr(node.model, f"{part}_idle_w")] for node in nodes] for part in ("cpu", "dram", "gpu")]
    values.append([[node.model.rest_base_w] for node in nodes])
    cpu_w, dram_w, gpu_w, rest_w = (_known(np.array(each, np.float64).reshape(len(nodes), 1)) for each in values)
    return IdlePowers(0, cpu_w, dram_w, rest_w, np.repeat(gpu_w[:, :, None], gpus, axis=2))


def _known(power_w: F64) -> F64:
    return np.where(power_w > 0, power_w, np.nan)


def day_of(idle: IdlePowers, ts_ms: I64) -> I64:
    """Index of the day of each time [epoch ms UTC]."""
    return np.asarray(np.clip((ts_ms - idle.first_day_ms) // DAY_MS, 0, idle.cpu_w.shape[1] - 1))


def idle_w(idle: IdlePowers, power_w: F64, axis: Axis, intervals: Intervals) -> F64:
    """Idle power [k] of intervals of nodes (entity = node), 0 where it is not known.

    Args:
        power_w: [nodes, days] of the component.
    """
    return np.asarray(np.nan_to_num(power_w)[intervals.entity, _day(idle, axis, intervals)])


def gpu_idle_w(idle: IdlePowers, axis: Axis, intervals: Intervals, slots: int) -> F64:
    """Idle power [k] of intervals of GPUs (entity = node x slots + GPU index), 0 where it is not known."""
    if not len(intervals):
        return np.zeros(0)
    node = intervals.entity // slots
    return np.asarray(np.nan_to_num(idle.gpu_w)[node, _day(idle, axis, intervals), intervals.entity - node * slots])


def _day(idle: IdlePowers, axis: Axis, intervals: Intervals) -> I64:
    return day_of(idle, intervals.start % axis.span + axis.origin_ms)
