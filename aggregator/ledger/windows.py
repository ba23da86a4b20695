"""The 15-minute windows: which are provisional, which are closed, and what must be booked again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from aggregator.ledger import frozen
from aggregator.ledger.rows import Row, chunks, delete_rows, insert_rows
from aggregator.ledger.tables import redo, windows
from maxwatt.domain.spans import merged
from maxwatt.domain.units import BUCKET_MS, bucket_start_ms

EVERY_NODE: Final = ""
"""Stands for all nodes in a stretch to book again."""

Touched = tuple[str, int, int | None]
"""Host name or EVERY_NODE, start and end of a time [epoch ms UTC]; None: without end."""


class WindowState(StrEnum):
    """How far a window is.

    Open is provisional; closed: its sources are in; dirty: it is to be booked again. Of a day that is folded, windows
    without a sample or a joule are empty, the others folded.
    """

    OPEN = "open"
    CLOSED = "closed"
    DIRTY = "dirty"
    FOLDED = "folded"
    EMPTY = "empty"


SETTLED: Final = (WindowState.CLOSED, WindowState.FOLDED, WindowState.EMPTY)
"""States of windows that nothing waits for."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time of a node to book again; whole buckets [epoch ms UTC]."""

    redo_id: int
    node: str
    start_ms: int
    end_ms: int


def booked_until(connection: Connection) -> int | None:
    """End of the newest window that was ever booked, None before the first."""
    newest = connection.execute(select(func.max(windows.c.bucket_ms))).scalar()
    return None if newest is None else int(newest) + BUCKET_MS


def booked_from(connection: Connection) -> int | None:
    """Start of the oldest window that was ever booked, None before the first."""
    oldest: int | None = connection.execute(select(func.min(windows.c.bucket_ms))).scalar()
    return oldest


def folded_until(connection: Connection) -> int:
    """End of the last window whose day is folded [epoch ms UTC], 0 where none is."""
    folded = windows.c.state.in_([WindowState.FOLDED, WindowState.EMPTY])
    newest = connection.execute(select(func.max(windows.c.bucket_ms)).where(folded)).scalar()
    return 0 if newest is None else int(newest) + BUCKET_MS


def first_moving(connection: Connection, reach_ms: int) -> int | None:
    """The oldest window that was last booked before all samples that can touch it were in, None if there is none.

    Args:
        reach_ms: how far [ms] beyond its end a window's samples lie.
    """
    early = windows.c.computed_ms < windows.c.bucket_ms + (BUCKET_MS + reach_ms)
    oldest: int | None = connection.execute(select(func.min(windows.c.bucket_ms)).where(early)).scalar()
    return oldest


def open_windows(connection: Connection) -> list[int]:
    """Starts of the windows that were never closed, oldest first."""
    found = select(windows.c.bucket_ms).where(windows.c.state == WindowState.OPEN).order_by(windows.c.bucket_ms)
    return [int(bucket) for bucket in connection.execute(found).scalars()]


def revisions(connection: Connection, start_ms: int, end_ms: int) -> dict[int, int]:
    """Revision of every window in a time; 0 while it was never closed."""
    found = select(windows.c.bucket_ms, windows.c.revision).where(
        windows.c.bucket_ms >= start_ms, windows.c.bucket_ms < end_ms
    )
    return {int(bucket): int(revision) for bucket, revision in connection.execute(found)}


def mark(connection: Connection, touched: Iterable[Touched]) -> bool:
    """Note that what is booked of nodes in a time is no longer right; returns whether anything was booked there. What
    was not booked yet needs no note; what is frozen stays, and that is a fault.

    Args:
        touched: stretches; those of one node that overlap or touch are noted as one.
    """
    newest = booked_until(connection) or 0
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for node, start_ms, end_ms in touched:
        first = bucket_start_ms(start_ms)
        last = newest if end_ms is None else min(newest, bucket_start_ms(end_ms - 1) + BUCKET_MS)
        if first < last:
            spans[node].append((first, last))
    frozen_ms = frozen.until(connection) if spans else 0
    warm = [(node, *span) for node in sorted(spans) for span in _not_frozen(connection, node, spans[node], frozen_ms)]
    if warm:
        # Always new rows: equal ones may be under way, and have read their samples already.
        connection.execute(insert(redo), [dict(zip(("node", "start_ms", "end_ms"), row, strict=True)) for row in warm])
    for first, last in merged((first, last) for _, first, last in warm):
        inside = (windows.c.bucket_ms >= first) & (windows.c.bucket_ms < last) & (windows.c.state == WindowState.CLOSED)
        connection.execute(update(windows).where(inside).values(state=WindowState.DIRTY.value))
    return bool(warm)


