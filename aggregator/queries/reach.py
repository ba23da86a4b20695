"""How far back the job table looks where no index gives its answer at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select, true, union_all

from aggregator.ledger.tables import jobs
from aggregator.queries.expressions import Expression, visible_parts
from aggregator.queries.job_text import is_number
from aggregator.queries.models import JobFilter
from maxwatt.domain.viewer import Viewer

LOOKED: Final = 50_000
"""So many jobs a page has looked through, unless somebody asks for all: some hundredths of a second."""

OWN: Final = "own"
"""What leads to the jobs is that the viewer may see them."""

NUMBER: Final = "number"
"""The number of a job or array leads to it, however old it is."""

EVERYTHING: Final = ""
"""Nothing narrows the question."""

_INDEXED: Final = ("start_ms", "end_ms", "user", "account", "partition", "state", "name", "energy_j", "waste_j")
"""Orders of all jobs that an index has."""

_LEADS: Final = ("user", "name", "account", "partition")
"""Columns whose index goes on with the start of the job, but for `state`; those with few jobs first."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which jobs a question looks through.

    Args:
        lead: the column whose index has to lead to them, or one of OWN, NUMBER and EVERYTHING.
        since_ms: those that began before this are not looked at; None: all are [epoch ms].
        ordered: whether an index may give the order: it would lead past everything that is not looked at.
    """

    lead: str = EVERYTHING
    since_ms: int | None = None
    ordered: bool = True

    def column(self, name: str) -> Expression:
        """A column of `jobs` for a condition: hidden from the database's choice of an index where another one leads."""
        column: Expression = jobs.c[name]
        return column if self.lead in {EVERYTHING, name} else column.concat("")

    @property
    def own_leads(self) -> bool:
        """Whether the condition of what the viewer may see is for an index to find."""
        return self.lead in {EVERYTHING, OWN}


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for first: so many jobs in the order of a field."""

    sort: str
    descending: bool
    count: int

    @property
    def is_newest_first(self) -> bool:
        """Whether jobs that began earlier come later."""
        return self.sort == "start_ms" and self.descending


def reach_of(connection: Connection, viewer: Viewer, wanted: JobFilter, order: Order) -> Reach:
    """The newest `wanted.newest` jobs of what narrows the question best, or all where an index gives the answer."""
    if (text := wanted.text.strip()) and is_number(connection, viewer, text):
        return Reach(NUMBER, ordered=False)
    if wanted.newest is None:
        return Reach()
    if wanted.array_job_id is not None:
        return Reach("array_job_id", ordered=False)
    ways, started = _ways(viewer, wanted), list(started_within(connection, wanted))
    if _is_served(ways, wanted, order):
        return Reach(next(iter(ways)))
    most = order.count if _is_newest(ways, wanted, order) else wanted.newest
    found: list[tuple[int, str]] = []
    for count in (most,) if len(ways) == 1 else (most // 10, most // 3, most):  # what has few jobs leads best
        found = []
        for lead, parts in ways.items():
            since_ms = _since_ms(connection, parts, started, count)
            if since_ms is None:
                return Reach(lead, ordered=False)
            found.append((since_ms, lead))
    since_ms, lead = min(found)
    return Reach(lead, since_ms, ordered=False)


def started_within(connection: Connection, wanted: JobFilter) -> Iterator[ColumnElement[bool]]:
    """Bounds of the starts of jobs that overlap the time asked for.

    What ended after the time's start began at most the longest job's length before it: an index of starts finds that.
    """
    if wanted.until_ms is not None:
        yield jobs.c.start_ms < wanted.until_ms
    if wanted.since_ms is not None:
        longest_ms = connection.execute(select(func.max(jobs.c.end_ms - jobs.c.start_ms))).scalar() or 0
        oldest_ms = connection.execute(select(func.min(jobs.c.start_ms)).where(jobs.c.end_ms.is_(None))).scalar()
        first_ms = wanted.since_ms - longest_ms
        yield jobs.c.start_ms >= (first_ms if oldest_ms is None else min(first_ms, oldest_ms))


def _ways(viewer: Viewer, wanted: JobFilter) -> Mapping[str, Sequence[ColumnElement[bool]]]:
    """What can lead to the jobs, each as conditions of which any has to hold; those with few jobs first."""
    found = {} if viewer.sees_all else {OWN: visible_parts(viewer)}
    found |= {name: (jobs.c[name] == value,) for name in _LEADS if (value := getattr(wanted, name))}
    if wanted.states:
        found["state"] = tuple(jobs.c.state == state for state in wanted.states)
    return found or {EVERYTHING: (true(),)}


def _is_served(ways: Mapping[str, Sequence[object]], wanted: JobFilter, order: Order) -> bool:
    """Whether an index gives the first jobs of the order without looking at many others."""
    (parts, *others) = ways.values()
    if others or len(parts) > 1 or _is_looked_through(wanted):
        return False
    everything = EVERYTHING in ways and wanted.since_ms is None and wanted.until_ms is None
    return order.sort == "start_ms" or (everything and order.sort in _INDEXED)


def _is_newest(ways: Mapping[str, Sequence[object]], wanted: JobFilter, order: Order) -> bool:
    """Whether the newest so many of each part hold the newest so many of all."""
    return order.is_newest_first and len(ways) == 1 and wanted.since_ms is None and not _is_looked_through(wanted)


def _is_looked_through(wanted: JobFilter) -> bool:
    """Whether the filter has a condition that no index of starts has."""
    return bool(wanted.qos or wanted.text.strip() or wanted.nodes.strip() or wanted.tags or wanted.ranges)


def _since_ms(
    connection: Connection, parts: Sequence[ColumnElement[bool]], started: Sequence[ColumnElement[bool]], count: int
) -> int | None:
    """Start of the newest job of these parts with `count` newer ones; None: there are not so many.

    The database merges the parts, each by its index.
    """
    starts = union_all(*(select(jobs.c.start_ms).where(part, *started) for part in parts)).subquery().c.start_ms
    start_ms: int | None = connection.execute(select(starts).order_by(starts.desc()).offset(count).limit(1)).scalar()
    return start_ms
