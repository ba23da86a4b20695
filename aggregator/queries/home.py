"""What "My jobs" shows of one user, or of everybody: what runs, and sums of this week, this month and each day."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, select, true

from aggregator.ledger.refresh import Site
from aggregator.ledger.tables import bookings, jobs, waiting, windows
from aggregator.queries.expressions import energy_of, sum_if_all_known
from aggregator.queries.home_models import Compared, Overview, RunningJob, RunningJobs, TimeSums, WaitingJobs
from aggregator.queries.job_rows import job_rows
from aggregator.queries.jobs import COUNTED, job_page
from aggregator.queries.models import FigureRange, JobFilter, JobRow
from aggregator.queries.rolled import Sums, added, person_rows, totals_of, values_of
from maxwatt.domain.energy import Account
from maxwatt.domain.jobs import WaitingJob
from maxwatt.domain.periods import Period, end_of, start_of, starts_between
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import Viewer

DAYS: Final = 30
"""Days of the trend, today included."""

WASTEFUL: Final = 5

LIVE_MS: Final = 5 * 60_000
"""A newest bucket of less than this is too short to tell a power: the one before counts too."""


def scope_of(viewer: Viewer, everybody: bool) -> str | None:
    """Whose figures: a user's name, or None for all. Only who sees all gets those of all."""
    return None if viewer.sees_all and (everybody or not viewer.user) else viewer.user


def running_jobs(connection: Connection, viewer: Viewer, everybody: bool, now_ms: int, limit: int) -> RunningJobs:
    """At most `limit` of the jobs that run, the newest first, with what they draw."""
    user = scope_of(viewer, everybody)
    statement = (
        select(jobs.c.job_ref)
        .where(jobs.c.end_ms.is_(None), _running_of(user))
        .order_by(jobs.c.start_ms.desc())
        .limit(COUNTED + 1)
    )
    refs = list(connection.execute(statement).scalars())
    shown = refs[:limit]
    rows = job_rows(connection, shown, now_ms)
    live = _live(connection, {ref: row.start_ms for ref, row in zip(shown, rows, strict=True)})
    found = tuple(RunningJob(row, *live.get(ref, (None, None, None))) for ref, row in zip(shown, rows, strict=True))
    return RunningJobs(found, min(len(refs), COUNTED), more=len(refs) > COUNTED)


def _of(user: str | None) -> ColumnElement[bool]:
    """Condition on `jobs`. Jobs without a known user belong to nobody who asks."""
    return true() if user is None else (jobs.c.user == user) & (jobs.c.user != "")


def _running_of(user: str | None) -> ColumnElement[bool]:
    """The same where few jobs run: the index of users would lead to every job that somebody ever had."""
    return _of(user) if not user else jobs.c.user.concat("") == user


_Live = tuple[float | None, float | None, int | None]


def _live(connection: Connection, starts_ms: Mapping[int, int]) -> dict[int, _Live]:
    """Power [W], CPU use and start of the newest booked time of each job: P = E / T, T the time held."""
    newest = connection.execute(select(windows).order_by(windows.c.bucket_ms.desc()).limit(1)).first()
    if newest is None or not starts_ms:
        return {}
    short = newest.computed_ms - newest.bucket_ms < LIVE_MS
    since_ms = newest.bucket_ms - (BUCKET_MS if short else 0)
    booked = bookings.c
    per_node = (
        select(
            booked.job_ref,
            func.sum(energy_of()).label("energy_j"),
            func.sum(booked.held_s).label("held_s"),
            func.sum(booked.covered_s).label("covered_s"),
            sum_if_all_known(booked.cpu_used_s, booked.cpu_reserved_s).label("cpu_used_s"),
            func.sum(booked.cpu_reserved_s).label("cpu_reserved_s"),
            func.min(booked.bucket_ms).label("first_ms"),
            func.count(booked.node.distinct()).label("nodes"),
        )
        .where(booked.bucket_ms >= since_ms, booked.account == int(Account.JOB), booked.job_ref.in_(list(starts_ms)))
        .group_by(booked.job_ref)
    )
    return {row.job_ref: _live_figures(row, starts_ms[row.job_ref]) for row in connection.execute(per_node)}


def _live_figures(row: Any, start_ms: int) -> _Live:
    known = row.held_s > 0 and (row.covered_s > 0 or row.energy_j != 0)
    power_w = row.energy_j / (row.held_s / row.nodes) if known else None
    used = row.cpu_used_s / row.cpu_reserved_s if row.cpu_used_s is not None and row.cpu_reserved_s > 0 else None
    return power_w, used, max(row.first_ms, start_ms)


