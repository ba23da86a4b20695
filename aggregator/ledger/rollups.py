"""Sums of bookings by user, account, partition, QOS, array, node and group, over the site's hours, days, weeks, months.

Bookings mark the buckets they change (`stale`). Hours are summed from bookings, days from hours, weeks and months from
days: each is always summed anew as a whole, so that what grew step by step equals what is summed at once.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    CTE,
    BigInteger,
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    String,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from aggregator.ledger import stale
from aggregator.ledger.rows import Row, insert_rows
from aggregator.ledger.sums import sums_of, sums_of_bookings
from aggregator.ledger.tables import bookings, jobs, rollups, users
from maxwatt.domain.energy import Account
from maxwatt.domain.periods import HOUR_MS, Period, end_of, start_of
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


@dataclass(frozen=True, slots=True)
class Slots:
    """A time [first, end) cut into slots of one length, counted from an origin [epoch ms UTC]; a parameter may stand
    for its first and end.
    """

    first_ms: Any
    end_ms: Any
    origin_ms: int
    step_ms: int

    @classmethod
    def one(cls, start_ms: int, end_ms: int) -> "Slots":
        """The time as a single slot."""
        return cls(start_ms, end_ms, start_ms, max(1, end_ms - start_ms))

    @classmethod
    def given(cls) -> "Slots":
        """A single slot of the time that the parameters `first_ms` and `end_ms` give: for statements made once."""
        first, end = (bindparam(name, type_=BigInteger) for name in ("first_ms", "end_ms"))
        return cls(first, end, 0, 1 << 62)


def sum_hours(connection: Connection, first_ms: int, end_ms: int, zone: ZoneInfo, group_of: GroupOf) -> None:
    """Sum whole hours of one day anew from their bookings, and mark what consists of them.

    Args:
        first_ms, end_ms: of the hours [epoch ms UTC].
    """
    day_ms = start_of(Period.DAY, first_ms, zone)
    sum_bookings(connection, Period.HOUR, Slots(first_ms, end_ms, day_ms, HOUR_MS), group_of)
    # A site's day reaches into two UTC days.
    utc_days = {(Period.UTC_DAY, start_of(Period.UTC_DAY, ms, zone)) for ms in (first_ms, end_ms - 1)}
    stale.mark_periods(connection, {(Period.DAY, day_ms), *utc_days})


def sum_bookings(connection: Connection, period: Period, slots: Slots, group_of: GroupOf) -> None:
    """Sum slots anew from their bookings."""
    _clear(connection, period, slots.first_ms, slots.end_ms)
    _insert(connection, _all_of_jobs(period, slots))
    for dimension, sums in ((Dimension.USER, _of_sessions(slots)), (Dimension.NODE, _of_nodes(slots))):
        part = sums.subquery().c
        head = (literal(int(period)), part.start_ms, literal(int(dimension)))
        _insert(connection, select(*head, *(column for column in part if column.name != "start_ms")))
    _insert(connection, _cluster_of_sums(period, slots))
    _insert_groups(connection, period, slots, group_of)


def sum_finer(connection: Connection, period: Period, start_ms: int, zone: ZoneInfo) -> None:
    """Sum a day from its hours, a week or month from its days."""
    _clear(connection, period, start_ms, start_ms + 1)
    part = rollups.c
    inside = _rows(_FINER[period], start_ms, end_of(period, start_ms, zone))
    keys = (part.dimension, part.name, part.account)
    figures = (*sums_of(rollups), func.sum(part.jobs_started), func.min(part.method_version))
    head = (literal(int(period)), literal(start_ms))
    _insert(connection, select(*head, *keys, *figures).where(inside).group_by(*keys))


def _clear(connection: Connection, period: Period, first_ms: int, end_ms: int) -> None:
    connection.execute(delete(rollups).where(_rows(period, first_ms, end_ms)))


def _insert(connection: Connection, rows: Select[Any] | CompoundSelect[Any]) -> None:
    connection.execute(insert(rollups).from_select(COLUMNS, rows))


def name_of_job(dimension: Dimension) -> Any:
    """The column, or what is made of it, that gives a job its name in a dimension."""
    return _JOB_COLUMN[dimension]


def booked_sums(
    dimension: Dimension, slots: Slots, of: ColumnElement[bool] | None = None
) -> Select[Any] | CompoundSelect[Any]:
    """Sums of bookings by slot, name and account, in the order of a rollup's columns: `start_ms`, `name`, …

    Args:
        dimension: any but NODE_GROUP: which node is in which group the database does not know.
        of: condition on `bookings`; None: all of the time.
    """
    some = true() if of is None else of
    if dimension is Dimension.NODE:
        return _of_nodes(slots).where(some)
    if dimension is Dimension.CLUSTER:
        return _of_cluster(slots).where(some)
    of_jobs = _of_jobs(slots, _JOB_COLUMN[dimension]).where(some)
    return union_all(of_jobs, _of_sessions(slots).where(some)) if dimension is Dimension.USER else of_jobs


def sums_of_user(slots: Slots, user: str | BindParameter[str]) -> CompoundSelect[Any]:
    """Sums of one user's jobs and sessions, as `booked_sums` has them by user; for times with few bookings."""
    # The expression hides the index of users: it would lead to every job that the user ever had.
    of_jobs = _of_jobs(slots, jobs.c.user).where(jobs.c.user.concat("") == user)
    return union_all(of_jobs, _of_sessions(slots).where(users.c.name == user))


