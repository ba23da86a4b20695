"""Sums of each job's bookings over its whole life."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, func, insert, select

from aggregator.ledger.sums import sums_of, sums_of_bookings
from aggregator.ledger.tables import bookings, job_totals
from maxwatt.domain.energy import Account

COLUMNS: Final = tuple(column.name for column in job_totals.columns)


def sum_jobs(connection: Connection, job_refs: Sequence[int]) -> None:
    """Sum these jobs anew from their bookings; one without bookings has no totals."""
    connection.execute(delete(job_totals).where(job_totals.c.job_ref.in_(job_refs)))
    connection.execute(insert(job_totals).from_select(COLUMNS, _totals(job_refs)))


def _totals(job_refs: Sequence[int]) -> Select[Any]:
    """First per node, because a job's memory is the sum over nodes of each node's own peak."""
    booked = bookings.c
    per_node = (
        select(
            booked.job_ref,
            *sums_of_bookings(),
            func.max(booked.memory_peak_bytes).label("peak_bytes"),
            func.min(booked.bucket_ms).label("first_ms"),
            func.max(booked.bucket_ms).label("last_ms"),
            func.min(booked.method_version).label("method_version"),
        )
        .where(booked.account == int(Account.JOB), booked.job_ref.in_(job_refs))
        .group_by(booked.job_ref, booked.node)
        .subquery()
    )
    part = per_node.c
    return select(
        part.job_ref,
        *sums_of(per_node),
        func.sum(part.peak_bytes),
        func.min(part.first_ms),
        func.max(part.last_ms),
        func.min(part.method_version),
        func.count(part.peak_bytes),
    ).group_by(part.job_ref)
