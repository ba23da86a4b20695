"""The table of jobs: filter, sort, one page of it."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, select

from aggregator.ledger.tables import job_totals, jobs
from aggregator.queries.expressions import Expression, visible
from aggregator.queries.job_conditions import BOOKED, conditions, elapsed_s, needs_totals
from aggregator.queries.job_detail import has_id
from aggregator.queries.job_rows import job_rows
from aggregator.queries.models import JobFilter, JobPage, JobRow
from maxwatt.domain.errors import InputError
from maxwatt.domain.viewer import Viewer

MAX_LIMIT: Final = 1000
"""Most rows of one page."""

MAX_COUNTED: Final = 10_000
"""Jobs are counted up to here; beyond it a page says that there are more."""

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
) -> JobPage:
    """Jobs `offset` to `offset + limit` (at most MAX_LIMIT) of those the viewer may see; unknown values come last.

    One question gives the order and the count, which is bounded by MAX_COUNTED and the page's end; only the bookings of
    the page are summed. A booked figure sorts by the totals of whole jobs.

    Raises:
        InputError: an unknown sort key, a negative offset or limit, or a filter that cannot be read.
    """
    if offset < 0 or limit < 0:
        raise InputError(f"offset and limit must not be negative, not {offset} and {limit}")
    limit = min(limit, MAX_LIMIT)
    bound = max(MAX_COUNTED, offset + limit)
    condition = and_(visible(viewer), *conditions(connection, wanted, now_ms))
    refs = sorted_refs(connection, wanted, condition, _key(sort, now_ms), descending=descending, count=bound + 1)
    page = job_rows(connection, refs[offset : offset + limit], now_ms)
    return JobPage(page, min(len(refs), bound), more=len(refs) > bound)


def job_attempts(connection: Connection, viewer: Viewer, job_id: int, now_ms: int) -> tuple[JobRow, ...]:
    """Every attempt of a job id (a requeue starts another), oldest first."""
    mine = select(jobs.c.job_ref).where(has_id(connection, job_id), visible(viewer)).order_by(jobs.c.start_ms)
    return job_rows(connection, list(connection.execute(mine).scalars()), now_ms)


def _key(sort: str, now_ms: int) -> Expression:
    if sort not in SORT_KEYS:
        raise InputError(f"jobs cannot be sorted by {sort!r}; known: {', '.join(SORT_KEYS)}")
    if sort == "elapsed_s":
        return elapsed_s(now_ms)
    booked = BOOKED.get(sort)
    return _COLUMNS[sort] if booked is None else booked


def sorted_refs(
    connection: Connection,
    wanted: JobFilter,
    condition: ColumnElement[bool],
    key: Expression,
    *,
    descending: bool,
    count: int,
) -> list[int]:
    """The first `count` jobs in this order, unknown values last: asked for after the known ones, so that an index can
    give the order.
    """
    joined = any(key is each for each in BOOKED.values())
    found: Any = select(jobs.c.job_ref).where(condition)
    if joined or needs_totals(wanted):
        found = found.outerjoin_from(jobs, job_totals, job_totals.c.job_ref == jobs.c.job_ref)
    tie: Any = job_totals.c.job_ref if joined else jobs.c.job_ref
    order = (key.desc(), tie.desc()) if descending else (key.asc(), tie.asc())
    if not joined and not getattr(key, "nullable", False):
        return list(connection.execute(found.order_by(*order).limit(count)).scalars())
    known = found.where(key.is_not(None), *([tie.is_not(None)] if joined else [])).order_by(*order).limit(count)
    refs = list(connection.execute(known).scalars())
    if len(refs) == count:
        return refs
    rest = found.where(key.is_(None)).order_by(jobs.c.job_ref.desc()).limit(count - len(refs))
    return refs + list(connection.execute(rest).scalars())
