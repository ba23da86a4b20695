"""Sums of somebody's jobs over a time: of jobs that lie wholly within from their totals, of the others from bookings.

Of a month most jobs lie within: a row each, where their bookings are dozens, all over the ledger.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, or_, select, true

from aggregator.ledger.rollups import Slots, booked_sums, name_of_job
from aggregator.ledger.sums import sums_of
from aggregator.ledger.tables import bookings, job_totals, jobs, stale_jobs
from aggregator.queries.expressions import own_sessions, visible
from maxwatt.domain.energy import Account
from maxwatt.domain.rollups import SUMS, Dimension
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import Viewer

Sums = dict[str, Any]

_ADDED: Final = (*SUMS, "jobs_started")


def sums_of_lives(
    connection: Connection,
    viewer: Viewer,
    dimension: Dimension,
    since_ms: int,
    until_ms: int,
    *,
    apart: Collection[str] = (),
) -> dict[tuple[str, int], Sums]:
    """Sums by name and account of what the viewer may see, over the buckets that start in [since, until).

    Args:
        dimension: of jobs, or the cluster as a whole.
        apart: accounts whose jobs are left out.
    """
    slots = Slots.one(since_ms, until_ms)
    candidates = overlapping(connection, viewer, since_ms, until_ms, apart=apart)
    of_others = (bookings.c.account == int(Account.JOB)) & bookings.c.job_ref.in_(
        select(jobs.c.job_ref)
        .outerjoin(job_totals, job_totals.c.job_ref == jobs.c.job_ref)
        .where(candidates, _within(since_ms, until_ms).is_not(true()))
    )
    parts: dict[tuple[str, int], list[Sums]] = defaultdict(list)
    for statement in (
        _whole_lives(candidates, dimension, since_ms, until_ms),
        booked_sums(dimension, slots, or_(of_others, own_sessions(viewer))),
    ):
        for row in connection.execute(statement).mappings():
            parts[row["name"], row["account"]].append(dict(row))
    return {key: _added(rows) for key, rows in parts.items()}


def overlapping(
    connection: Connection, viewer: Viewer, since_ms: int, until_ms: int, *, apart: Collection[str] = ()
) -> ColumnElement[bool]:
    """Condition on `jobs`: of the viewer's, what may have a booking in the time; a folded one is at midnight. Jobs of
    the accounts `apart` are left out.

    What ended after the time began started at most the longest job's length before it: an index of starts finds that.
    """
    longest_ms = connection.execute(select(func.max(jobs.c.end_ms - jobs.c.start_ms))).scalar() or 0
    oldest_ms = connection.execute(select(func.min(jobs.c.start_ms)).where(jobs.c.end_ms.is_(None))).scalar()
    first_ms = since_ms - longest_ms - BUCKET_MS
    return and_(
        visible(viewer),
        jobs.c.account.not_in(sorted(apart)) if apart else true(),
        jobs.c.start_ms >= (first_ms if oldest_ms is None else min(first_ms, oldest_ms)),
        jobs.c.start_ms < until_ms + DAY_MS,
        or_(jobs.c.end_ms.is_(None), jobs.c.end_ms > since_ms - BUCKET_MS),
    )


def _within(since_ms: int, until_ms: int) -> ColumnElement[bool]:
    """Condition on `job_totals`: all bookings lie in the time, and the totals are what these say."""
    fresh = job_totals.c.job_ref.not_in(select(stale_jobs.c.job_ref))
    return and_(job_totals.c.first_ms >= since_ms, job_totals.c.last_ms < until_ms, fresh)


def _whole_lives(candidates: ColumnElement[bool], dimension: Dimension, since_ms: int, until_ms: int) -> Select[Any]:
    name = literal("") if dimension is Dimension.CLUSTER else name_of_job(dimension)
    began = case(((jobs.c.start_ms >= since_ms) & (jobs.c.start_ms < until_ms), 1), else_=0)
    found = select(
        name.label("name"),
        literal(int(Account.JOB)).label("account"),
        *sums_of(job_totals),
        func.sum(began).label("jobs_started"),
        func.min(job_totals.c.method_version).label("method_version"),
    ).join_from(jobs, job_totals, job_totals.c.job_ref == jobs.c.job_ref)
    found = found.where(candidates, _within(since_ms, until_ms), name.is_not(None))
    return found.group_by(name) if dimension is not Dimension.CLUSTER else found.having(func.count() > 0)


def _added(rows: list[Sums]) -> Sums:
    found: Sums = {name: sum(row[name] or 0 for row in rows) for name in _ADDED}
    return found | {"method_version": min(row["method_version"] for row in rows)}