def _not_frozen(
    connection: Connection, node: str, spans: Iterable[tuple[int, int]], frozen_ms: int
) -> Iterable[tuple[int, int]]:
    """Spans without overlaps, after what is frozen; what lies before is said to come too late."""
    for first, last in merged(spans):
        if first < frozen_ms:
            frozen.note_late(connection, node, first, min(last, frozen_ms))
        if max(first, frozen_ms) < last:
            yield max(first, frozen_ms), last


def stretches(connection: Connection) -> list[Stretch]:
    """Everything that waits to be booked again, in the order it was noted."""
    return [Stretch(*row) for row in connection.execute(select(redo).order_by(redo.c.redo_id))]


def note_booked(connection: Connection, errors: Mapping[int, float], computed_ms: int, *, partial: bool) -> None:
    """Note that windows were booked just now.

    Args:
        errors: start of the window to its worst relative gap between accounts and meter.
        computed_ms: when [epoch ms UTC].
        partial: only some nodes were; a gap known of the others stays, and so does the time of the last full booking.
    """
    buckets = sorted(errors)
    within = windows.c.bucket_ms.between(buckets[0], buckets[-1]) if buckets else windows.c.bucket_ms.is_(None)
    known = {row.bucket_ms: row for row in connection.execute(select(windows).where(within))}
    rows = [_booked(known.get(bucket), bucket, errors[bucket], computed_ms, partial) for bucket in buckets]
    delete_rows(connection, windows, [(bucket,) for bucket in known.keys() & errors.keys()])
    insert_rows(connection, windows, rows)


def _booked(before: Any, bucket: int, error: float, computed_ms: int, partial: bool) -> Row:
    if before is None:
        return (bucket, WindowState.OPEN.value, computed_ms, 0, error)
    if partial:
        return (bucket, before.state, before.computed_ms, before.revision, max(error, before.closure_error))
    return (bucket, before.state, computed_ms, before.revision, error)


def raise_revisions(connection: Connection, new: Mapping[int, int]) -> None:
    """Set the revision of windows whose figures changed after they were closed."""
    for bucket, revision in new.items():
        connection.execute(update(windows).where(windows.c.bucket_ms == bucket).values(revision=revision))


def close(connection: Connection, buckets: Sequence[int]) -> None:
    """Close windows: all their sources are in. Their first closing is revision 1."""
    for some in chunks(buckets):
        inside = windows.c.bucket_ms.in_(some)
        connection.execute(update(windows).where(inside, windows.c.revision == 0).values(revision=1))
        connection.execute(update(windows).where(inside).values(state=WindowState.CLOSED.value))
        connection.execute(update(windows).where(inside, _waited_for()).values(state=WindowState.DIRTY.value))


def finish(connection: Connection, done: Iterable[Stretch]) -> None:
    """Remove stretches that were booked again; a dirty window that nothing else waits for is closed again."""
    for some in chunks([stretch.redo_id for stretch in done]):
        connection.execute(delete(redo).where(redo.c.redo_id.in_(some)))
    settled = (windows.c.state == WindowState.DIRTY) & ~_waited_for()
    connection.execute(update(windows).where(settled).values(state=WindowState.CLOSED.value))


def _waited_for() -> ColumnElement[bool]:
    """Whether a stretch to book again touches the window."""
    touching = (redo.c.start_ms <= windows.c.bucket_ms) & (redo.c.end_ms > windows.c.bucket_ms)
    return select(redo.c.redo_id).where(touching).exists()
