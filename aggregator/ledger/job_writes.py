"""Job records into their tables, many at once: row by row each would cost a millisecond."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam, delete, func, select, update

from aggregator.ledger import records
from aggregator.ledger.rows import Row, chunks, insert_rows
from aggregator.ledger.tables import allocations, jobs, suspensions
from maxwatt.domain.jobs import JobRecord

Change = tuple[int, JobRecord, JobRecord]
"""A job's number in the ledger, its record as it is there and as it is to be."""

_PARTS: Final[Sequence[tuple[Table, str, Callable[[int, Any], Row]]]] = (
    (allocations, "allocations", records.allocation_row),
    (suspensions, "suspensions", records.suspension_row),
)
"""Tables with several rows of a job: the field of the record that they keep, and its row."""


def add(connection: Connection, new: Sequence[JobRecord], seen_ms: int) -> None:
    """Insert records of jobs that the ledger does not have. Only inside a transaction that writes: there is one at a
    time, so the numbers that follow the last one are free.

    Args:
        seen_ms: when a source reported them [epoch ms UTC].
    """
    if not new:
        return
    first = (connection.execute(select(func.max(jobs.c.job_ref))).scalar() or 0) + 1
    numbered = list(enumerate(new, first))
    insert_rows(connection, jobs, [_row(ref, job, seen_ms) for ref, job in numbered])
    for table, field, row_of in _PARTS:
        insert_rows(connection, table, [row_of(ref, part) for ref, job in numbered for part in getattr(job, field)])


def _row(ref: int, job: JobRecord, seen_ms: int) -> Row:
    values = {"job_ref": ref, **records.job_values(job, seen_ms)}
    return tuple(values[column.name] for column in jobs.columns)


def change(connection: Connection, changes: Sequence[Change]) -> None:
    """Make the ledger say what is new of jobs that it has; when they were last seen stays."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for ref, before, after in changes:
        values = _different(before, after)
        by_columns[tuple(values)].append({"ref": ref, **{f"new_{name}": value for name, value in values.items()}})
    for columns, rows in by_columns.items():
        if columns:  # only these: each index of another column would be written too
            new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
            connection.execute(update(jobs).where(jobs.c.job_ref == bindparam("ref")).values(new), rows)
    for table, field, row_of in _PARTS:
        other = [(ref, getattr(b, field)) for ref, a, b in changes if getattr(a, field) != getattr(b, field)]
        for some in chunks([ref for ref, _ in other]):
            connection.execute(delete(table).where(table.c.job_ref.in_(some)))
        insert_rows(connection, table, [row_of(ref, part) for ref, parts in other for part in parts])


def _different(before: JobRecord, after: JobRecord) -> dict[str, Any]:
    """Columns of the jobs table that change."""
    old = records.job_values(before, 0)
    return {name: value for name, value in records.job_values(after, 0).items() if value != old[name]}
