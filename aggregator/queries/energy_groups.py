"""Energy of each user, account, partition or QOS over a time."""

from collections import defaultdict
from typing import Any, Final, get_args

from sqlalchemy import Connection, func, literal, select, union

from aggregator.ledger.refresh import Site
from aggregator.ledger.rollups import name_of_job
from aggregator.ledger.tables import bookings, jobs, users
from aggregator.queries.accounts import OF_USERS, SESSIONS
from aggregator.queries.booked_time import first_booked_ms, in_time, open_windows, whole_buckets
from aggregator.queries.energy_models import EnergyRow, Grouping
from aggregator.queries.evidence import evidence_of
from aggregator.queries.expressions import own_sessions, visible
from aggregator.queries.rolled import Key, Sums, added, energy_of_sums, own_sums, sums_by_name, totals_of, values_of
from maxwatt.domain.energy import Account
from maxwatt.domain.errors import InputError
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.units import S_PER_H
from maxwatt.domain.viewer import Viewer

GROUPS: Final = get_args(Grouping)

_DIMENSION: Final[dict[str, Dimension]] = {name: Dimension[name.upper()] for name in GROUPS}


def energy_by(
    connection: Connection,
    viewer: Viewer,
    group: Grouping,
    site: Site,
    *,
    since_ms: int,
    until_ms: int,
) -> tuple[EnergyRow, ...]:
    """Energy of the jobs of each user, account, partition or QOS, and of users' sessions, most first.

    Raises:
        InputError: another group.
    """
    if group not in GROUPS:
        raise InputError(f"energy is grouped by {', '.join(GROUPS)}, not by {group!r}")
    dimension, span_ms = _DIMENSION[group], whole_buckets(since_ms, until_ms)
    running = _running_before(connection, viewer, dimension, span_ms)
    moving = _names_of_open_windows(connection, viewer, dimension, span_ms)
    rows = [
        _energy_row(name, sums, running.get(name, 0), name in moving)
        for name, sums in _by_name(connection, viewer, dimension, span_ms, site).items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.energy_j, row.name)))


def _by_name(
    connection: Connection, viewer: Viewer, dimension: Dimension, span_ms: tuple[int, int], site: Site
) -> dict[str, dict[Account, Sums]]:
    """Sums of each name's jobs and sessions; where only jobs have a name, all sessions are under SESSIONS."""
    found: dict[str, dict[Account, Sums]] = defaultdict(dict)
    for (name, account), sums in _sums(connection, viewer, dimension, span_ms, site).items():
        if account in OF_USERS:
            found[name][Account(account)] = sums
    if dimension is not Dimension.USER:
        sums = _sums(connection, viewer, Dimension.CLUSTER, span_ms, site).get(("", int(Account.SESSION)), {})
        found |= {SESSIONS: {Account.SESSION: sums}} if sums else {}
    return found


def _sums(
    connection: Connection, viewer: Viewer, dimension: Dimension, span_ms: tuple[int, int], site: Site
) -> dict[Key, Sums]:
    if viewer.sees_all:
        return sums_by_name(connection, dimension, *span_ms, site)
    return own_sums(connection, viewer, dimension, *span_ms, site)


def _energy_row(name: str, parts: dict[Account, Sums], running: int, provisional: bool) -> EnergyRow:
    sums = added(list(parts.values()))
    total, waste_known = totals_of(sums), sums["waste_j"] > 0 or not sums["waste_unknown_j"]
    return EnergyRow(
        name=name,
        jobs=sums["jobs_started"] + running,
        cpu_hours=sums["cpu_reserved_s"] / S_PER_H,
        energy_j=total["energy_j"],
        energy_static_j=total["energy_static_j"],
        energy_dynamic_j=total["energy_dynamic_j"],
        waste_j=sums["waste_j"] if waste_known else None,
        waste_unknown_j=sums["waste_unknown_j"],
        **values_of(sums),
        evidence=evidence_of(total, sums["spread_j"], provisional),
        sessions_j=energy_of_sums(parts[Account.SESSION]) if Account.SESSION in parts else 0.0,
    )


def _running_before(
    connection: Connection, viewer: Viewer, dimension: Dimension, span_ms: tuple[int, int]
) -> dict[str, int]:
    """Jobs of each name that were running already when the time began."""
    first_ms = first_booked_ms(connection, *span_ms)
    if first_ms is None:
        return {}
    name = name_of_job(dimension)
    found = (
        select(name, func.count(bookings.c.job_ref.distinct()))
        .join_from(bookings, jobs, jobs.c.job_ref == bookings.c.job_ref)
        .where(bookings.c.bucket_ms == first_ms, bookings.c.account == int(Account.JOB))
        .where(jobs.c.start_ms < first_ms, visible(viewer, first=False))
        .group_by(name)
    )
    return {row[0]: row[1] for row in connection.execute(found)}


def _names_of_open_windows(
    connection: Connection, viewer: Viewer, dimension: Dimension, span_ms: tuple[int, int]
) -> set[str]:
    """Names with a booking in a window that may still change."""
    moving = [ms for ms in open_windows(connection).open_ms if span_ms[0] <= ms < span_ms[1]]
    if not moving:
        return set()
    inside = in_time(moving[0], moving[-1] + 1)
    of_jobs = select(name_of_job(dimension)).join_from(bookings, jobs, jobs.c.job_ref == bookings.c.job_ref)
    of_jobs = of_jobs.where(bookings.c.account == int(Account.JOB), inside, visible(viewer, first=False))
    named: Any = users.c.name if dimension is Dimension.USER else literal(SESSIONS)
    of_sessions = select(named).join_from(bookings, users, users.c.uid == bookings.c.job_ref)
    found = union(of_jobs, of_sessions.where(own_sessions(viewer), inside))
    return set(connection.execute(found).scalars())