def waiting_jobs(connection: Connection, viewer: Viewer, everybody: bool, limit: int) -> WaitingJobs:
    """At most `limit` of the jobs that wait, the first submitted first, as the controller last said."""
    user = scope_of(viewer, everybody)
    mine = true() if user is None else (waiting.c.user == user) & (waiting.c.user != "")
    total = connection.execute(select(func.count()).select_from(waiting).where(mine)).scalar_one()
    statement = select(waiting).where(mine).order_by(waiting.c.submit_ms, waiting.c.job_id).limit(limit)
    found = connection.execute(statement).mappings()
    return WaitingJobs(tuple(WaitingJob(**row) for row in found), total)


def overview(connection: Connection, viewer: Viewer, everybody: bool, site: Site, now_ms: int) -> Overview:
    """Sums of this week and month so far and of the same part before, of each day, and what wasted most."""
    user = scope_of(viewer, everybody)
    first_ms = connection.execute(select(func.min(windows.c.bucket_ms))).scalar()
    spans = {period: _spans(period, now_ms, site.zone) for period in (Period.WEEK, Period.MONTH)}
    starts_ms = _day_starts(now_ms, site.zone)
    edges_ms = [*starts_ms, now_ms + BUCKET_MS]
    cuts_ms = [*edges_ms, *(edge for pair in spans.values() for span in pair for edge in span)]
    rows = [] if user == "" else list(person_rows(connection, user, cuts_ms, site))
    compared = {period: _compared(rows, *pair, first_ms) for period, pair in spans.items()}
    return Overview(
        week=compared[Period.WEEK],
        month=compared[Period.MONTH],
        days=tuple(_sums(rows, *span) for span in pairwise(edges_ms)),
        wasteful=_wasteful(connection, viewer, user, starts_ms[0], now_ms),
        known_since_ms=first_ms,
        has_jobs=_has_jobs(connection, user),
    )


def _spans(period: Period, now_ms: int, zone: ZoneInfo) -> tuple[tuple[int, int], tuple[int, int]]:
    """This week or month up to now, and as long a part of the one before, at most all of it [epoch ms]."""
    start_ms = start_of(period, now_ms, zone)
    before_ms = start_of(period, start_ms - 1, zone)
    until_ms = min(before_ms + now_ms - start_ms, end_of(period, before_ms, zone))
    return (start_ms, now_ms + BUCKET_MS), (before_ms, until_ms)


def _day_starts(now_ms: int, zone: ZoneInfo) -> list[int]:
    first_ms = start_of(Period.DAY, start_of(Period.DAY, now_ms, zone) - (DAYS - 1) * DAY_MS + DAY_MS // 2, zone)
    return list(starts_between(Period.DAY, first_ms, now_ms, zone))


def _compared(rows: Sequence[Sums], now: tuple[int, int], before: tuple[int, int], first_ms: int | None) -> Compared:
    known = first_ms is not None and first_ms <= before[0]
    return Compared(_sums(rows, *now), _sums(rows, *before) if known else None)


def _sums(rows: Iterable[Sums], since_ms: int, until_ms: int) -> TimeSums:
    total = totals_of(added([row for row in rows if since_ms <= row["start_ms"] < until_ms]))
    waste_known = total["waste_j"] > 0 or not total["waste_unknown_j"]
    return TimeSums(
        since_ms,
        until_ms,
        total["energy_j"],
        **{name: value for name, value in values_of(total).items() if name in {"co2_g", "cost"}},
        waste_j=total["waste_j"] if waste_known else None,
        waste_unknown_j=total["waste_unknown_j"],
        jobs=total["jobs_started"],
    )


def _wasteful(
    connection: Connection, viewer: Viewer, user: str | None, since_ms: int, now_ms: int
) -> tuple[JobRow, ...]:
    wanted = JobFilter(user=user or "", since_ms=since_ms, ranges=(FigureRange("waste_j", 1.0),))
    if user == "":
        return ()
    page = job_page(
        connection, viewer, wanted, now_ms, sort="waste_j", descending=True, offset=0, limit=WASTEFUL, counted=0
    )
    return page.rows


def _has_jobs(connection: Connection, user: str | None) -> bool:
    wanted = select(jobs.c.job_ref).where(_of(user)).limit(1)
    return connection.execute(wanted).first() is not None
