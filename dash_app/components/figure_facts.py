"""Where grams and money come from, as facts behind a figure and as the note below CO2."""

from collections.abc import Sequence
from typing import Final

from aggregator.queries.energy_models import EnergySummary
from aggregator.queries.figure_words import mean_value, origin_text
from aggregator.queries.models import FigureUse, JobRow
from dash_app.components.facts import Fact
from dash_app.language import _, marked
from dash_app.text import format_co2, format_number, unknown
from maxwatt.domain.carbon import Quantity

_LABELS: Final = {
    Quantity.INTENSITY: marked("Carbon factor"),
    Quantity.PUE: marked("PUE"),
    Quantity.MARKET: marked("Contract's factor"),
    Quantity.PRICE: marked("Tariff"),
}


def figure_facts(figures: Sequence[FigureUse], currency: str) -> list[Fact]:
    """The mean of each figure and who says so; the carbon factor also where it is unknown."""
    units = {Quantity.INTENSITY: "g/kWh", Quantity.MARKET: "g/kWh", Quantity.PRICE: f"{currency}/kWh", Quantity.PUE: ""}
    found: list[Fact] = []
    for quantity, label in _LABELS.items():
        mean = mean_value(figures, quantity)
        if mean is not None:
            shown = f"{format_number(mean)} {units[quantity]}".strip()
            found.append((_(label), f"{shown}: {origin_text(figures, quantity)}"))
        elif quantity is Quantity.INTENSITY:
            found.append((_(label), unknown()))
    return found


def co2_note(row: JobRow | EnergySummary, figures: Sequence[FigureUse] = ()) -> str | None:
    """What stands below location-based CO2: the intensity, and the market-based figure where there is a contract."""
    if row.co2_g is None:
        return None
    mean = mean_value(figures, Quantity.INTENSITY)
    words = _("location-based") if mean is None else _("at {factor} g/kWh", factor=format_number(mean))
    if row.co2_market_g is None:
        return words
    return _("{location}; market-based {amount}", location=words, amount=format_co2(row.co2_market_g))
