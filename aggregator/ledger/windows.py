"""The 15-minute windows: which are provisional, which are closed, and what must be booked again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from aggregator.ledger.rows import chunks
from aggregator.ledger.tables import redo, windows
from maxwatt.domain.units import BUCKET_MS, bucket_start_ms

EVERY_NODE: Final = ""
"""Stands for all nodes in a stretch to book again."""


class WindowState(StrEnum):
    """How far a window is."""

    OPEN = "open"
    CLOSED = "closed"
    DIRTY = "dirty"


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


def mark(connection: Connection, node: str, start_ms: int, end_ms: int | None) -> bool:
    """Note that what is booked of a node in a time is no longer right. What was not booked yet needs no note.

    Args:
        node: host name, or EVERY_NODE.
        start_ms, end_ms: epoch ms UTC; None: without end.
    """
    newest = booked_until(connection)
    first = bucket_start_ms(start_ms)
    last = newest if end_ms is None or newest is None else min(newest, bucket_start_ms(end_ms - 1) + BUCKET_MS)
    if last is None or first >= last:
        return False
    same = select(redo.c.redo_id).where(redo.c.node == node, redo.c.start_ms <= first, redo.c.end_ms >= last)
    if connection.execute(same).first() is None:
        connection.execute(insert(redo).values(node=node, start_ms=first, end_ms=last))
    inside = (windows.c.bucket_ms >= first) & (windows.c.bucket_ms < last) & (windows.c.state == WindowState.CLOSED)
    connection.execute(update(windows).where(inside).values(state=WindowState.DIRTY.value))
    return True


def stretches(connection: Connection) -> list[Stretch]:
    """Everything that waits to be booked again, in the order it was noted."""
    return [Stretch(*row) for row in connection.execute(select(redo).order_by(redo.c.redo_id))]


def note_booked(connection: Connection, errors: Mapping[int, float], computed_ms: int) -> None:
    """Note that windows were booked just now.

    Args:
        errors: start of the window to its worst relative gap between accounts and meter.
        computed_ms: when [epoch ms UTC].
    """
    buckets = sorted(errors)
    known = revisions(connection, buckets[0], buckets[-1] + 1) if buckets else {}
    for bucket in buckets:
        values = {"computed_ms": computed_ms, "closure_error": errors[bucket]}
        if bucket in known:
            connection.execute(update(windows).where(windows.c.bucket_ms == bucket).values(**values))
        else:
            fresh = {"bucket_ms": bucket, "state": WindowState.OPEN.value, "revision": 0, **values}
            connection.execute(insert(windows).values(**fresh))


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


def finish(connection: Connection, done: Iterable[Stretch]) -> None:
    """Remove stretches that were booked again; a dirty window that nothing else waits for is closed again."""
    for some in chunks([stretch.redo_id for stretch in done]):
        connection.execute(delete(redo).where(redo.c.redo_id.in_(some)))
    waiting = select(redo.c.redo_id).where(redo.c.start_ms <= windows.c.bucket_ms, redo.c.end_ms > windows.c.bucket_ms)
    settled = (windows.c.state == WindowState.DIRTY) & ~waiting.exists()
    connection.execute(update(windows).where(settled).values(state=WindowState.CLOSED.value))
