"""The table of jobs: filter, sort, one page of it."""

import operator
from functools import reduce
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from aggregator.ledger.tables import job_totals, jobs
from aggregator.queries.expressions import Expression, visible
from aggregator.queries.job_detail import has_id
from aggregator.queries.job_rows import cpu_efficiency, job_rows
from aggregator.queries.models import JobFilter, JobPage, JobRow
from maxwatt.domain.energy import ENERGY_COLUMNS
from maxwatt.domain.errors import InputError
from maxwatt.domain.rollups import VALUE_COLUMNS, unknown_of
from maxwatt.domain.viewer import Viewer

MAX_LIMIT: Final = 1000
"""Most rows of one page."""

_COLUMNS: Final = {
    name: jobs.c[name]
    for name in (
        *("job_id", "start_ms", "end_ms", "name", "user", "account", "partition", "state", "exit_code"),
        *("node_count", "cpus", "gpu_count", "time_limit_s"),
    )
}


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

    Jobs are filtered, sorted and cut first; only the bookings of the page are summed. A booked figure sorts by the
    totals of whole jobs.

    Raises:
        InputError: an unknown sort key, or a negative offset or limit.
    """
    if offset < 0 or limit < 0:
        raise InputError(f"offset and limit must not be negative, not {offset} and {limit}")
    condition = and_(visible(viewer), *_conditions(wanted))
    total = connection.execute(select(func.count()).select_from(jobs).where(condition)).scalar_one()
    page = _sorted(condition, sort, descending, now_ms).offset(offset).limit(min(limit, MAX_LIMIT))
    job_refs = [row.job_ref for row in connection.execute(page)]
    return JobPage(job_rows(connection, job_refs, now_ms), total)


def job_attempts(connection: Connection, viewer: Viewer, job_id: int, now_ms: int) -> tuple[JobRow, ...]:
    """Every attempt of a job id (a requeue starts another), oldest first."""
    mine = select(jobs.c.job_ref).where(has_id(connection, job_id), visible(viewer)).order_by(jobs.c.start_ms)
    return job_rows(connection, list(connection.execute(mine).scalars()), now_ms)


def _conditions(wanted: JobFilter) -> list[ColumnElement[bool]]:
    conditions = [
        jobs.c[name] == value for name in ("user", "partition", "account", "state") if (value := getattr(wanted, name))
    ]
    if wanted.since_ms is not None:
        conditions.append(or_(jobs.c.end_ms.is_(None), jobs.c.end_ms > wanted.since_ms))
    if wanted.until_ms is not None:
        conditions.append(jobs.c.start_ms < wanted.until_ms)
    if wanted.text.strip():
        conditions.append(_text_condition(wanted.text.strip()))
    return conditions


def _text_condition(text: str) -> ColumnElement[bool]:
    """Part of the name or the host list in any case, an id (`123`), or an array task or het part (`123_4`, `123+1`)."""
    matches: list[ColumnElement[bool]] = [
        jobs.c.name.icontains(text, autoescape=True),
        jobs.c.node_list.icontains(text, autoescape=True),
    ]
    if _is_id(text):
        matches += [jobs.c.job_id == int(text), jobs.c.array_job_id == int(text), jobs.c.het_job_id == int(text)]
    for sign, whole, part in (
        ("_", jobs.c.array_job_id, jobs.c.array_task_id),
        ("+", jobs.c.het_job_id, jobs.c.het_offset),
    ):
        first, _, second = text.partition(sign)
        if _is_id(first) and _is_id(second):
            matches.append(and_(whole == int(first), part == int(second)))
    return or_(*matches)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19  # a longer number fits no ledger column


def _sorted(condition: ColumnElement[bool], sort: str, descending: bool, now_ms: int) -> Select[Any]:
    if sort in _BOOKED:
        return _sorted_by_booked(condition, sort, descending)
    if sort == "elapsed_s":
        return _ordered(condition, func.coalesce(jobs.c.end_ms, now_ms) - jobs.c.start_ms, descending)
    if sort not in _COLUMNS:
        raise InputError(f"jobs cannot be sorted by {sort!r}; known: {', '.join(SORT_KEYS)}")
    return _ordered(condition, _COLUMNS[sort], descending)


def _ordered(condition: ColumnElement[bool], key: Expression, descending: bool) -> Select[Any]:
    order: Expression = key.desc() if descending else key.asc()
    if getattr(key, "nullable", True):  # only where needed: it keeps an index from giving the order
        order = order.nulls_last()
    tie = jobs.c.job_ref.desc() if descending else jobs.c.job_ref.asc()
    return select(jobs.c.job_ref).where(condition).order_by(order, tie)


def _sorted_by_booked(condition: ColumnElement[bool], sort: str, descending: bool) -> Select[Any]:
    """By the totals of whole jobs, which follow the bookings at the end of each round."""
    statement = _ordered(condition, _BOOKED[sort], descending)
    return statement.outerjoin_from(jobs, job_totals, job_totals.c.job_ref == jobs.c.job_ref)


def _known(value: Expression, unknown: Expression) -> Expression:
    return case((unknown == 0, value))


_TOTAL: Final[Any] = job_totals.c
_BOOKED: Final[dict[str, Expression]] = {
    "energy_j": reduce(operator.add, (_TOTAL[name] for name in ENERGY_COLUMNS)),
    **{name: _known(_TOTAL[name], _TOTAL[unknown_of(name)]) for name in VALUE_COLUMNS},
    "waste_j": _known(_TOTAL.waste_j, _TOTAL.waste_unknown_j),
    "cpu_efficiency": cpu_efficiency(_known(_TOTAL.cpu_used_s, _TOTAL.cpu_unknown_s), _TOTAL.cpu_reserved_s),
}

SORT_KEYS: Final = (*_COLUMNS, "elapsed_s", *_BOOKED)
"""Fields of JobRow that the table can be sorted by."""
