"""Static carbon intensity: one figure from the configuration, or the shipped table of yearly averages.

The table holds Ember's yearly averages as published by Our World in Data (CC BY 4.0), life cycle, location-based.
"""

import csv
from datetime import UTC, datetime
from importlib import resources
from typing import Final

from maxwatt.config import Settings
from maxwatt.domain.carbon import Figure, Quantity, State, Step
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.units import MS_PER_S

PROVIDER: Final = "ember-owid"
KIND: Final = "average, lifecycle"

Table = dict[str, dict[int, float]]
"""Zone to year to intensity [g/kWh]."""


def steps(settings: Settings) -> list[Step]:
    """The grid's intensity by time, the first step from the beginning of time.

    A year without a figure uses the last year that has one, and years before the first use the first: the vintage
    says which year that is.

    Raises:
        ConfigError: the table has no such zone.
    """
    carbon = settings.carbon
    if carbon.intensity_g_per_kwh is not None:
        return [Step(0, _figure("config", carbon.zone, "as configured", "config", 0, carbon.intensity_g_per_kwh))]
    years = zone_figures(parse(_shipped()), carbon.zone)
    starts = [0, *(_start_ms(year) for year in sorted(years)[1:])]
    return [
        Step(start_ms, _figure(PROVIDER, carbon.zone, KIND, str(year), start_ms, years[year]))
        for start_ms, year in zip(starts, sorted(years), strict=True)
    ]


def _figure(provider: str, zone: str, kind: str, vintage: str, valid_from_ms: int, g_per_kwh: float) -> Figure:
    return Figure(Quantity.INTENSITY, provider, zone, kind, vintage, State.STATIC, valid_from_ms, g_per_kwh)


def zone_figures(table: Table, zone: str) -> dict[int, float]:
    """Yearly intensities [g/kWh] of a zone.

    Raises:
        ConfigError: the table has no such zone.
    """
    if zone not in table:
        raise ConfigError(
            f"carbon.zone {zone!r} is not in the shipped table, which knows {', '.join(sorted(table))}: "
            "name one of these, or give your own figure as carbon.intensity_g_per_kwh"
        )
    return table[zone]


def parse(text: str) -> Table:
    """The table from its CSV text."""
    table: Table = {}
    for row in csv.DictReader(text.splitlines()):
        table.setdefault(row["zone"], {})[int(row["year"])] = float(row["intensity_g_per_kwh"])
    return table


def _shipped() -> str:
    return resources.files(__package__).joinpath("yearly.csv").read_text(encoding="utf-8")


def _start_ms(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * MS_PER_S
