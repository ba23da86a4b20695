"""The factor of every moment, numbered by the ledger: what turns joules into grams and money."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from aggregator.kernel.arrays import F64, I64
from aggregator.ledger.ledger import Ledger
from maxwatt.domain.carbon import Factor, Step
from maxwatt.domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Rates:
    """What a joule weighs and costs, one entry each: the factor's number, [g/J] location- and market-based, [1/J].

    NaN where there is no contract or no tariff.
    """

    factor_id: I64
    g_per_j: F64
    market_g_per_j: F64
    price_per_j: F64


@dataclass(frozen=True, slots=True)
class FactorHistory:
    """Rates by the time from which they hold [epoch ms UTC], ascending; each entry differs from the one before."""

    start_ms: I64
    rates: Rates

    def at(self, times_ms: I64) -> Rates:
        """Rates that hold at each time; before the first entry, the first."""
        place = np.maximum(np.searchsorted(self.start_ms, times_ms, side="right") - 1, 0)
        rates = self.rates
        return Rates(
            rates.factor_id[place], rates.g_per_j[place], rates.market_g_per_j[place], rates.price_per_j[place]
        )

    def edges_with_changes(self, edges_ms: I64) -> I64:
        """The edges of buckets [epoch ms], and every change between them: those are cell edges too."""
        inside = (self.start_ms > edges_ms[0]) & (self.start_ms < edges_ms[-1])
        return np.union1d(edges_ms, self.start_ms[inside])


@dataclass(frozen=True, slots=True)
class Series:
    """Steps of each quantity, ascending; those of intensity and PUE always hold a figure."""

    intensity: Sequence[Step]
    pue: Sequence[Step]
    market: Sequence[Step] = ()
    price: Sequence[Step] = ()


def factor_history(ledger: Ledger, series: Series) -> FactorHistory:
    """The factors with their numbers; those the ledger has not seen get one.

    Raises:
        ConfigError: a marginal intensity.
    """
    starts, factors = _distinct(merged(series))
    for factor in factors:
        _refuse_marginal(factor)
    rates = Rates(
        np.array(ledger.values.factor_ids(factors), np.int64),
        np.array([factor.g_per_j for factor in factors], np.float64),
        np.array([factor.market_g_per_j for factor in factors], np.float64),  # None becomes NaN
        np.array([factor.price_per_j for factor in factors], np.float64),
    )
    return FactorHistory(np.array(starts, np.int64), rates)


def merged(series: Series) -> list[tuple[int, Factor]]:
    """One factor from each moment [epoch ms UTC] at which any of the quantities changes."""
    moments = sorted({step.start_ms for steps in (series.intensity, series.pue) for step in steps})
    first = max(series.intensity[0].start_ms, series.pue[0].start_ms)
    moments = sorted({*moments, *(step.start_ms for step in (*series.market, *series.price))})
    found, places = [], [0, 0, 0, 0]
    for moment in (each for each in moments if each >= first):
        figures = []
        for which, steps in enumerate((series.intensity, series.pue, series.market, series.price)):
            while places[which] < len(steps) and steps[places[which]].start_ms <= moment:
                places[which] += 1
            figures.append(steps[places[which] - 1].figure if places[which] else None)
        intensity, pue, market, price = figures
        if intensity is not None and pue is not None:
            found.append((moment, Factor(intensity, pue, market, price)))
    return found


def _distinct(factors: Sequence[tuple[int, Factor]]) -> tuple[list[int], list[Factor]]:
    """Only where something changes."""
    kept = [factors[0], *(later for earlier, later in pairwise(factors) if later[1] != earlier[1])]
    return [start for start, _ in kept], [factor for _, factor in kept]


def _refuse_marginal(factor: Factor) -> None:
    if "marginal" in factor.intensity.kind:
        raise ConfigError(
            f"carbon: {factor.intensity.provider} gives marginal intensities; they only ever serve what would have "
            "been avoided. Bookings need an average: choose another carbon.provider or carbon.kind"
        )
