"""What a filter of jobs means in SQL. Nothing of its text reaches the database but as a bound parameter."""

import operator
from collections.abc import Iterator
from functools import reduce
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select, true

from aggregator.ledger.tables import allocations, job_totals, jobs
from aggregator.queries.expressions import Expression, visible
from aggregator.queries.job_rows import cpu_efficiency
from aggregator.queries.job_text import named, numbered, on_nodes
from aggregator.queries.models import FigureRange, JobFilter
from aggregator.queries.reach import NUMBER, Reach, started_within
from maxwatt.domain.energy import ENERGY_COLUMNS
from maxwatt.domain.errors import InputError
from maxwatt.domain.hostlist import expand
from maxwatt.domain.rollups import VALUE_COLUMNS, unknown_of
from maxwatt.domain.tags import SEPARATORS
from maxwatt.domain.units import MS_PER_S
from maxwatt.domain.viewer import Viewer

MAX_NODES: Final = 1000
"""Most nodes that a filter may name."""

_EQUAL: Final = ("user", "partition", "account", "qos", "name")
_TOTAL: Final[Any] = job_totals.c


_ALLOCATED: Final[Any] = (
    select(func.nullif(func.sum(allocations.c.memory_bytes), 0))
    .where(allocations.c.job_ref == jobs.c.job_ref)
    .correlate(jobs)
    .scalar_subquery()
)


def _known(value: Expression, unknown: Expression) -> Expression:
    return case((unknown == 0, value))


BOOKED: Final[dict[str, Expression]] = {
    "energy_j": reduce(operator.add, (_TOTAL[name] for name in ENERGY_COLUMNS)),
    **{name: _known(_TOTAL[name], _TOTAL[unknown_of(name)]) for name in VALUE_COLUMNS},
    "waste_j": _known(_TOTAL.waste_j, _TOTAL.waste_unknown_j),
    "cpu_efficiency": cpu_efficiency(_known(_TOTAL.cpu_used_s, _TOTAL.cpu_unknown_s), _TOTAL.cpu_reserved_s),
    "memory_efficiency": _TOTAL.memory_peak_bytes / func.coalesce(func.nullif(jobs.c.memory_bytes, 0), _ALLOCATED),
}
"""Figures from the totals of whole jobs, which follow the bookings at the end of each round; null is unknown.

Memory is the peak of the nodes that were sampled: where one was not, the table shows no efficiency.
"""

ORDERS: Final[dict[str, tuple[Expression, ColumnElement[bool]]]] = {
    name: (value, value.is_not(None)) for name, value in BOOKED.items()
} | {
    "energy_j": (BOOKED["energy_j"], true()),
    **{name: (_TOTAL[name], _TOTAL[unknown_of(name)] == 0) for name in VALUE_COLUMNS},
    "waste_j": (_TOTAL.waste_j, _TOTAL.waste_unknown_j == 0),
}
"""For each of them what `job_totals` is ordered by, so that an index can do it, and the condition that it is known."""

FIGURES: Final = (*BOOKED, "elapsed_s", "gpu_count", "node_count", "cpus")
"""What a range may be asked of."""


def elapsed_s(now_ms: int) -> Expression:
    """Seconds that a job ran; of one that runs, up to now."""
    return (func.coalesce(jobs.c.end_ms, now_ms) - jobs.c.start_ms) / float(MS_PER_S)


def needs_totals(wanted: JobFilter) -> bool:
    """Whether `job_totals` has to be joined for the conditions."""
    return any(each.figure in BOOKED for each in wanted.ranges)


def conditions(
    connection: Connection, viewer: Viewer, wanted: JobFilter, reach: Reach, now_ms: int
) -> ColumnElement[bool]:
    """Condition on `jobs` (and `job_totals`, see `needs_totals`): what the viewer may see of what is wanted.

    Raises:
        InputError: a figure that is none, or a host list that cannot be read or names more than MAX_NODES.
    """
    return and_(visible(viewer, first=reach.own_leads), *_conditions(connection, wanted, reach, now_ms))


def _conditions(connection: Connection, wanted: JobFilter, reach: Reach, now_ms: int) -> Iterator[ColumnElement[bool]]:
    yield from (reach.column(name) == value for name in _EQUAL if (value := getattr(wanted, name)))
    if wanted.array_job_id is not None:
        yield jobs.c.array_job_id == wanted.array_job_id
    if wanted.states:
        yield reach.column("state").in_(wanted.states)
    if wanted.nodes.strip():
        yield on_nodes(_host_names(wanted.nodes.strip()))
    if text := wanted.text.strip():
        yield numbered(connection, text) if reach.lead == NUMBER else named(connection, text)
    if reach.since_ms is not None:
        yield jobs.c.start_ms >= reach.since_ms
    yield from (_tagged(tag) for tag in wanted.tags)
    yield from started_within(connection, wanted)
    if wanted.since_ms is not None:
        yield or_(jobs.c.end_ms.is_(None), jobs.c.end_ms > wanted.since_ms)
    for one in wanted.ranges:
        yield from _in_range(one, now_ms)


def _host_names(text: str) -> tuple[str, ...]:
    names = expand(text)
    if len(names) > MAX_NODES:
        raise InputError(f"host list {text[:60]!r} names {len(names)} nodes; at most {MAX_NODES} can be asked for")
    return names


def _in_range(one: FigureRange, now_ms: int) -> Iterator[ColumnElement[bool]]:
    if one.figure not in FIGURES:
        raise InputError(f"jobs have no figure {one.figure!r}; known: {', '.join(FIGURES)}")
    booked = BOOKED.get(one.figure)
    value: Any = booked if booked is not None else jobs.c.get(one.figure)
    value = elapsed_s(now_ms) if value is None else value
    if one.low is not None:
        yield value >= one.low
    if one.high is not None:
        yield value <= one.high


def _tagged(tag: str) -> ColumnElement[bool]:
    """The comment holds this word, in any case."""
    comment: Expression = jobs.c.comment
    for separator in SEPARATORS:
        comment = func.replace(comment, separator, " ")
    words = literal(" ") + comment + literal(" ")
    return and_(jobs.c.comment != "", words.icontains(f" {tag} ", autoescape=True))
