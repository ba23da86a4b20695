"""What the address of the job table says: its filters and how jobs are folded. What cannot be read is left out."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from aggregator.queries.folded import FOLDS, Fold
from aggregator.queries.job_conditions import MAX_NODES
from aggregator.queries.models import FigureRange, JobFilter
from aggregator.queries.reach import LOOKED
from dash_app.urls import CUSTOM, PRESETS, link, query_values, time_range
from maxwatt.domain.errors import InputError
from maxwatt.domain.hostlist import expand
from maxwatt.domain.jobs import JobState
from maxwatt.domain.tags import is_tag
from maxwatt.domain.units import J_PER_KWH

DEFAULT_FOLD: Final = "array"
NO_FOLD: Final = "none"
ALL_JOBS: Final = "all"
"""`back=all`: all jobs are looked through, however many there are."""

MAX_TAGS: Final = 8


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that has a range in the address, and how many of its units there make one of ours."""

    field: str
    unit: str
    scale: float


RANGES: Final[Mapping[str, Figure]] = {
    "elapsed": Figure("elapsed_s", "h", 3600.0),
    "energy": Figure("energy_j", "kWh", J_PER_KWH),
    "waste": Figure("waste_j", "kWh", J_PER_KWH),
    "cpu": Figure("cpu_efficiency", "%", 0.01),
    "memory": Figure("memory_efficiency", "%", 0.01),
    "gpus": Figure("gpu_count", "", 1.0),
}
"""Parameter such as `energy=0.5..2` to its figure."""

_TEXTS: Final = ("q", "user", "account", "partition", "qos", "name")
FILTERS: Final = (*_TEXTS, "state", "node", "array", "tag", "range", "since", "until", *RANGES)
"""Parameters that narrow the table."""


def view_values(search: str | None) -> dict[str, str]:
    """Parameters of an address that can be read, each in its plain spelling; all others are left out."""
    given = query_values(search)
    cleaned = {name: _CLEAN[name](text) for name, text in given.items() if name in _CLEAN}
    values = {name: text for name, text in cleaned.items() if text}
    if not {"since", "until"} <= values.keys():
        values = {name: text for name, text in values.items() if name not in {"since", "until"}}
    return values


def jobs_filter(values: Mapping[str, str], now_ms: int, zone: str) -> JobFilter:
    """The filter that the values of an address stand for.

    Args:
        values: see `view_values`.
        now_ms: the wall clock [epoch ms].
        zone: the site's time zone: days are its days.
    """
    since_ms, until_ms = _time(values, now_ms, zone)
    return JobFilter(
        **{name: values.get(name, "") for name in _TEXTS if name != "q"},
        text=values.get("q", ""),
        states=tuple(values["state"].split(",")) if "state" in values else (),
        nodes=values.get("node", ""),
        array_job_id=int(values["array"]) if "array" in values else None,
        tags=tuple(values["tag"].split(",")) if "tag" in values else (),
        since_ms=since_ms,
        until_ms=until_ms,
        ranges=tuple(_figure_range(RANGES[name], values[name]) for name in RANGES if name in values),
        newest=None if "back" in values else LOOKED,
    )


def fold_of(values: Mapping[str, str]) -> Fold | None:
    """How jobs are folded; None: not at all."""
    fold = values.get("fold", DEFAULT_FOLD)
    return fold if fold in FOLDS else None  # type: ignore[return-value]  # it is one of them


def view_path(values: Mapping[str, str]) -> str:
    """Address of the table with these values."""
    query = urlencode({name: text for name, text in values.items() if text})
    return link("/jobs" + (f"?{query}" if query else ""))


def bounds(text: str) -> tuple[float | None, float | None]:
    """Low and high of `1..2.5`, `1..` or `..2.5`; None where there is none."""
    low, dots, high = text.partition("..")
    return (_number(low), _number(high)) if dots else (None, None)


def _figure_range(figure: Figure, text: str) -> FigureRange:
    low, high = (None if bound is None else bound * figure.scale for bound in bounds(text))
    return FigureRange(figure.field, low, high)


def _time(values: Mapping[str, str], now_ms: int, zone: str) -> tuple[int | None, int | None]:
    if "since" not in values and "range" not in values:
        return None, None
    span = time_range(values.get("range"), values.get("since"), values.get("until"), now_ms, zone)
    return span.since_ms, (span.until_ms if span.name == CUSTOM else None)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value < 1e12 else None


def _range(text: str) -> str:
    low, high = bounds(text)
    if low is None and high is None:
        return ""
    return "..".join("" if bound is None else f"{bound:.12g}" for bound in (low, high))


def _text(text: str) -> str:
    """Without what no database takes: half characters and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "").strip()


def _states(text: str) -> str:
    named = dict.fromkeys(part for part in text.upper().split(",") if part in JobState.__members__)
    return ",".join(named)


def _tags(text: str) -> str:
    return ",".join(list(dict.fromkeys(tag for tag in text.replace(" ", ",").split(",") if is_tag(tag)))[:MAX_TAGS])


def _nodes(text: str) -> str:
    try:
        names = expand(text.strip())
    except InputError:
        return ""
    return text.strip() if 0 < len(names) <= MAX_NODES else ""


def _day(text: str) -> str:
    return text[:10] if time_range(CUSTOM, text, text, 0, "UTC").name == CUSTOM else ""


def _id(text: str) -> str:
    return text if text.isascii() and text.isdecimal() and len(text) <= 15 else ""


def _one_of(*known: str) -> Callable[[str], str]:
    return lambda text: text if text in known else ""


_CLEAN: Final[Mapping[str, Callable[[str], str]]] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(RANGES, _range),
    "state": _states,
    "node": _nodes,
    "array": _id,
    "tag": _tags,
    "range": _one_of(*PRESETS),
    "since": _day,
    "until": _day,
    "fold": _one_of(*FOLDS, NO_FOLD),
    "back": _one_of(ALL_JOBS),
}
