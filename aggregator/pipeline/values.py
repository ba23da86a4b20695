"""What bookings weigh and cost: `E·PUE·I`, `E·PUE·tariff` and embodied carbon, one entry per booking."""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.kernel.arrays import F64, I64, Bookings, Window
from aggregator.pipeline.embodied import embodied_g
from aggregator.pipeline.factors import FactorHistory
from maxwatt.domain.node_model import NodeModel


@dataclass(frozen=True, slots=True)
class Values:
    """CO2 location- and market-based [g], cost, embodied carbon [g], and the number of the factor.

    NaN without a contract, tariff or declared embodied carbon.
    """

    co2_g: F64
    co2_market_g: F64
    cost: F64
    embodied_g: F64
    factor_id: I64


def values_of(booked: Bookings, window: Window, factors: FactorHistory, models: Sequence[NodeModel]) -> Values:
    """With the factor that holds at each bucket's start: no factor changes inside one of the window's buckets.

    Args:
        models: of the nodes that `booked.node` counts.
    """
    energy_j = booked.energy_j.sum(axis=(1, 2))
    rates = factors.at(window.edges_ms[booked.bucket])
    return Values(
        co2_g=energy_j * rates.g_per_j,
        co2_market_g=energy_j * rates.market_g_per_j,
        cost=energy_j * rates.price_per_j,
        embodied_g=embodied_g(booked, window, models),
        factor_id=rates.factor_id,
    )
