"""Energy of each user, account or partition over a time."""

from typing import Any, Final, get_args

from sqlalchemy import Connection, Select, case, func, select

from aggregator.ledger.tables import bookings, jobs
from aggregator.queries.booked_time import in_time, open_windows
from aggregator.queries.evidence import evidence_of
from aggregator.queries.expressions import VALUE_COLUMNS, booking_sums, energy_of, sum_if_never_null, visible
from aggregator.queries.models import EnergyRow, Grouping
from maxwatt.domain.energy import EVIDENCE_COLUMNS, Account
from maxwatt.domain.errors import InputError
from maxwatt.domain.units import S_PER_H
from maxwatt.domain.viewer import Viewer

GROUPS: Final = get_args(Grouping)

_ADDED: Final = ("energy_j", "energy_static_j", "energy_dynamic_j", *EVIDENCE_COLUMNS, "held_s", "covered_s")


def energy_by(
    connection: Connection, viewer: Viewer, group: Grouping, *, since_ms: int, until_ms: int
) -> tuple[EnergyRow, ...]:
    """Energy of the jobs of each user, account or partition, most first.

    Raises:
        InputError: another group.
    """
    if group not in GROUPS:
        raise InputError(f"energy is grouped by {', '.join(GROUPS)}, not by {group!r}")
    open_now = open_windows(connection)
    rows = connection.execute(_group_statement(viewer, group, since_ms, until_ms)).mappings()
    return tuple(_energy_row(dict(row), open_now.touch(row["first_ms"], row["last_ms"])) for row in rows)


def _group_statement(viewer: Viewer, group: Grouping, since_ms: int, until_ms: int) -> Select[Any]:
    """Sums by job, then by group."""
    waste_known = bookings.c.waste_j.is_not(None)
    inner = (
        select(
            bookings.c.job_ref,
            *booking_sums(),
            func.sum(bookings.c.cpu_reserved_s).label("cpu_reserved_s"),
            func.sum(bookings.c.waste_j).label("waste_j"),
            func.sum(case((waste_known, 0.0), else_=energy_of())).label("waste_unknown_j"),
        )
        .where(bookings.c.account == int(Account.JOB), in_time(since_ms, until_ms))
        .group_by(bookings.c.job_ref)
    )
    if not viewer.sees_all:  # said here too, so that a user's page reads the user's bookings only
        inner = inner.where(bookings.c.job_ref.in_(select(jobs.c.job_ref).where(visible(viewer))))
    per_job = inner.subquery()
    part, energy_j = per_job.c, func.sum(per_job.c.energy_j)
    return (
        select(
            jobs.c[group].label("name"),
            func.count().label("jobs"),
            *(func.sum(part[name]).label(name) for name in (*_ADDED, "cpu_reserved_s", "waste_j", "waste_unknown_j")),
            func.sum(part.spread_j).label("spread_j"),
            func.min(part.method_version).label("method_version"),
            func.min(part.first_ms).label("first_ms"),
            func.max(part.last_ms).label("last_ms"),
            *(sum_if_never_null(part[name]).label(name) for name in VALUE_COLUMNS),
        )
        .join_from(per_job, jobs, jobs.c.job_ref == part.job_ref)
        .where(visible(viewer))
        .group_by(jobs.c[group])
        .order_by(energy_j.desc(), jobs.c[group])
    )


def _energy_row(row: dict[str, Any], provisional: bool) -> EnergyRow:
    return EnergyRow(
        cpu_hours=row["cpu_reserved_s"] / S_PER_H,
        evidence=evidence_of(row, row["spread_j"], provisional),
        **{
            name: row[name]
            for name in ("name", "jobs", "energy_j", "energy_static_j", "energy_dynamic_j", "waste_j", *VALUE_COLUMNS)
        },
        waste_unknown_j=row["waste_unknown_j"],
    )
