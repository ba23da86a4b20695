"""The table of jobs: filter, sort, one page of it."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, null, or_, select

from aggregator.ledger.tables import job_totals, jobs
from aggregator.queries.expressions import Expression, visible
from aggregator.queries.job_conditions import BOOKED, ORDERS, conditions, elapsed_s, needs_totals
from aggregator.queries.job_detail import has_id
from aggregator.queries.job_rows import job_rows
from aggregator.queries.models import JobFilter, JobPage, JobRow
from aggregator.queries.reach import Order, Reach, reach_of
from maxwatt.domain.errors import InputError
from maxwatt.domain.viewer import Viewer

MAX_LIMIT: Final = 1000
"""Most rows of one page."""

COUNTED: Final = 1000
"""So many are counted at most; a page says when there are more."""

_COLUMNS: Final = {
    name: jobs.c[name]
    for name in (
        *("job_id", "start_ms", "end_ms", "name", "user", "account", "partition", "qos", "state", "exit_code"),
        *("node_count", "cpus", "gpu_count", "time_limit_s"),
    )
}

SORT_KEYS: Final = (*_COLUMNS, "elapsed_s", *BOOKED)
"""Fields of JobRow that the table can be sorted by."""


def job_page(
    connection: Connection,
    viewer: Viewer,
    wanted: JobFilter,
    now_ms: int,
    *,
    sort: str,
    descending: bool,
    offset: int,
    limit: int,
    counted: int = COUNTED,
) -> JobPage:
    """Jobs `offset` to `offset + limit` (at most MAX_LIMIT) of those the viewer may see; unknown values come last.

    One question gives the order and the count; only the bookings of the page are summed. A booked figure sorts by the
    totals of whole jobs.

    Args:
        counted: so many jobs from the page's first on are counted; who shows no count asks for none.

    Raises:
        InputError: an unknown sort key, a negative offset or limit, or a filter that cannot be read.
    """
    if offset < 0 or limit < 0:
        raise InputError(f"offset and limit must not be negative, not {offset} and {limit}")
    limit = min(limit, MAX_LIMIT)
    bound = offset + max(limit, counted)
    if sort not in SORT_KEYS:
        raise InputError(f"jobs cannot be sorted by {sort!r}; known: {', '.join(SORT_KEYS)}")
    order = Order(sort, descending, bound + 1)
    reach = reach_of(connection, viewer, wanted, order)
    condition = conditions(connection, viewer, wanted, reach, now_ms)
    refs = _refs(connection, wanted, condition, order, reach, now_ms)
    page, more = job_rows(connection, refs[offset : offset + limit], now_ms), len(refs) > bound
    return JobPage(page, min(len(refs), bound), more, None if more and order.is_newest_first else reach.since_ms)


def job_attempts(connection: Connection, viewer: Viewer, job_id: int, now_ms: int) -> tuple[JobRow, ...]:
    """Every attempt of a job id (a requeue starts another), oldest first."""
    mine = select(jobs.c.job_ref).where(has_id(connection, job_id), visible(viewer)).order_by(jobs.c.start_ms)
    return job_rows(connection, list(connection.execute(mine).scalars()), now_ms)


def _refs(
    connection: Connection, wanted: JobFilter, condition: ColumnElement[bool], order: Order, reach: Reach, now_ms: int
) -> list[int]:
    """The first jobs in this order, unknown values last: asked for after the known ones, so that an index can give the
    order.
    """
    if order.sort not in BOOKED:
        found = _with_totals(condition) if needs_totals(wanted) else select(jobs.c.job_ref).where(condition)
        key = elapsed_s(now_ms) if order.sort == "elapsed_s" else _COLUMNS[order.sort]
        return _known_first(connection, found, key, order, reach)
    known = select(jobs.c.job_ref).join_from(job_totals, jobs, jobs.c.job_ref == job_totals.c.job_ref)
    value, is_known = ORDERS[order.sort]
    by = _by(value, job_totals.c.job_ref, order, reach)
    refs = list(connection.execute(known.where(condition, is_known).order_by(*by).limit(order.count)).scalars())
    if len(refs) == order.count:
        return refs
    # A job without totals may have a figure all the same: of accounting.
    unknown = or_(BOOKED[order.sort].is_(None), job_totals.c.job_ref.is_(None))
    return refs + _rest(connection, _with_totals(condition).where(unknown), order.count - len(refs), reach)


def _known_first(connection: Connection, found: Select[Any], key: Expression, order: Order, reach: Reach) -> list[int]:
    nullable = getattr(key, "nullable", False)
    known = found.where(key.is_not(None)) if nullable else found
    by = _by(key, jobs.c.job_ref, order, reach)
    refs = list(connection.execute(known.order_by(*by).limit(order.count)).scalars())
    if not nullable or len(refs) == order.count:
        return refs
    return refs + _rest(connection, found.where(key.is_(None)), order.count - len(refs), reach)


def _rest(connection: Connection, unknown: Select[Any], count: int, reach: Reach) -> list[int]:
    by = _sorting(jobs.c.job_ref, reach).desc()
    return list(connection.execute(unknown.order_by(by).limit(count)).scalars())


def _with_totals(condition: ColumnElement[bool]) -> Select[Any]:
    joined = select(jobs.c.job_ref).outerjoin_from(jobs, job_totals, job_totals.c.job_ref == jobs.c.job_ref)
    return joined.where(condition)


def _by(key: Expression, tie: Expression, order: Order, reach: Reach) -> tuple[Expression, Expression]:
    by = key if order.sort == "start_ms" else _sorting(key, reach)
    return (by.desc(), tie.desc()) if order.descending else (by.asc(), tie.asc())


def _sorting(key: Expression, reach: Reach) -> Expression:
    return key if reach.ordered else func.coalesce(key, null())  # no index has this
