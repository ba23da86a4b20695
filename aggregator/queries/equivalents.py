"""Energy and CO2 as things people know, each with who says so. The figures stand in equivalents.csv."""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from maxwatt.domain.units import kwh_from_j

G_PER_KG = 1000.0


@dataclass(frozen=True, slots=True)
class Equivalent:
    """So many things emit, or need, as much.

    Args:
        key: which thing, such as `car_km`.
        count: how many, to two significant digits: the figures behind are no better.
        of: what they have in common, `energy_kwh` or `co2_kg`.
        per_one: of one of them [kWh or kg].
        source, year, url: who says so.
    """

    key: str
    count: float
    of: str
    per_one: float
    source: str
    year: int
    url: str


def equivalents(energy_j: float | None, co2_g: float | None) -> tuple[Equivalent, ...]:
    """What an energy [J] and its CO2 [g] are as much as; nothing of what is unknown or not above zero."""
    amounts: Mapping[str, float | None] = {
        "energy_kwh": None if energy_j is None else kwh_from_j(energy_j),
        "co2_kg": None if co2_g is None else co2_g / G_PER_KG,
    }
    return tuple(
        Equivalent(key, two_digits(amount / per_one), of, per_one, source, year, url)
        for key, of, per_one, source, year, url in _table()
        if (amount := amounts[of]) is not None and amount > 0
    )


def two_digits(value: float) -> float:
    """Two significant digits of a value above zero."""
    return round(value, 1 - math.floor(math.log10(value)))


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, str, float, str, int, str], ...]:
    text = resources.files(__package__).joinpath("equivalents.csv").read_text(encoding="utf-8")
    return tuple(
        (row["key"], row["of"], float(row["per_one"]), row["source"], int(row["year"]), row["url"])
        for row in csv.DictReader(text.splitlines())
    )