def _all_of_jobs(period: Period, slots: Slots) -> CompoundSelect[Any]:
    """Rows of every dimension of jobs; the bookings are read once, into far fewer rows of equal names."""
    names = [column.label(dimension.name) for dimension, column in _JOB_COLUMN.items()]
    slot = _slot(slots)
    alike = (
        select(slot, *names, *_figures(func.count(_began(slots).distinct())))
        .join_from(bookings, jobs, jobs.c.job_ref == bookings.c.job_ref)
        .where(bookings.c.account == int(Account.JOB), _within(slots))
        .group_by(slot, *_JOB_COLUMN.values())
        .cte("alike")
    )
    return union_all(*(_of_alike(period, alike, dimension) for dimension in JOB_DIMENSIONS))


def _of_alike(period: Period, alike: CTE, dimension: Dimension) -> Select[Any]:
    part, name = alike.c, alike.c[dimension.name]
    head = (literal(int(period)), part.start_ms, literal(int(dimension)), name, literal(int(Account.JOB)))
    figures = (*sums_of(alike), func.sum(part.jobs_started), func.min(part.method_version))
    return select(*head, *figures).where(name.is_not(None)).group_by(part.start_ms, name)


def _cluster_of_sums(period: Period, slots: Slots) -> Select[Any]:
    """Jobs from the users, of whom each job has one; all else from the nodes."""
    part, job = rollups.c, int(Account.JOB)
    of_jobs = (part.dimension == int(Dimension.USER)) & (part.account == job)
    others = (part.dimension == int(Dimension.NODE)) & (part.account != job)
    figures = (*sums_of(rollups), func.sum(part.jobs_started), func.min(part.method_version))
    return (
        select(
            literal(int(period)), part.start_ms, literal(int(Dimension.CLUSTER)), literal(""), part.account, *figures
        )
        .where(_rows(period, slots.first_ms, slots.end_ms), or_(of_jobs, others))
        .group_by(part.start_ms, part.account)
    )


def _of_jobs(slots: Slots, name: Any) -> Select[Any]:
    slot, job = _slot(slots), literal(int(Account.JOB)).label("account")
    return (
        select(slot, name.label("name"), job, *_figures(func.count(_began(slots).distinct())))
        .join_from(bookings, jobs, jobs.c.job_ref == bookings.c.job_ref)
        .where(bookings.c.account == int(Account.JOB), _within(slots), name.is_not(None))
        .group_by(slot, name)
    )


