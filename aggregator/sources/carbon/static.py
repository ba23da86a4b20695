"""Static carbon intensity: one figure from the configuration, or the shipped table of yearly averages.

The table holds Ember's yearly averages as published by Our World in Data (CC BY 4.0), life cycle, location-based.
"""

import csv
from datetime import UTC, datetime
from importlib import resources
from typing import Final

from maxwatt.config import Settings
from maxwatt.domain.carbon import Factor
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.units import MS_PER_S

PROVIDER: Final = "ember-owid"
STATIC: Final = "static"
KIND: Final = "average, lifecycle"

Table = dict[str, dict[int, float]]
"""Zone to year to intensity [g/kWh]."""


def factors(settings: Settings) -> list[Factor]:
    """Factors of the configured site by time, the first valid from the beginning of time.

    A year without a figure uses the last year that has one, and years before the first use the first: the vintage
    says which year that is.

    Raises:
        ConfigError: the table has no such zone.
    """
    carbon = settings.carbon
    if carbon.intensity_g_per_kwh is not None:
        return [
            Factor("config", carbon.zone, "as configured", "config", STATIC, 0, carbon.intensity_g_per_kwh, carbon.pue)
        ]
    years = zone_figures(parse(_shipped()), carbon.zone)
    first = min(years)
    return [
        Factor(
            PROVIDER,
            carbon.zone,
            KIND,
            str(year),
            STATIC,
            0 if year == first else _start_ms(year),
            years[year],
            carbon.pue,
        )
        for year in sorted(years)
    ]


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
