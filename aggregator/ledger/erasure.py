"""Removing a person from the ledger: names and words go, every sum per account, partition and node stays."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, update

from aggregator.ledger import forgotten, renaming, stale
from aggregator.ledger.rows import as_mapping, chunks, insert_rows
from aggregator.ledger.sums import sums_of
from aggregator.ledger.tables import api_tokens, bookings, coordinators, faults, jobs, node_states, rollups, waiting
from aggregator.ledger.transactions import writing
from maxwatt.domain.energy import Account
from maxwatt.domain.periods import Period, end_of
from maxwatt.domain.privacy import FORGOTTEN, PERSONAL
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.units import DAY_MS

_NAMELESS: Final = {"user": FORGOTTEN} | dict.fromkeys(PERSONAL, "")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much named the person: jobs, bookings of logins, sums of periods, faults, reasons of node states."""

    jobs: int
    sessions: int
    sums: int
    faults: int
    reasons: int


def forget_user(engine: Engine, user: str, before_ms: int, zone: ZoneInfo, *, dry_run: bool = False) -> Erased:
    """Remove a user, see `forget`, in one transaction; a dry run only counts."""
    with writing(engine).connect() as connection, connection.begin() as transaction:
        erased = forget(connection, user, before_ms, zone)
        if dry_run:
            transaction.rollback()
    return erased


def forget(connection: Connection, user: str, before_ms: int, zone: ZoneInfo) -> Erased:
    """Remove a user from all jobs that began before a time, and from the sums of that time, for good.

    Args:
        before_ms: epoch ms UTC; the start of a day of the site, or the present.
        zone: the site's time zone.
    """
    own = (jobs.c.user == user) & (jobs.c.start_ms < before_ms)
    _sum_again_after(connection, own, before_ms)
    connection.execute(delete(waiting).where(waiting.c.user == user))  # what still waits, the next poll brings back
    erased = Erased(
        jobs=_erase_jobs(connection, own, user),
        sessions=renaming.forget(connection, renaming.numbers_of(connection, user), before_ms),
        sums=_erase_sums(connection, rollups.c.name == user, before_ms, zone),
        faults=_erase_faults(connection, user),
        reasons=_erase_reasons(connection, user),
    )
    connection.execute(delete(api_tokens).where(api_tokens.c.user == user, api_tokens.c.created_ms < before_ms))
    connection.execute(delete(coordinators).where(coordinators.c.user == user))
    forgotten.remember(connection, user, before_ms)
    return erased


def forget_older(engine: Engine, before_ms: int, zone: ZoneInfo) -> bool:
    """Remove everybody from the jobs of the next day that began before a time; whether there was such a day.

    Args:
        before_ms: start of a day of the site [epoch ms UTC].
    """
    with writing(engine).begin() as connection:
        known_ms = forgotten.everybody_until(connection)
        named = (jobs.c.start_ms >= known_ms) & (jobs.c.start_ms < before_ms)
        oldest_ms: int | None = connection.execute(select(func.min(jobs.c.start_ms)).where(named)).scalar()
        if known_ms >= before_ms:
            return False
        until_ms = before_ms if oldest_ms is None else min(oldest_ms + DAY_MS, before_ms)
        day = named & (jobs.c.start_ms < until_ms)
        _sum_again_after(connection, day, before_ms)
        _erase_jobs(connection, day, "")
        renaming.forget(connection, renaming.numbers_between(connection, known_ms, until_ms), until_ms)
        forgotten.remember_everybody(connection, until_ms)
        if until_ms == before_ms:
            _erase_sums(connection, rollups.c.name != FORGOTTEN, before_ms, zone)
    return True


def _erase_jobs(connection: Connection, own: ColumnElement[bool], user: str) -> int:
    if user:  # a reason that Slurm or we gave says nothing of the person, unless it names them
        named = own & jobs.c.state_reason.contains(user, autoescape=True)
        connection.execute(update(jobs).where(named).values(state_reason=""))
    return connection.execute(update(jobs).where(own).values(**_NAMELESS)).rowcount


