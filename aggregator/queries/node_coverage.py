"""How much of their time the nodes were read. Meters have half a million rows a month, so whole days are kept."""

import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Select, and_, bindparam, case, func, select

from aggregator.ledger.tables import measured, windows
from aggregator.ledger.windows import SETTLED, WindowState
from maxwatt.domain.units import BUCKET_MS, DAY_MS, MS_PER_S

MAX_DAYS: Final = 400
"""More days are not kept."""

Seconds = tuple[float, float]
"""Seconds between samples, and seconds booked."""

_Marks = tuple[Any, ...]
"""What changes with every change of a day: when it was computed, its revisions, whether it is folded."""


class NodeCoverage:
    """Coverage of all nodes; safe to use from several threads. A day is kept as long as nothing of it is booked again.

    While a window of a day is open or waits to be booked again, the day is looked up each time.
    """

    def __init__(self) -> None:
        self._days: dict[int, tuple[_Marks, Seconds]] = {}
        self._lock = threading.Lock()

    def seconds(self, connection: Connection, since_ms: int, until_ms: int) -> Seconds:
        """Of the nodes that have a meter row, bucket by bucket; of buckets that start in [since, until)."""
        first_ms, last_ms = -(-since_ms // DAY_MS) * DAY_MS, until_ms - until_ms % DAY_MS
        if first_ms >= last_ms:
            return _sum(_by_day(connection, since_ms, until_ms))
        settled = {row.day_ms: tuple(row[1:]) for row in _ask(connection, _SETTLED, first_ms, last_ms)}
        with self._lock:
            kept = {day_ms: seconds for day_ms, (seen, seconds) in self._days.items() if settled.get(day_ms) == seen}
        kept = {day_ms: seconds for day_ms, seconds in kept.items() if first_ms <= day_ms < last_ms}
        found = dict(kept)
        for span in _between(since_ms, until_ms, kept):
            for day_ms, seconds in _by_day(connection, *span).items():
                before = found.get(day_ms, (0.0, 0.0))
                found[day_ms] = (before[0] + seconds[0], before[1] + seconds[1])
        self._keep(
            {day_ms: (settled[day_ms], found.get(day_ms, (0.0, 0.0))) for day_ms in settled.keys() - kept.keys()}
        )
        return _sum(found)

    def _keep(self, days: Mapping[int, tuple[_Marks, Seconds]]) -> None:
        with self._lock:
            self._days |= days
            for day_ms in sorted(self._days)[:-MAX_DAYS]:
                del self._days[day_ms]


def _between(since_ms: int, until_ms: int, days_ms: Mapping[int, Any]) -> Iterator[tuple[int, int]]:
    """What is left of a time without these days."""
    for day_ms in sorted(days_ms):
        if since_ms < day_ms:
            yield since_ms, day_ms
        since_ms = day_ms + DAY_MS
    if since_ms < until_ms:
        yield since_ms, until_ms


def _by_day(connection: Connection, since_ms: int, until_ms: int) -> dict[int, Seconds]:
    return {row[0]: (row[1], float(row[2]) / MS_PER_S) for row in _ask(connection, _MEASURED, since_ms, until_ms)}


def _ask(connection: Connection, statement: Select[Any], since_ms: int, until_ms: int) -> Any:
    return connection.execute(statement, {"since_ms": since_ms, "until_ms": until_ms})


def _sum(days: Mapping[int, Seconds]) -> Seconds:
    return sum(covered_s for covered_s, _ in days.values()), sum(booked_s for _, booked_s in days.values())


def _inside(bucket_ms: Any) -> Any:
    since_ms, until_ms = (bindparam(name, type_=BigInteger) for name in ("since_ms", "until_ms"))
    return and_(bucket_ms >= since_ms, bucket_ms < until_ms)


def _settled() -> Select[Any]:
    """Days without a window that may still change, and their marks."""
    row, day_ms = windows.c, (windows.c.bucket_ms - windows.c.bucket_ms % DAY_MS).label("day_ms")
    inner = select(day_ms, row.computed_ms, row.revision, row.state).where(_inside(row.bucket_ms)).subquery().c
    folded = func.count(case((inner.state == WindowState.FOLDED, 1)))
    marks = (func.count(), func.max(inner.computed_ms), func.sum(inner.revision), folded)
    moving = func.count(case((inner.state.not_in(SETTLED), 1)))
    return select(inner.day_ms, *marks).group_by(inner.day_ms).having(moving == 0)


def _measured() -> Select[Any]:
    """Seconds between samples and milliseconds booked of each day's meter rows."""
    row = measured.c
    bucket = (
        select(row.bucket_ms, func.sum(row.covered_s).label("covered_s"), func.sum(row.buckets).label("buckets"))
        .where(_inside(row.bucket_ms))
        .group_by(row.bucket_ms)
        .subquery()
    )
    length_ms = windows.c.computed_ms - windows.c.bucket_ms
    length_ms = case((length_ms < 0, 0), (length_ms < BUCKET_MS, length_ms), else_=BUCKET_MS)
    parts = select(
        (bucket.c.bucket_ms - bucket.c.bucket_ms % DAY_MS).label("day_ms"),
        bucket.c.covered_s,
        (bucket.c.buckets * length_ms).label("booked_ms"),
    )
    part = parts.outerjoin(windows, windows.c.bucket_ms == bucket.c.bucket_ms).subquery().c
    return select(part.day_ms, func.sum(part.covered_s), func.sum(part.booked_ms)).group_by(part.day_ms)


# Made once: that takes longer than to ask them.
_SETTLED: Final = _settled()
_MEASURED: Final = _measured()
