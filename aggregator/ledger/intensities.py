"""The history of what carbon providers said, and which times must be valued again because of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from aggregator.ledger import windows
from aggregator.ledger.rows import chunks, delete_rows, insert_rows
from aggregator.ledger.tables import intensities, revaluations
from maxwatt.domain.carbon import Intensity, State
from maxwatt.domain.units import BUCKET_MS, MS_PER_S, bucket_start_ms

CARRIED_MS: Final = 2 * 3600 * MS_PER_S
"""How long the last value may stand for what the provider does not tell [ms]; then the static figure serves."""

LONGEST_MS: Final = 3600 * MS_PER_S
"""Longest stretch of one value [ms]."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said it: the provider, its zone and which kind of intensity it is."""

    provider: str
    zone: str
    kind: str


@dataclass(frozen=True, slots=True)
class Revaluation:
    """A time whose CO2 and cost must be computed again; whole buckets [epoch ms UTC]."""

    revaluation_id: int
    start_ms: int
    end_ms: int


def record(connection: Connection, origin: Origin, values: Iterable[Intensity], fetched_ms: int) -> int:
    """Keep values; what they change in booked time is marked. Returns how many were new or different."""
    wanted = {(str(each.state), each.start_ms): each for each in values}
    if not wanted:
        return 0
    times = [start_ms for _, start_ms in wanted]
    known = {(str(each.state), each.start_ms): each for each in load(connection, origin, min(times), max(times) + 1)}
    changed = {key: each for key, each in wanted.items() if known.get(key) != each}
    names = (origin.provider, origin.zone, origin.kind)
    delete_rows(connection, intensities, [(*names, *key) for key in changed.keys() & known.keys()])
    rows = [(*names, *key, each.end_ms, each.g_per_kwh, fetched_ms) for key, each in changed.items()]
    insert_rows(connection, intensities, rows)
    if changed:
        ends = [each.end_ms for each in changed.values()]
        mark(connection, min(start_ms for _, start_ms in changed), max(ends) + CARRIED_MS)
    return len(changed)


def load(connection: Connection, origin: Origin, start_ms: int, end_ms: int) -> list[Intensity]:
    """Values of all states that begin in a time, by their start."""
    column = intensities.c
    found = (
        select(column.start_ms, column.end_ms, column.g_per_kwh, column.state)
        .where(column.provider == origin.provider, column.zone == origin.zone, column.kind == origin.kind)
        .where(column.start_ms >= start_ms, column.start_ms < end_ms)
        .order_by(column.start_ms)
    )
    return [Intensity(row[0], row[1], row[2], State(row[3])) for row in connection.execute(found)]


def mark(connection: Connection, start_ms: int, end_ms: int) -> bool:
    """Note that a time must be valued again, as far as it is booked; whether any of it is."""
    newest = windows.booked_until(connection)
    first, last = bucket_start_ms(start_ms), bucket_start_ms(end_ms - 1) + BUCKET_MS
    last = last if newest is None else min(last, newest)
    if newest is None or first >= last:
        return False
    connection.execute(insert(revaluations).values(start_ms=first, end_ms=last))
    return True


def waiting(connection: Connection) -> list[Revaluation]:
    """Every time that must be valued again."""
    found = select(revaluations).order_by(revaluations.c.revaluation_id)
    return [Revaluation(*row) for row in connection.execute(found)]


def finish(connection: Connection, done: Sequence[Revaluation]) -> None:
    """Remove what was valued again."""
    for some in chunks([each.revaluation_id for each in done]):
        connection.execute(delete(revaluations).where(revaluations.c.revaluation_id.in_(some)))
