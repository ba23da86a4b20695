"""What the site says of itself: its contract's factor, its PUE and its tariff, each a constant or a file by time."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from aggregator.sources.carbon.moments import epoch_ms, shown
from maxwatt.config import Settings
from maxwatt.domain.carbon import MAX_G_PER_KWH, Figure, Quantity, State, Step
from maxwatt.domain.errors import ConfigError


@dataclass(frozen=True, slots=True)
class SiteSteps:
    """Steps of each quantity, ascending, and a sentence for every row that could not be used."""

    pue: list[Step]
    market: list[Step]
    price: list[Step]
    faults: list[str]


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a file: its name, the values that it may have, and the figure that a value makes."""

    name: str
    least: float
    most: float
    quantity: Quantity
    kind: str


def site_steps(settings: Settings) -> SiteSteps:
    """What holds from when; a file is read again each time, so that it may grow.

    Raises:
        ConfigError: a file cannot be read, or lacks a column.
    """
    carbon, cost, zone = settings.carbon, settings.cost, settings.cluster.timezone
    pue = _Column("pue", 1.0, math.inf, Quantity.PUE, "")
    market = _Column("g_per_kwh", 0.0, MAX_G_PER_KWH, Quantity.MARKET, "contract")
    price = _Column("price_per_kwh", -math.inf, math.inf, Quantity.PRICE, cost.currency)
    faults: list[str] = []
    begun_ms = epoch_ms(carbon.market_from, zone) or 0
    contract = [] if carbon.market_g_per_kwh is None else [_constant(market, carbon.market_g_per_kwh, begun_ms)]
    tariff = [_constant(price, cost.price_per_kwh)] if cost.price_per_kwh > 0 else []
    return SiteSteps(
        pue=[_constant(pue, carbon.pue), *_from_file(carbon.pue_csv, pue, zone, faults)],
        market=_by_time([*contract, *_from_file(carbon.market_csv, market, zone, faults)]),
        price=[*tariff, *_from_file(cost.prices_csv, price, zone, faults)],
        faults=faults,
    )


def _by_time(steps: list[Step]) -> list[Step]:
    return sorted(steps, key=lambda step: step.start_ms)


def _constant(column: _Column, value: float, start_ms: int = 0) -> Step:
    figure = Figure(column.quantity, "config", "", column.kind, "", State.STATIC, start_ms, value)
    return Step(start_ms, figure)


def _from_file(path: str, column: _Column, zone: str, faults: list[str]) -> list[Step]:
    if not path:
        return []
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    found, said = parse(text, Path(path).name, column.name, zone, (column.least, column.most))
    faults += said
    vintage = Path(path).name[:64]
    return [
        Step(start_ms, Figure(column.quantity, "csv", "", column.kind, vintage, State.STATIC, start_ms, value))
        for start_ms, value in found
    ]


def parse(
    text: str, name: str, column: str, zone: str, limits: tuple[float, float]
) -> tuple[list[tuple[int, float]], list[str]]:
    """Values by the time from which they hold [epoch ms UTC], ascending, and a sentence for each row left out.

    Args:
        text: CSV with a header; `time` is ISO 8601 with an offset, or a day, which begins in the site's zone.
        name: of the file, for the sentences.
        zone: the site's time zone.
        limits: least and most that a value may be.

    Raises:
        ConfigError: a column is missing.
    """
    reader = csv.DictReader(text.splitlines())
    if not {"time", column} <= set(reader.fieldnames or ()):
        raise ConfigError(f"{name}: needs a header with the columns time and {column}")
    found: dict[int, float] = {}
    faults = []
    for number, row in enumerate(reader, start=2):
        start_ms, value = epoch_ms(row["time"], zone), _number(row[column])
        if start_ms is None:
            faults.append(f"{name}, line {number}: {row['time']!r} is no time with an offset and no day: left out")
        elif value is None or not limits[0] <= value <= limits[1]:
            faults.append(f"{name}, line {number}: {column} {row[column]!r} cannot be: left out")
        elif start_ms in found:
            faults.append(f"{name}, line {number}: a second {column} from {shown(start_ms)} on: left out")
        else:
            found[start_ms] = value
    return sorted(found.items()), faults


def _number(text: object) -> float | None:
    try:
        value = float(text) if isinstance(text, str) else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
