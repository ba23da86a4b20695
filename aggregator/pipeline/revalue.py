"""CO2 and cost computed again with the factors that are known now; the booked energy is not touched.

A bucket in which no factor changes is one statement of the database. Where one changes inside it, the kernel says how a
booking's energy lies on both sides of the change, and only that is taken from it; of what it no longer finds (samples
are not kept for ever) the energy is taken to be even in time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.valuing import BucketRates, RowRates
from aggregator.pipeline.attribute import attributed
from aggregator.pipeline.booking_rows import job_refs
from aggregator.pipeline.factors import FactorHistory, Rates, factor_history
from aggregator.pipeline.series import SOURCE, series_of
from aggregator.pipeline.values import Values
from aggregator.sources.carbon.moments import shown
from maxwatt.config import Settings
from maxwatt.domain.ports import Store
from maxwatt.domain.spans import merged
from maxwatt.domain.units import BUCKET_MS, DAY_MS, bucket_start_ms

Progress = Callable[[float], None]
_Key = tuple[str, int, int]
"""Node, account and job number of a booking."""


@dataclass(frozen=True, slots=True)
class Revalued:
    """How many buckets were looked at, and how many of their bookings changed."""

    buckets: int = 0
    changed: int = 0

    def __add__(self, other: "Revalued") -> "Revalued":
        return Revalued(self.buckets + other.buckets, self.changed + other.changed)


def revalue_waiting(
    store: Store, ledger: Ledger, settings: Settings, now_ms: int, progress: Progress | None = None
) -> Revalued:
    """Value what new factors have made wrong."""
    waiting, done = ledger.values.waiting(), Revalued()
    for start_ms, end_ms in merged((each.start_ms, each.end_ms) for each in waiting):
        done += revalue_range(store, ledger, settings, (start_ms, end_ms), now_ms=now_ms, progress=progress)
    ledger.values.finish(waiting)
    return done


def revalue_range(
    store: Store,
    ledger: Ledger,
    settings: Settings,
    span_ms: tuple[int, int],
    *,
    now_ms: int,
    progress: Progress | None = None,
) -> Revalued:
    """Value all buckets that touch a time, a day in each transaction.

    Args:
        span_ms: start and end [epoch ms UTC].
        now_ms: the present [epoch ms UTC].
        progress: told the share that is done; what it raises ends the work between two days.

    Raises:
        ConfigError: no carbon factor for the configured zone.
        SourceError: the store could not be read.
    """
    first, last = _unfolded(ledger, span_ms, now_ms)
    factors = factor_history(ledger, series_of(ledger, settings, first, last, now_ms))
    done = Revalued()
    for start_ms in range(first, last, DAY_MS):
        buckets = np.arange(start_ms, min(start_ms + DAY_MS, last), BUCKET_MS, dtype=np.int64)
        changing = _changing(factors, buckets)
        changed = ledger.values.value_buckets(list(_rates(factors, buckets[~changing])))
        for bucket_ms in buckets[changing].tolist():
            changed += _revalue_parts(store, ledger, settings, factors, bucket_ms, now_ms)
        done += Revalued(len(buckets), changed)
        if progress is not None:
            progress((int(buckets[-1]) + BUCKET_MS - first) / (last - first))
    return done


def _unfolded(ledger: Ledger, span_ms: tuple[int, int], now_ms: int) -> tuple[int, int]:
    """The whole buckets of a time; days that are folded have lost the buckets that factors are of."""
    first, last = bucket_start_ms(span_ms[0]), bucket_start_ms(span_ms[1] - 1) + BUCKET_MS
    folded_ms = min(ledger.values.folded_until(), last)
    if first >= folded_ms:
        return first, last
    said = (
        f"CO2 and cost of {(folded_ms - first) / DAY_MS:g} folded days from {shown(first)} on stay as they were booked"
    )
    ledger.add_fault(SOURCE, said, now_ms)
    return folded_ms, last


def _changing(factors: FactorHistory, buckets: I64) -> Bool:
    """In which buckets a factor changes after their start."""
    places = [np.searchsorted(factors.start_ms, buckets + shift, side="right") for shift in (0, BUCKET_MS - 1)]
    changing: Bool = np.maximum(places[0], 1) != np.maximum(places[1], 1)
    return changing


def _rates(factors: FactorHistory, buckets: I64) -> Iterator[BucketRates]:
    rates = factors.at(buckets)
    for place, bucket_ms in enumerate(buckets.tolist()):
        yield _bucket_rates(bucket_ms, rates, place)


def _bucket_rates(bucket_ms: int, rates: Rates, place: int) -> BucketRates:
    market, price = float(rates.market_g_per_j[place]), float(rates.price_per_j[place])
    return BucketRates(
        bucket_ms,
        int(rates.factor_id[place]),
        float(rates.g_per_j[place]),
        None if np.isnan(market) else market,
        None if np.isnan(price) else price,
    )


def _revalue_parts(
    store: Store, ledger: Ledger, settings: Settings, factors: FactorHistory, bucket_ms: int, now_ms: int
) -> int:
    even, found = _even_rates(factors, bucket_ms), dict[_Key, BucketRates]()
    span_ms = bucket_ms, bucket_ms + BUCKET_MS
    for nodes, lives, booked, values in attributed(store, ledger, settings, factors, span_ms, now_ms):
        names = [nodes[index] for index in booked.node.tolist()]
        keys = zip(names, booked.account.tolist(), job_refs(booked, lives), strict=True)
        rates = _rates_of(booked.energy_j.sum(axis=(1, 2)), values, even)
        found |= {key: _bucket_rates(bucket_ms, rates, place) for place, key in enumerate(keys)}
    unknown = _bucket_rates(bucket_ms, even, 0)
    rows = [
        RowRates(node, account, job_ref, found.get((node, account, job_ref), unknown))
        for node, account, job_ref in ledger.values.booked_keys(bucket_ms)
    ]
    return ledger.values.value_rows(rows)


def _rates_of(energy_j: F64, values: Values, even: Rates) -> Rates:
    """What a joule of each booking weighs: its grams by its joules, the mean of the bucket where it has none."""
    some = energy_j != 0
    joules = np.where(some, energy_j, 1.0)
    return Rates(
        values.factor_id,
        np.where(some, values.co2_g / joules, even.g_per_j),
        np.where(some, values.co2_market_g / joules, even.market_g_per_j),
        np.where(some, values.cost / joules, even.price_per_j),
    )


def _even_rates(factors: FactorHistory, bucket_ms: int) -> Rates:
    """As if the energy were even in time; the factor named is that of the longest part."""
    edges = factors.edges_with_changes(np.array([bucket_ms, bucket_ms + BUCKET_MS], np.int64))
    lengths, rates = np.diff(edges), factors.at(edges[:-1])
    weights = lengths / lengths.sum()
    return Rates(
        rates.factor_id[[int(np.argmax(lengths))]],
        np.array([weights @ rates.g_per_j]),
        np.array([weights @ rates.market_g_per_j]),
        np.array([weights @ rates.price_per_j]),
    )
