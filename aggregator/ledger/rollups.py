"""Sums of bookings by user, account, partition, QOS, array, node and group, over the site's hours, days, weeks, months.

Bookings mark the buckets they change (`stale`). Hours are summed from bookings, days from hours, weeks and months from
days: each is always summed anew as a whole, so that what grew step by step equals what is summed at once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, String, case, cast, delete, func, insert, literal, select

from aggregator.ledger import stale
from aggregator.ledger.rows import Row, insert_rows
from aggregator.ledger.sums import sums_of, sums_of_bookings
from aggregator.ledger.tables import bookings, jobs, rollups
from maxwatt.domain.energy import Account
from maxwatt.domain.periods import Period, end_of, start_of
from maxwatt.domain.rollups import JOB_DIMENSIONS, SUMS, Dimension

COLUMNS: Final = tuple(column.name for column in rollups.columns)

GroupOf = Callable[[str], str]
"""Home group of a node by its name."""

_JOB_COLUMN: Final[Mapping[Dimension, Any]] = {
    Dimension.USER: jobs.c.user,
    Dimension.ACCOUNT: jobs.c.account,
    Dimension.PARTITION: jobs.c.partition,
    Dimension.QOS: jobs.c.qos,
    Dimension.ARRAY: cast(jobs.c.array_job_id, String),
}
_FINER: Final = {Period.DAY: Period.HOUR, Period.WEEK: Period.DAY, Period.MONTH: Period.DAY}


def sum_hours(connection: Connection, hours: Iterable[int], zone: ZoneInfo, group_of: GroupOf) -> None:
    """Sum whole hours anew from their bookings, and mark their days.

    Args:
        hours: their starts [epoch ms UTC].
    """
    for start_ms in hours:
        sum_bookings(connection, Period.HOUR, start_ms, end_of(Period.HOUR, start_ms, zone), group_of)
        days = {(period, start_of(period, start_ms, zone)) for period in (Period.DAY, Period.UTC_DAY)}
        # An hour of a half-hour zone may reach into the next UTC day.
        last_ms = end_of(Period.HOUR, start_ms, zone) - 1
        stale.mark_periods(connection, days | {(Period.UTC_DAY, start_of(Period.UTC_DAY, last_ms, zone))})


def sum_bookings(connection: Connection, period: Period, start_ms: int, end_ms: int, group_of: GroupOf) -> None:
    """Sum a time anew from its bookings [epoch ms UTC]."""
    _clear(connection, period, start_ms)
    for dimension in (Dimension.CLUSTER, Dimension.NODE, *JOB_DIMENSIONS):
        part = booked_sums(dimension, start_ms, end_ms).subquery()
        head = (literal(int(period)), literal(start_ms), literal(int(dimension)))
        _insert(connection, select(*head, part))
    _insert_groups(connection, period, start_ms, group_of)


def sum_finer(connection: Connection, period: Period, start_ms: int, zone: ZoneInfo) -> None:
    """Sum a day from its hours, a week or month from its days."""
    _clear(connection, period, start_ms)
    part = rollups.c
    end_ms = end_of(period, start_ms, zone)
    inside = (part.period == int(_FINER[period])) & (part.start_ms >= start_ms) & (part.start_ms < end_ms)
    keys = (part.dimension, part.name, part.account)
    figures = (*sums_of(rollups), func.sum(part.jobs_started), func.min(part.method_version))
    head = (literal(int(period)), literal(start_ms))
    _insert(connection, select(*head, *keys, *figures).where(inside).group_by(*keys))


def _clear(connection: Connection, period: Period, start_ms: int) -> None:
    same = (rollups.c.period == int(period)) & (rollups.c.start_ms == start_ms)
    connection.execute(delete(rollups).where(same))


def _insert(connection: Connection, rows: Select[Any]) -> None:
    connection.execute(insert(rollups).from_select(COLUMNS, rows))


def name_of_job(dimension: Dimension) -> Any:
    """The column, or what is made of it, that gives a job its name in a dimension."""
    return _JOB_COLUMN[dimension]


def booked_sums(dimension: Dimension, start_ms: int, end_ms: int) -> Select[Any]:
    """Sums of the bookings of a time [epoch ms UTC] by name and account: the columns of a rollup behind its key.

    Args:
        dimension: any but NODE_GROUP: which node is in which group the database does not know.
    """
    if dimension is Dimension.NODE:
        return _of_nodes(start_ms, end_ms)
    if dimension is Dimension.CLUSTER:
        return _of_cluster(start_ms, end_ms)
    return _of_jobs(start_ms, end_ms, _JOB_COLUMN[dimension])


def _figures(started: Any) -> tuple[Any, ...]:
    oldest = func.min(bookings.c.method_version).label("method_version")
    return (*sums_of_bookings(), started.label("jobs_started"), oldest)


def _of_jobs(start_ms: int, end_ms: int, name: Any) -> Select[Any]:
    job = literal(int(Account.JOB)).label("account")
    return (
        select(name.label("name"), job, *_figures(func.count(_began(start_ms, end_ms).distinct())))
        .join_from(bookings, jobs, jobs.c.job_ref == bookings.c.job_ref)
        .where(bookings.c.account == int(Account.JOB), _within(start_ms, end_ms), name.is_not(None))
        .group_by(name)
    )


def _of_cluster(start_ms: int, end_ms: int) -> Select[Any]:
    booked = bookings.c
    own = (booked.account == int(Account.JOB)) & (jobs.c.job_ref == booked.job_ref)
    started = func.count(_began(start_ms, end_ms).distinct())
    return (
        select(literal("").label("name"), booked.account, *_figures(started))
        .outerjoin_from(bookings, jobs, own)
        .where(_within(start_ms, end_ms))
        .group_by(booked.account)
    )


def _of_nodes(start_ms: int, end_ms: int) -> Select[Any]:
    """A job may be on several nodes: it is counted on none."""
    booked = bookings.c
    uncounted = cast(None, rollups.c.jobs_started.type)
    found = select(booked.node.label("name"), booked.account, *_figures(uncounted)).where(_within(start_ms, end_ms))
    return found.group_by(booked.node, booked.account)


def _began(start_ms: int, end_ms: int) -> Any:
    """The job, where it began in a time."""
    return case(((jobs.c.start_ms >= start_ms) & (jobs.c.start_ms < end_ms), jobs.c.job_ref))


def _within(start_ms: int, end_ms: int) -> Any:
    return (bookings.c.bucket_ms >= start_ms) & (bookings.c.bucket_ms < end_ms)


def _rows(period: Period, start_ms: int, dimension: Dimension) -> Any:
    part = rollups.c
    return (part.period == int(period)) & (part.start_ms == start_ms) & (part.dimension == int(dimension))


def _insert_groups(connection: Connection, period: Period, start_ms: int, group_of: GroupOf) -> None:
    """Sums of the node groups: which node is in which is the configuration's to say, not the database's."""
    part = rollups.c
    nodes = select(part.name, part.account, *(part[name] for name in SUMS), part.method_version)
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in connection.execute(nodes.where(_rows(period, start_ms, Dimension.NODE))):
        groups[group_of(row.name), row.account].append(tuple(row)[2:])
    rows = [(int(period), start_ms, int(Dimension.NODE_GROUP), *key, *_added(parts)) for key, parts in groups.items()]
    insert_rows(connection, rollups, rows)


def _added(parts: list[Row]) -> Row:
    *sums, versions = zip(*parts, strict=True)
    return (*(sum(values) for values in sums), None, min(versions))