def _of_sessions(slots: Slots) -> Select[Any]:
    """Logins have a user, but no account, partition or QOS: those are Slurm's words."""
    slot, session = _slot(slots), literal(int(Account.SESSION)).label("account")
    uncounted = cast(None, rollups.c.jobs_started.type)
    return (
        select(slot, users.c.name, session, *_figures(uncounted))
        .join_from(bookings, users, users.c.uid == bookings.c.job_ref)
        .where(bookings.c.account == int(Account.SESSION), _within(slots))
        .group_by(slot, users.c.name)
    )


def _of_cluster(slots: Slots) -> Select[Any]:
    booked, slot = bookings.c, _slot(slots)
    own = (booked.account == int(Account.JOB)) & (jobs.c.job_ref == booked.job_ref)
    return (
        select(slot, literal("").label("name"), booked.account, *_figures(func.count(_began(slots).distinct())))
        .outerjoin_from(bookings, jobs, own)
        .where(_within(slots))
        .group_by(slot, booked.account)
    )


def _of_nodes(slots: Slots) -> Select[Any]:
    """A job may be on several nodes: it is counted on none."""
    booked, slot = bookings.c, _slot(slots)
    uncounted = cast(None, rollups.c.jobs_started.type)
    found = select(slot, booked.node.label("name"), booked.account, *_figures(uncounted)).where(_within(slots))
    return found.group_by(slot, booked.node, booked.account)


def _figures(started: Any) -> tuple[Any, ...]:
    oldest = func.min(bookings.c.method_version).label("method_version")
    return (*sums_of_bookings(), started.label("jobs_started"), oldest)


def _slot(slots: Slots) -> Any:
    """Start of the slot of a booking [epoch ms UTC]."""
    bucket = bookings.c.bucket_ms
    return (bucket - (bucket - literal_column(str(slots.origin_ms))) % literal_column(str(slots.step_ms))).label(
        "start_ms"
    )


def _began(slots: Slots) -> Any:
    """The job, where it began in the slot of its booking."""
    slot, start_ms = _slot(slots).element, jobs.c.start_ms
    within = (start_ms >= slots.first_ms) & (start_ms < slots.end_ms)
    return case(((start_ms >= slot) & (start_ms < slot + slots.step_ms) & within, jobs.c.job_ref))


def _within(slots: Slots) -> Any:
    return (bookings.c.bucket_ms >= slots.first_ms) & (bookings.c.bucket_ms < slots.end_ms)


def _rows(period: Period, first_ms: int, end_ms: int) -> Any:
    part = rollups.c
    return (part.period == int(period)) & (part.start_ms >= first_ms) & (part.start_ms < end_ms)


def _insert_groups(connection: Connection, period: Period, slots: Slots, group_of: GroupOf) -> None:
    """Sums of the node groups: which node is in which is the configuration's to say, not the database's."""
    part = rollups.c
    nodes = select(part.start_ms, part.name, part.account, *(part[name] for name in SUMS), part.method_version)
    of_nodes = _rows(period, slots.first_ms, slots.end_ms) & (part.dimension == int(Dimension.NODE))
    groups: dict[tuple[int, str, int], list[Row]] = defaultdict(list)
    for row in connection.execute(nodes.where(of_nodes)):
        groups[row.start_ms, group_of(row.name), row.account].append(tuple(row)[3:])
    rows = [
        (int(period), start_ms, int(Dimension.NODE_GROUP), name, account, *_added(parts))
        for (start_ms, name, account), parts in groups.items()
    ]
    insert_rows(connection, rollups, rows)


def _added(parts: list[Row]) -> Row:
    *sums, versions = zip(*parts, strict=True)
    return (*(sum(values) for values in sums), None, min(versions))
