"""Working off what is stale: short transactions, each of which leaves the rollups and the marks agreeing."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, delete, func, select

from aggregator.ledger import facts, stale
from aggregator.ledger.job_totals import sum_jobs
from aggregator.ledger.rollups import GroupOf, Slots, sum_bookings, sum_finer, sum_hours
from aggregator.ledger.rows import CHUNK
from aggregator.ledger.tables import bookings, job_totals, rollups, windows
from aggregator.ledger.transactions import writing
from aggregator.ledger.windows import SETTLED
from maxwatt.domain.energy import Account
from maxwatt.domain.periods import Period, end_of, start_of
from maxwatt.domain.units import DAY_MS

HOURS_KEPT_MS: Final = 100 * DAY_MS
"""Sums of hours are kept for this long behind the newest window; those of days and longer for ever."""

_ZONE: Final = "rollups_zone"

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Site:
    """What the sums depend on beside the bookings: the site's time zone and the home group of each node."""

    zone: ZoneInfo
    group_of: GroupOf


def refresh(engine: Engine, site: Site, progress: Progress | None = None) -> None:
    """Sum everything anew that bookings have changed under.

    Args:
        progress: told the share that is done; what it raises ends the work between two transactions.
    """
    write, tell = writing(engine), progress or (lambda _: None)
    with write.begin() as connection:
        _follow_zone(connection, site.zone)
    days = _stale_days(write, site.zone)
    for number, day_ms in enumerate(days):
        with write.begin() as connection:
            _hours_of_day(connection, day_ms, site)
        tell(number / len(days) / 2)
    for number, day_ms in enumerate(days := _marked(write, Period.DAY)):
        with write.begin() as connection:
            _day(connection, day_ms, site.zone)
        tell(0.5 + number / len(days) / 4)
    for period in (Period.WEEK, Period.MONTH):
        for start_ms in _marked(write, period):
            with write.begin() as connection:
                sum_finer(connection, period, start_ms, site.zone)
                stale.clear(connection, period, [start_ms])
    _closed_utc_days(write, site)
    tell(0.75)
    _jobs(write)
    tell(1.0)


def rebuild(engine: Engine) -> None:
    """Forget all sums, so that the next refresh makes them from the bookings."""
    with writing(engine).begin() as connection:
        _forget(connection)
        of_jobs = bookings.c.account == int(Account.JOB)
        refs = connection.execute(select(bookings.c.job_ref).where(of_jobs).distinct()).scalars()
        connection.execute(delete(job_totals))
        stale.mark(connection, [], refs)


def _forget(connection: Connection) -> None:
    connection.execute(delete(rollups))
    buckets = connection.execute(select(bookings.c.bucket_ms).distinct()).scalars()
    stale.mark(connection, buckets, [])


def _follow_zone(connection: Connection, zone: ZoneInfo) -> None:
    """Another time zone has other days."""
    known = facts.get(connection, _ZONE)
    if known == zone.key:
        return
    if known is not None:
        _forget(connection)
    facts.put(connection, _ZONE, zone.key)


def _marked(write: Engine, period: Period) -> list[int]:
    with write.begin() as connection:
        return stale.marked(connection, period)


def _stale_days(write: Engine, zone: ZoneInfo) -> list[int]:
    with write.begin() as connection:
        buckets = stale.marked(connection, stale.BUCKET)
    return [day for day, _ in groupby(buckets, lambda bucket: start_of(Period.DAY, bucket, zone))]


def _hours_of_day(connection: Connection, day_ms: int, site: Site) -> None:
    end_ms = end_of(Period.DAY, day_ms, site.zone)
    # Read again inside the transaction: a bucket marked since is then summed as it is now.
    buckets = [ms for ms in stale.marked(connection, stale.BUCKET) if day_ms <= ms < end_ms]
    if not buckets:
        return
    first_ms = start_of(Period.HOUR, buckets[0], site.zone)
    last_ms = end_of(Period.HOUR, start_of(Period.HOUR, buckets[-1], site.zone), site.zone)
    if day_ms < _hours_kept_from(connection, site.zone):  # of this day there are no hours any more
        first_ms, last_ms = day_ms, end_ms
    sum_hours(connection, first_ms, last_ms, site.zone, site.group_of)
    stale.clear(connection, stale.BUCKET, buckets)


def _day(connection: Connection, day_ms: int, zone: ZoneInfo) -> None:
    sum_finer(connection, Period.DAY, day_ms, zone)
    stale.mark_periods(connection, {(period, start_of(period, day_ms, zone)) for period in (Period.WEEK, Period.MONTH)})
    stale.clear(connection, Period.DAY, [day_ms])
    if not stale.marked(connection, Period.DAY):  # else other days still need their hours
        old = (rollups.c.period == int(Period.HOUR)) & (rollups.c.start_ms < _hours_kept_from(connection, zone))
        connection.execute(delete(rollups).where(old))


def _hours_kept_from(connection: Connection, zone: ZoneInfo) -> int:
    """Midnight of a day: a day has all of its hours, or none."""
    newest: Any = connection.execute(select(func.max(windows.c.bucket_ms))).scalar()
    return 0 if newest is None else start_of(Period.DAY, max(0, int(newest) - HOURS_KEPT_MS), zone)


def _closed_utc_days(write: Engine, site: Site) -> None:
    """UTC days serve `full`, which is told of whole days only: of those whose windows are all closed."""
    for start_ms in _marked(write, Period.UTC_DAY):
        with write.begin() as connection:
            if _is_closed(connection, start_ms, start_ms + DAY_MS):
                sum_bookings(connection, Period.UTC_DAY, Slots.one(start_ms, start_ms + DAY_MS), site.group_of)
                stale.clear(connection, Period.UTC_DAY, [start_ms])


def _is_closed(connection: Connection, start_ms: int, end_ms: int) -> bool:
    inside = (windows.c.bucket_ms >= start_ms) & (windows.c.bucket_ms < end_ms)
    moving = select(func.count()).where(inside, windows.c.state.not_in(SETTLED))
    later = select(func.count()).where(windows.c.bucket_ms >= end_ms)
    return not connection.execute(moving).scalar() and bool(connection.execute(later).scalar())


def _jobs(write: Engine) -> None:
    while True:
        with write.begin() as connection:
            job_refs = stale.marked_jobs(connection, CHUNK)
            if not job_refs:
                return
            sum_jobs(connection, job_refs)
            stale.clear_jobs(connection, job_refs)
