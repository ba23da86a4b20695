"""Where a factor changes inside a bucket the kernel books finer pieces; here they become the bucket's rows again."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bookings, Measured, Window
from aggregator.pipeline.values import Values

_KEYS: Final = ("node", "bucket", "account", "life", "uid")


def merged(
    booked: Bookings, values: Values, measured: Measured, fine: Window, edges_ms: I64
) -> tuple[Bookings, Values, Measured]:
    """Pieces of one bucket added up.

    CO2 and cost are those of each piece's own factor; the factor named is that of the piece with the most energy, the
    earlier of two equal ones. Peaks are the highest; errors share their cause, so uncertainty is `Σ|E|·u / Σ|E|`.

    Args:
        fine: window that the kernel booked; its edges include `edges_ms`.
        edges_ms: edges of the buckets.
    """
    meters = _merged_measured(measured, fine, edges_ms)
    if not len(booked.account):
        return booked, values, meters
    bucket = np.searchsorted(edges_ms, fine.edges_ms[:-1], side="right") - 1
    moved = replace(booked, bucket=bucket[booked.bucket].astype(booked.bucket.dtype))
    order = np.lexsort((booked.bucket, moved.uid, moved.life, moved.account, moved.bucket, moved.node))
    starts = _starts(moved, order)
    weight = np.abs(booked.energy_j.sum(axis=(1, 2)))[order]
    names = Bookings.__dataclass_fields__
    rows = Bookings(**{name: _merged_field(name, moved, order, starts, weight) for name in names})
    amounts = ("co2_g", "co2_market_g", "cost", "embodied_g")
    sums = {name: _sums(getattr(values, name)[order], starts) for name in amounts}
    heaviest = values.factor_id[order][_heaviest(weight, starts)]
    return rows, Values(**sums, factor_id=heaviest), meters


def _starts(moved: Bookings, order: I64) -> I64:
    """Where in the order each new row begins."""
    keys = np.stack([getattr(moved, name)[order] for name in _KEYS])
    new = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    return np.flatnonzero(np.concatenate([[True], new]))


def _merged_field(name: str, moved: Bookings, order: I64, starts: I64, weight: F64) -> Any:
    column = getattr(moved, name)[order]
    if name in _KEYS:
        return column[starts]
    if name == "memory_peak_bytes":
        return np.fmax.reduceat(column, starts)
    if name == "uncertainty":
        return _weighted(column, weight, starts)
    return _sums(column, starts)


def _sums(column: F64, starts: I64) -> F64:
    """Sums of the pieces; unknown where one is unknown."""
    return np.add.reduceat(column, starts, axis=0)


def _weighted(column: F64, weight: F64, starts: I64) -> F64:
    total = _sums(weight, starts)
    mean = _sums(column * weight, starts) / np.where(total > 0, total, 1.0)
    return np.where(total > 0, mean, np.maximum.reduceat(column, starts))


def _heaviest(weight: F64, starts: I64) -> I64:
    """Index of the piece with the most energy of each row."""
    ends = np.append(starts[1:], len(weight))
    return np.array([low + int(np.argmax(weight[low:high])) for low, high in zip(starts, ends, strict=True)], np.int64)


def _merged_measured(measured: Measured, fine: Window, edges_ms: I64) -> Measured:
    first = np.searchsorted(fine.edges_ms, edges_ms[:-1])
    sums = (np.add.reduceat(figures, first, axis=1) for figures in (measured.energy_j, measured.covered_s))
    return Measured(*sums)
