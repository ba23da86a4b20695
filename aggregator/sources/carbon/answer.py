"""What a provider answered, checked: values that can be, and a sentence with its size for everything else."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from aggregator.sources.carbon.moments import shown
from maxwatt.domain.carbon import MAX_G_PER_KWH, Intensity, State
from maxwatt.domain.units import DAY_MS, MS_PER_S

AHEAD_MS: Final = 900 * MS_PER_S
"""What is said to be measured may lie so far in the future [ms]: clocks differ, a value is of a stretch."""

BESIDE_MS: Final = DAY_MS
"""Answers may reach so far beyond the time asked for [ms]: some providers answer whole days."""

_SHOWN_CHARS: Final = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: a zone in the provider's words, a time and the present [epoch ms UTC]."""

    zone: str
    start_ms: int
    end_ms: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Values by time and state, and a sentence for each kind of fault."""

    values: tuple[Intensity, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One value as the provider wrote it; a `value` of None is one it does not know (yet), which is no fault."""

    start_ms: int | None
    end_ms: int | None
    value: object
    state: State = State.MEASURED


def checked(rows: Iterable[Row], asked: Asked) -> Answer:
    """The rows that can be, by time. What cannot be is left out and counted, never mended."""
    told = [row for row in rows if row.value is not None]
    found: dict[tuple[State, int], Intensity] = {}
    bad: dict[str, list[Row]] = {}
    for row in told:
        value = _value(row, asked)
        if isinstance(value, Intensity) and (value.state, value.start_ms) in found:
            value = "are a second one of the same time"
        if isinstance(value, Intensity):
            found[value.state, value.start_ms] = value
        else:
            bad.setdefault(value, []).append(row)
    values = sorted(found.values(), key=lambda each: (each.start_ms, each.state))
    return Answer(tuple(values), tuple(_sentences(told, bad)))


def _sentences(told: list[Row], bad: dict[str, list[Row]]) -> Iterator[str]:
    for problem, rows in bad.items():
        yield f"{len(rows)} of {len(told)} values {problem}, such as {_example(rows[0])}: left out"
    turns = _turns(told)
    if turns:
        yield f"{turns} of {len(told)} values are not in the order of time: put into it"


def _value(row: Row, asked: Asked) -> Intensity | str:
    """The row's value, or what is wrong with it on its own."""
    start_ms, end_ms, value = row.start_ms, row.end_ms, row.value
    if start_ms is None or end_ms is None or end_ms <= start_ms:
        return "have no time"
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124  NaN
        return "are no number"
    if not 0 <= value <= MAX_G_PER_KWH:
        return f"are not within 0 to {MAX_G_PER_KWH:g} g/kWh"
    if row.state is not State.FORECAST and start_ms > asked.now_ms + AHEAD_MS:
        return "are said to be measured in the future"
    if not asked.start_ms - BESIDE_MS <= start_ms < asked.end_ms + BESIDE_MS:
        return "are of another time than was asked for"
    return Intensity(start_ms, end_ms, float(value), row.state)


def _example(row: Row) -> str:
    value = str(row.value)[:_SHOWN_CHARS]
    return f"{value!r} of {'no time' if row.start_ms is None else shown(row.start_ms)}"


def _turns(rows: list[Row]) -> int:
    """How many rows go against the direction of the others; newest first is as good an order as oldest first."""
    steps = []
    for state in {row.state for row in rows}:
        times = [row.start_ms for row in rows if row.state is state and row.start_ms is not None]
        steps += [later - earlier for earlier, later in pairwise(times) if later != earlier]
    up = sum(step > 0 for step in steps)
    return min(up, len(steps) - up)


def refused(sentence: str) -> Answer:
    """An answer of which nothing can be used."""
    return Answer((), (sentence,))


def json_of(text: str) -> tuple[Any, str]:
    """The JSON document and an empty sentence, or None and what the text is instead."""
    try:
        return json.loads(text), ""
    except (ValueError, RecursionError):
        return None, f"the answer is no JSON but {excerpt(text)}"


def excerpt(text: str) -> str:
    """How an answer begins, in one line."""
    begin = " ".join(text[: 4 * _SHOWN_CHARS].split())[:_SHOWN_CHARS]
    return repr(begin) if begin else "empty"