def _sum_again_after(connection: Connection, own: ColumnElement[bool], before_ms: int) -> None:
    """Jobs that go on after the time are without a name there too: what was summed under it is summed again."""
    refs = select(jobs.c.job_ref).where(own)
    later = (bookings.c.bucket_ms >= before_ms) & (bookings.c.account == int(Account.JOB))
    found = select(bookings.c.bucket_ms).where(later, bookings.c.job_ref.in_(refs)).distinct()
    stale.mark(connection, connection.execute(found).scalars().all(), [])


def _erase_sums(connection: Connection, names: ColumnElement[bool], before_ms: int, zone: ZoneInfo) -> int:
    """Add the sums of these users to those of the forgotten ones; what reaches beyond the time is summed again."""
    part = rollups.c
    of_users = (part.dimension == int(Dimension.USER)) & (part.start_ms < before_ms)
    found = connection.execute(select(part.period, part.start_ms).where(of_users, names).distinct()).all()
    periods = [(Period(period), start_ms) for period, start_ms in found]
    begun = {(period, start_ms) for period, start_ms in periods if end_of(period, start_ms, zone) > before_ms}
    for period, start_ms in begun:
        _sum_again(connection, period, start_ms, before_ms)
    return sum(_merge(connection, names, *each) for each in periods if each not in begun)


def _sum_again(connection: Connection, period: Period, start_ms: int, before_ms: int) -> None:
    if period is not Period.HOUR:
        stale.mark_periods(connection, [(period, start_ms)])
        return
    inside = (bookings.c.bucket_ms >= start_ms) & (bookings.c.bucket_ms < before_ms)
    buckets = connection.execute(select(bookings.c.bucket_ms).where(inside).distinct()).scalars().all()
    stale.mark(connection, buckets, [])


def _merge(connection: Connection, names: ColumnElement[bool], period: Period, start_ms: int) -> int:
    """Put the sums of these users, and of those forgotten before, into one row per account."""
    part = rollups.c
    key = (part.period == int(period)) & (part.start_ms == start_ms) & (part.dimension == int(Dimension.USER))
    together = key & (names | (part.name == FORGOTTEN))
    figures = (*sums_of(rollups), func.sum(part.jobs_started), func.min(part.method_version))
    head = (int(period), start_ms, int(Dimension.USER), FORGOTTEN)
    found = connection.execute(select(part.account, *figures).where(together).group_by(part.account)).all()
    gone = connection.execute(delete(rollups).where(together)).rowcount
    insert_rows(connection, rollups, [(*head, *row) for row in found])
    return gone


def _erase_faults(connection: Connection, user: str) -> int:
    named = _rows_that_name(connection, user, faults.c.fault_id, faults.c.message)
    for some in chunks([row["fault_id"] for row in named]):
        connection.execute(delete(faults).where(faults.c.fault_id.in_(some)))
    return len(named)


def _erase_reasons(connection: Connection, user: str) -> int:
    keys = (node_states.c.node, node_states.c.start_ms)
    named = _rows_that_name(connection, user, *keys, node_states.c.reason)
    for row in named:
        same = (node_states.c.node == row["node"]) & (node_states.c.start_ms == row["start_ms"])
        reason = _word(user).sub(FORGOTTEN, row["reason"])
        connection.execute(update(node_states).where(same).values(reason=reason))
    return len(named)


def _rows_that_name(connection: Connection, user: str, *columns: Any) -> list[Any]:
    """Rows whose last column has the name in it as a word."""
    text = columns[-1]
    found = connection.execute(select(*columns).where(text.contains(user, autoescape=True)))
    names: Callable[[str], object] = _word(user).search
    return [row for row in map(as_mapping, found) if names(row[text.name])]


def _word(user: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(user)}(?!\w)")
