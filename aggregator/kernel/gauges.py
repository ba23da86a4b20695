"""Means over time of what is read now and then: resident memory, utilisation."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64

_FAR: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class Gauge:
    """Readings of many entities behind each other on one axis.

    A value is linear between two readings at most `2 * reach` apart; around others it holds for `reach`, and beyond it
    is not known. So a mean depends on nothing but the readings near its time.

    Args:
        key: [n] `entity * stride + position`, ascending; value: [n]; both with an empty reading at either end.
        area, known: [n] integral of the value and time it is known, from each reading to the next.
    """

    key: I64
    value: F64
    area: F64
    known: F64
    reach: int
    stride: int

    def means(self, entity: I64, start: I64, end: I64) -> F64:
        """Mean [q] of an entity between two positions each, NaN where nothing is known of that time."""
        low, high = (self._place(entity * self.stride + at) for at in (start, end))
        (first, area_before, known_before), (last, area_after, known_after) = low, high
        area = _ranges(self.area, first, last) + area_after - area_before
        known = _ranges(self.known, first, last) + known_after - known_before
        return np.asarray(np.divide(area, known, out=np.full(len(known), np.nan), where=known > 0))

    def _place(self, at: I64) -> tuple[I64, F64, F64]:
        """The last reading before places on the axis, and the integrals from there."""
        left = np.searchsorted(self.key, at, side="right") - 1
        since, ahead = at - self.key[left], self.key[left + 1] - at
        near = since + ahead <= 2 * self.reach
        rise = (self.value[left + 1] - self.value[left]) / np.maximum(since + ahead, 1)
        before, after = np.minimum(since, self.reach), np.maximum(self.reach - ahead, 0)
        alone = self.value[left] * before + self.value[left + 1] * after
        area = np.where(near, (self.value[left] + 0.5 * rise * since) * since, alone)
        return left, area, np.where(near, since, before + after).astype(np.float64)


def gauge(entity: I64, position: I64, value: F64, stride: int, reach: int) -> Gauge:
    """A gauge of readings in order of entity and position; what was not read (NaN) is none.

    Args:
        stride: more than any position.
    """
    stride += 2 * reach
    key, lost = entity * stride + position, np.isnan(value)
    if lost.any():
        key, value = key[~lost], value[~lost]
    key = np.concatenate([[-_FAR], key, [_FAR]])
    value = np.concatenate([[0.0], value, [0.0]])
    known = np.diff(key, append=2 * _FAR).astype(np.float64)
    known[known > 2 * reach] = 2 * reach
    area = np.append(value[1:], 0.0)
    area += value
    area *= 0.5 * known  # also of two that lie apart: each holds for `reach`
    return Gauge(key, value, area, known, reach, stride)


def _ranges(values: F64, first: I64, behind: I64) -> F64:
    """Sums of values[first:behind]; each in itself, so that no sum before it blurs it."""
    if not len(first):
        return np.zeros(0)
    found = np.add.reduceat(values, np.column_stack([first, behind]).ravel())[::2]
    return np.where(behind > first, found, 0.0)
