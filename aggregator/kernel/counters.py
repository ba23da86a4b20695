"""From readings to meter intervals: what one meter counted between two consecutive good readings."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I32, I64, Bool, NodeSamples
from aggregator.kernel.timeline import Axis
from maxwatt.domain.energy import EVIDENCE, Evidence

COUNTED: Final = EVIDENCE.index(Evidence.COUNTED)
INTEGRATED: Final = EVIDENCE.index(Evidence.INTEGRATED)
INTERPOLATED: Final = EVIDENCE.index(Evidence.INTERPOLATED)
ACCOUNTED: Final = EVIDENCE.index(Evidence.ACCOUNTED)
MODELLED: Final = EVIDENCE.index(Evidence.MODELLED)


Rows = I64 | slice
"""Row numbers, or a stretch of rows."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Rows of one kind of entity (node or GPU), sorted by (entity, time). `entity` numbers are the caller's."""

    entity: I64
    position: I64
    monotonic_s: F64
    epoch_id: I64


@dataclass(frozen=True, slots=True)
class Intervals:
    """Intervals of one meter per entity, sorted, without overlap.

    Args:
        entity: [k].
        start, end: [k] positions on the chunk's axis; both are knots of the timeline.
        seconds: [k] by the agent's monotonic clock.
        amount: [k] what was counted: J, or CPU seconds.
        evidence: [k] index into EVIDENCE.
    """

    entity: I64
    start: I64
    end: I64
    seconds: F64
    amount: F64
    evidence: I64

    def __len__(self) -> int:
        return len(self.amount)


def ordered(samples: NodeSamples, axis: Axis) -> tuple[NodeSamples, Readings]:
    """The node rows in order of node and time without duplicates, and their readings."""
    position = axis.at(samples.node, samples.ts_ms)
    keep = usable(position, samples.node, samples.epoch_id, samples.monotonic_s)
    rows = NodeSamples(*(getattr(samples, name)[keep] for name in NodeSamples.__dataclass_fields__))
    return rows, Readings(rows.node.astype(np.int64), position[keep], rows.monotonic_s, rows.epoch_id)


def usable(position: I64, entity: I64 | I32, epoch_id: I64, monotonic_s: F64) -> Rows:
    """Readings in order of `position` without repeats, and of these the advancing ones; a slice where all are."""
    order = in_order(position)
    good = advancing(entity[order], epoch_id[order], monotonic_s[order])
    if isinstance(order, slice):
        return order if good.all() else np.flatnonzero(good)
    return order[good]


def in_order(position: I64) -> Rows:
    """Row numbers that sort `position`, the first of equal positions only; a slice, which copies nothing, of all."""
    if np.all(position[1:] > position[:-1]):
        return slice(None)
    return np.unique(position, return_index=True)[1]


def advancing(entity: I64 | I32, epoch_id: I64, monotonic_s: F64) -> Bool:
    """Readings later than all before them in the same stretch of one entity and epoch, by the node's monotonic clock.

    The others carry a wall clock that was set back among rows already read: counting between them would count twice.
    A reading without a monotonic time is none.
    """
    same = (entity[1:] == entity[:-1]) & (epoch_id[1:] == epoch_id[:-1])
    known = ~np.isnan(monotonic_s)
    if not known.any() or (known.all() and np.all((monotonic_s[1:] > monotonic_s[:-1]) | ~same)):
        return known
    stretch = np.concatenate([[0], np.cumsum(~same)])[: len(entity)]
    seconds = monotonic_s - monotonic_s[known].min()
    clock = np.where(known, seconds + stretch * (1 + seconds[known].max()), -np.inf)
    before = np.concatenate([[-np.inf], np.maximum.accumulate(clock)])[: len(entity)]
    return np.asarray(clock > before)


def counted(readings: Readings, counter: F64, max_gap_ms: int, estimated: F64 | None = None) -> Intervals:
    """Intervals of a counter: differences of consecutive good readings of one epoch.

    A reading that failed (NaN) is bridged. A decrease, a clock that stands still, another epoch or a gap beyond
    `max_gap_ms` is no interval: what happened there is missing coverage.

    Args:
        estimated: of the counter, what the node model decided, NaN: nothing; where it rises the interval is modelled.
    """
    a, b = _neighbours(counter)
    amount = counter[b] - counter[a]
    keep = _joined(readings, a, b, max_gap_ms) & (amount >= 0)
    a, b = _kept(a, b, keep)
    found = _intervals(readings, a, b, amount[keep], COUNTED)
    if estimated is None or np.isnan(estimated).all():
        return found
    known = np.nan_to_num(estimated)
    return replace(found, evidence=np.where(known[b] > known[a], MODELLED, COUNTED))


