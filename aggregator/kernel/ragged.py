"""Ragged ranges and grouped sums without loops."""

import numpy as np

from aggregator.kernel.arrays import F64, I64


def expand(first: I64, count: I64) -> tuple[I64, I64]:
    """Owner and member of every element of the ranges [first, first + count).

    Args:
        first, count: [n] start and length of each range; a negative count is empty.

    Returns:
        owner: which range an element belongs to; member: the element. Both [sum of counts], in order.
    """
    count = np.maximum(count, 0)
    owner = np.repeat(np.arange(len(count)), count)
    offset = np.cumsum(count) - count
    return owner, np.arange(len(owner)) - offset[owner] + first[owner]


def distinct(values: I64) -> I64:
    """Distinct values, ascending. Faster than np.unique where the values come in a few sorted runs."""
    values = np.sort(values, kind="stable")
    return values[np.append(True, values[1:] != values[:-1])] if len(values) else values


def sums(group: I64, weights: F64, count: int) -> F64:
    """Sum of the weights of each group 0..count-1."""
    return np.asarray(np.bincount(group, weights, count), np.float64)


def of_own_group(group: I64, weights: F64) -> F64:
    """For each element the sum of the weights of its group. Fast where most groups are single elements that ascend."""
    steps = group[1:] - group[:-1]
    split = len(group) if not len(steps) or steps.min() >= 0 else int(np.argmax(steps < 0)) + 1
    ascending, others = group[:split], group[split:]
    several = distinct(np.concatenate([others, ascending[1:][steps[: split - 1] == 0]]))
    low, high = (np.searchsorted(ascending, several, side) for side in ("left", "right"))
    owner, member = expand(low, high - low)
    place = np.searchsorted(several, others)
    total = sums(owner, weights[member], len(several)) + sums(place, weights[split:], len(several))
    found = weights.copy()
    found[member], found[split:] = total[owner], total[place]
    return found


def ratio(a: F64, b: F64) -> F64:
    """a / b, and 0 where b is not above 0."""
    return np.asarray(np.divide(a, b, out=np.zeros(np.broadcast(a, b).shape), where=b > 0))
