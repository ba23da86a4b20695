"""What turns a site's joules into grams and money, with where each figure comes from."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from maxwatt.domain.units import J_PER_KWH

MAX_G_PER_KWH: Final = 5000.0
"""No grid is dirtier: old lignite plants emit some 1,200 g/kWh. What lies above has another unit, or is a fault."""


class Quantity(StrEnum):
    """What a figure is of."""

    INTENSITY = "intensity"
    MARKET = "market"
    PUE = "pue"
    PRICE = "price"


class State(StrEnum):
    """How a figure became known, best first."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    FORECAST = "forecast"
    FALLBACK = "fallback"
    STATIC = "static"


@dataclass(frozen=True, slots=True)
class Intensity:
    """Carbon intensity of a stretch of time as a provider tells it.

    Args:
        start_ms, end_ms: it holds in [start_ms, end_ms) [epoch ms UTC].
        g_per_kwh: CO2 equivalent of a kWh [g/kWh].
        state: measured, estimated or forecast.
    """

    start_ms: int
    end_ms: int
    g_per_kwh: float
    state: State


@dataclass(frozen=True, slots=True)
class Figure:
    """One value with where it comes from.

    Args:
        quantity: what it is of: intensity and market in g/kWh, PUE in 1, price in money per kWh.
        provider: who says so, such as `ember-owid`, `energy_charts` or `config`.
        zone: grid zone, such as `DE`; empty where there is none.
        kind: of an intensity average or marginal, lifecycle or direct; of a price its currency.
        vintage: which edition or year of the figure.
        state: measured, estimated, forecast, fallback (carried on from before) or static.
        valid_from_ms: the figure is of this time and later [epoch ms UTC].
        value: in the unit of its quantity.
    """

    quantity: Quantity
    provider: str
    zone: str
    kind: str
    vintage: str
    state: State
    valid_from_ms: int
    value: float


@dataclass(frozen=True, slots=True)
class Step:
    """A figure that holds from a moment [epoch ms UTC] until the next step; None: nothing is known."""

    start_ms: int
    figure: Figure | None


@dataclass(frozen=True, slots=True)
class Factor:
    """Everything that turns a joule at a node into grams and money.

    Args:
        intensity: of the grid, location-based.
        pue: power usage effectiveness of the site.
        market: of the contract, market-based; None without a contract.
        price: None without a tariff.
    """

    intensity: Figure
    pue: Figure
    market: Figure | None = None
    price: Figure | None = None

    @property
    def g_per_j(self) -> float:
        """Location-based CO2 equivalent of a joule measured at a node [g/J]: `PUE * I`."""
        return self.pue.value * self.intensity.value / J_PER_KWH

    @property
    def market_g_per_j(self) -> float | None:
        """Market-based CO2 equivalent of a joule [g/J], None without a contract."""
        return None if self.market is None else self.pue.value * self.market.value / J_PER_KWH

    @property
    def price_per_j(self) -> float | None:
        """Money for a joule measured at a node: `PUE * tariff`, None without a tariff."""
        return None if self.price is None else self.pue.value * self.price.value / J_PER_KWH