def gapless(found: Intervals, readings: Readings) -> bool:
    """Whether there is an interval between any two neighbouring readings of an entity, so that none can be added."""
    pairs = np.count_nonzero(readings.entity[1:] == readings.entity[:-1])
    return len(found) == pairs


@dataclass(frozen=True, slots=True)
class PowerBounds:
    """What a power meter can have shown between readings that are far apart.

    Args:
        gap_ms: readings are far apart beyond this [ms].
        low_w, high_w: [entities] least and most [W]; infinite where the most is not known.
    """

    gap_ms: int
    low_w: F64
    high_w: F64


def integrated(readings: Readings, power_w: F64, max_gap_ms: int, bounds: PowerBounds) -> Intervals:
    """Intervals of a power meter: trapezoids between consecutive good readings of one epoch.

    Where two readings are far apart their mean is kept within the bounds and the energy is interpolated.
    """
    a, b = _neighbours(power_w)
    a, b = _kept(a, b, _joined(readings, a, b, max_gap_ms))
    mean_w = 0.5 * (power_w[a] + power_w[b])
    far, entity = readings.position[b] - readings.position[a] > bounds.gap_ms, readings.entity[a]
    mean_w = np.where(far, np.clip(mean_w, bounds.low_w[entity], bounds.high_w[entity]), mean_w)
    energy_j = mean_w * (readings.monotonic_s[b] - readings.monotonic_s[a])
    return replace(_intervals(readings, a, b, energy_j, INTEGRATED), evidence=np.where(far, INTERPOLATED, INTEGRATED))


def _neighbours(values: F64) -> tuple[Rows, Rows]:
    """Each good reading but the last, and the good one after it; as slices, which copy nothing, where all are good."""
    bad = np.isnan(values)
    if not bad.any():
        return slice(None, -1), slice(1, None)
    good = np.flatnonzero(~bad)
    return good[:-1], good[1:]


def _kept(a: Rows, b: Rows, keep: Bool) -> tuple[I64, I64]:
    """Row numbers of the pairs to keep."""
    if isinstance(a, slice) or isinstance(b, slice):
        first = np.flatnonzero(keep)
        return first, first + 1
    return a[keep], b[keep]


def _joined(readings: Readings, a: Rows, b: Rows, max_gap_ms: int) -> Bool:
    same = (readings.entity[a] == readings.entity[b]) & (readings.epoch_id[a] == readings.epoch_id[b])
    forward = readings.monotonic_s[b] > readings.monotonic_s[a]
    near = readings.position[b] - readings.position[a] <= max_gap_ms
    return np.asarray(same & forward & near)


def _intervals(readings: Readings, a: I64, b: I64, amount: F64, evidence: int) -> Intervals:
    return Intervals(
        entity=readings.entity[a],
        start=readings.position[a],
        end=readings.position[b],
        seconds=readings.monotonic_s[b] - readings.monotonic_s[a],
        amount=amount,
        evidence=np.full(len(a), evidence),
    )


def take(intervals: Intervals, keep: Bool | I64) -> Intervals:
    """A selection of the intervals."""
    return Intervals(*(getattr(intervals, name)[keep] for name in Intervals.__dataclass_fields__))


def fill(best: Intervals, other: Intervals, span: int, evidence: int | None = None) -> Intervals:
    """`best`, and `other` where it overlaps no interval of `best` of the same entity.

    Args:
        span: length of a node's stretch of the axis.
        evidence: how to mark what is filled in; None leaves its own mark.
    """
    if not len(other):
        return best
    if evidence is not None:
        other = replace(other, evidence=np.full(len(other), evidence))
    best_start, best_end = _ordered(best, span)
    other_start, other_end = _ordered(other, span)
    after = np.searchsorted(best_start, other_start, side="right")
    ends = np.concatenate([[np.iinfo(np.int64).min], best_end])
    starts = np.concatenate([best_start, [np.iinfo(np.int64).max]])
    lacking = (ends[after] <= other_start) & (starts[after] >= other_end)
    if not lacking.any():
        return best
    free = take(other, lacking)
    names = Intervals.__dataclass_fields__
    merged = Intervals(*(np.concatenate([getattr(best, name), getattr(free, name)]) for name in names))
    return take(merged, np.argsort(_ordered(merged, span)[0], kind="stable"))


def _ordered(intervals: Intervals, span: int) -> tuple[I64, I64]:
    """Starts and ends that ascend over all entities, also where several entities share a node's stretch."""
    base = intervals.entity * span
    return base + intervals.start % span, base + intervals.end % span
