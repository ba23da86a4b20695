"""Which rollups bookings have changed under: marked in the transaction that books, worked off later."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, Table, delete, select

from aggregator.ledger.rows import Row, chunks, insert_missing
from aggregator.ledger.tables import stale, stale_jobs
from maxwatt.domain.periods import Period

BUCKET: Final = -1
"""Stands for a booked bucket where otherwise a period stands."""


def mark(connection: Connection, buckets: Iterable[int], job_refs: Iterable[int]) -> None:
    """Note that bookings in these buckets [epoch ms UTC], and of these jobs, are not what they were."""
    _add(connection, stale, {(BUCKET, bucket) for bucket in buckets})
    _add(connection, stale_jobs, {(job_ref,) for job_ref in job_refs if job_ref})


def mark_periods(connection: Connection, periods: Iterable[tuple[Period, int]]) -> None:
    """Note that these periods must be summed again."""
    _add(connection, stale, {(int(period), start_ms) for period, start_ms in periods})


def marked(connection: Connection, period: Period | int) -> list[int]:
    """Starts of the periods (or BUCKET) that are marked, ascending [epoch ms UTC]."""
    found = select(stale.c.start_ms).where(stale.c.period == int(period)).order_by(stale.c.start_ms)
    return list(connection.execute(found).scalars())


def marked_jobs(connection: Connection, limit: int) -> list[int]:
    """Some of the jobs whose totals are stale."""
    return list(connection.execute(select(stale_jobs.c.job_ref).order_by(stale_jobs.c.job_ref).limit(limit)).scalars())


def clear(connection: Connection, period: Period | int, starts: Iterable[int]) -> None:
    """Remove marks."""
    for some in chunks(list(starts)):
        connection.execute(delete(stale).where(stale.c.period == int(period), stale.c.start_ms.in_(some)))


def clear_jobs(connection: Connection, job_refs: Iterable[int]) -> None:
    """Remove marks of jobs."""
    for some in chunks(list(job_refs)):
        connection.execute(delete(stale_jobs).where(stale_jobs.c.job_ref.in_(some)))


def _add(connection: Connection, table: Table, rows: set[Row]) -> None:
    insert_missing(connection, table, sorted(rows))
