"""A series of one's own: a file or an address with times and intensities, as CSV or JSON."""

import csv
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from aggregator.sources.carbon.answer import Answer, Asked, Row, checked, json_of, refused
from aggregator.sources.carbon.http import get
from aggregator.sources.carbon.moments import epoch_ms
from aggregator.sources.carbon.provider import Provider
from maxwatt.config import CarbonSettings
from maxwatt.domain.errors import ConfigError, SourceError
from maxwatt.domain.units import DAY_MS, MS_PER_S

LAST_MS: Final = 3600 * MS_PER_S
"""How long a value holds at most, and the last one always [ms]: what comes after it is not known."""

MAX_BYTES: Final = 64 << 20


def fetch(carbon: CarbonSettings, _asked: Asked) -> str:
    """The whole series, each time."""
    place = carbon.provider_url
    if not place:
        raise ConfigError("carbon.provider is 'series': name its file or address as carbon.provider_url")
    if place.startswith(("http://", "https://")):
        return get(place)
    path = Path(place)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError(f"{place} is larger than {MAX_BYTES >> 20} MiB: left unread")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{place}: cannot be read: {error}") from error


def parse(text: str, asked: Asked) -> Answer:
    """CSV with the columns `time`, `g_per_kwh`, or a JSON list of objects with these names; times with an offset."""
    entries, problem = _json_entries(text) if text.lstrip()[:1] in {"[", "{"} else _csv_entries(text)
    if problem:
        return refused(problem)
    times = [epoch_ms(entry.get("time")) if isinstance(entry, dict) else None for entry in entries]
    values = [entry.get("g_per_kwh") if isinstance(entry, dict) else entry for entry in entries]
    ends = _ends(times)
    rows = [
        Row(start, None if start is None else ends[start], value) for start, value in zip(times, values, strict=True)
    ]
    return checked(
        [row for row in rows if row.start_ms is None or asked.start_ms <= row.start_ms < asked.end_ms], asked
    )


def _ends(times: list[int | None]) -> dict[int, int]:
    """Each value holds until the next one, an hour at most."""
    known = sorted({time for time in times if time is not None})
    ends = {earlier: min(later, earlier + LAST_MS) for earlier, later in pairwise(known)}
    return ends | {time: time + LAST_MS for time in known[-1:]}


def _json_entries(text: str) -> tuple[list[Any], str]:
    document, problem = json_of(text)
    if not problem and not isinstance(document, list):
        problem = "the answer is no list of objects with time and g_per_kwh"
    return ([], problem) if problem else (document, "")


def _csv_entries(text: str) -> tuple[list[Any], str]:
    reader = csv.DictReader(text.splitlines())
    if not {"time", "g_per_kwh"} <= set(reader.fieldnames or ()):
        return [], "the answer has no header with the columns time and g_per_kwh"
    return [{"time": row["time"], "g_per_kwh": _number(row["g_per_kwh"])} for row in reader], ""


def _number(text: str | None) -> object:
    """The number, the text where it is none, None where nothing is written."""
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text


PROVIDER: Final = Provider("series", ("average, lifecycle", "average, direct"), 366 * DAY_MS, fetch, parse)
