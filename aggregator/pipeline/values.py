"""What bookings weigh and cost: `E·PUE·I` and `E·PUE·tariff`, one entry per booking."""

from dataclasses import dataclass

from aggregator.kernel.arrays import F64, I64, Bookings, Window
from aggregator.pipeline.factors import FactorHistory


@dataclass(frozen=True, slots=True)
class Values:
    """CO2 location- and market-based [g], cost, and the number of the factor; NaN without a contract or tariff."""

    co2_g: F64
    co2_market_g: F64
    cost: F64
    factor_id: I64


def values_of(booked: Bookings, window: Window, factors: FactorHistory) -> Values:
    """With the factor that holds at each bucket's start: no factor changes inside one of the window's buckets."""
    energy_j = booked.energy_j.sum(axis=(1, 2))
    rates = factors.at(window.edges_ms[booked.bucket])
    return Values(
        energy_j * rates.g_per_j, energy_j * rates.market_g_per_j, energy_j * rates.price_per_j, rates.factor_id
    )
