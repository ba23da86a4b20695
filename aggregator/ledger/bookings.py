"""Writing bookings: only what differs is touched, and what changes in a closed window is a new revision of it."""

from collections.abc import Mapping, Sequence
from itertools import groupby, product
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, bindparam, func, select

from aggregator.ledger import stale, windows
from aggregator.ledger.columns import Columns
from aggregator.ledger.rows import Changes, Row, chunks, delete_rows, differences, insert_rows
from aggregator.ledger.tables import bookings, measured
from maxwatt.domain.energy import Account
from maxwatt.domain.units import BUCKET_MS

BOOKING_COLUMNS: Final = tuple(column.name for column in bookings.columns if column.name != "revision")
"""What a row to be booked consists of; its revision is found here."""

MEASURED_COLUMNS: Final = tuple(column.name for column in measured.columns if column.name != "buckets")
"""What a row of what was measured consists of; it stands for one bucket."""

_BOOKING_KEYS: Final = len(bookings.primary_key.columns)
_MEASURED_KEYS: Final = len(measured.primary_key.columns)
_BUCKET: Final = 0  # place of bucket_ms in the keys of both tables
_ACCOUNT, _JOB = 2, 3  # places of account and job_ref in the key of a booking


# Made once: to make a list of a hundred values part of a statement takes longer than to find that there is no row.
_PRESENT: Final[Mapping[str, Select[Any]]] = {
    table.name: select(table).where(
        table.c.bucket_ms.in_(bindparam("buckets", expanding=True)),
        table.c.node.in_(bindparam("nodes", expanding=True)),
    )
    for table in (bookings, measured)
}


def replace(
    connection: Connection,
    nodes: Sequence[str],
    span_ms: tuple[int, int],
    booked: Sequence[Row],
    meters: Sequence[Row],
    *,
    revisions: Mapping[int, int] | None = None,
) -> int:
    """Make the ledger say exactly this about some nodes in a time.

    Args:
        nodes: host names; the rows are theirs.
        span_ms: start and end of whole buckets [epoch ms UTC].
        booked: rows in the order of BOOKING_COLUMNS.
        meters: rows in the order of MEASURED_COLUMNS.
        revisions: revision of the windows before the run that this is a part of; None: as they are.

    Returns:
        How many bookings were added, changed or removed.
    """
    before = windows.revisions(connection, *span_ms) if revisions is None else revisions
    changes = _replace_bookings(connection, nodes, span_ms, booked, before)
    _replace_measured(connection, nodes, span_ms, meters)
    touched = [_keys(rows) for rows in (changes.added, changes.changed, changes.removed)]
    buckets = set().union(*(each[_BUCKET] for each in touched))
    windows.raise_revisions(connection, {ms: before[ms] + 1 for ms in buckets if before.get(ms, 0) > 0})
    stale.mark(connection, buckets, set().union(*map(_jobs, touched)))
    return len(changes)


def _keys(rows: Sequence[Row]) -> Sequence[Sequence[Any]]:
    """The columns of the key of some rows."""
    if isinstance(rows, Columns):
        return rows.lists[:_BOOKING_KEYS]
    return list(zip(*(row[:_BOOKING_KEYS] for row in rows), strict=True)) or [()] * _BOOKING_KEYS


def _jobs(keys: Sequence[Sequence[Any]]) -> set[int]:
    pairs = zip(keys[_ACCOUNT], keys[_JOB], strict=True)
    return {job_ref for account, job_ref in pairs if account == Account.JOB}


def _replace_bookings(
    connection: Connection,
    nodes: Sequence[str],
    span_ms: tuple[int, int],
    rows: Sequence[Row],
    before: Mapping[int, int],
) -> Changes:
    """Write what differs; returns it."""
    changes = differences(_present(connection, bookings, nodes, span_ms), rows, _BOOKING_KEYS, len(BOOKING_COLUMNS))
    delete_rows(connection, bookings, [*changes.removed, *(row[:_BOOKING_KEYS] for row in changes.changed)])
    for new in (changes.added, changes.changed):
        if any(before.values()):
            for revision, some in groupby(new, lambda row: before.get(row[_BUCKET], 0) + 1):
                insert_rows(connection, bookings, list(some), last=revision)
        else:
            insert_rows(connection, bookings, new, last=1)
    return changes


def _replace_measured(
    connection: Connection, nodes: Sequence[str], span_ms: tuple[int, int], rows: Sequence[Row]
) -> None:
    changes = differences(_present(connection, measured, nodes, span_ms), rows, _MEASURED_KEYS, len(MEASURED_COLUMNS))
    delete_rows(connection, measured, [*changes.removed, *(row[:_MEASURED_KEYS] for row in changes.changed)])
    for new in (changes.added, changes.changed):
        insert_rows(connection, measured, new, last=1)


def _present(connection: Connection, table: Table, nodes: Sequence[str], span_ms: tuple[int, int]) -> list[Row]:
    # Every bucket by name: with a range of them, the rows of all other nodes in it would be looked through as well.
    parts = product(chunks(range(span_ms[0], span_ms[1], BUCKET_MS)), chunks(nodes))
    keys = [{"buckets": list(times), "nodes": list(some)} for times, some in parts]
    return [tuple(row) for key in keys for row in connection.execute(_PRESENT[table.name], key).all()]


def overshoots(connection: Connection, start_ms: int, end_ms: int) -> dict[str, float]:
    """Negative `unattributed` [J] of each node in [start_ms, end_ms) [epoch ms UTC], as a positive size."""
    rest_j, within = bookings.c.rest_static_j, bookings.c.bucket_ms.between(start_ms, end_ms - 1)
    lost = (bookings.c.account == int(Account.UNATTRIBUTED)) & (rest_j < 0)
    found = select(bookings.c.node, -func.sum(rest_j)).where(within, lost).group_by(bookings.c.node)
    return {str(node): float(energy_j) for node, energy_j in connection.execute(found)}
