"""Where the energy of a time went, and how well that is known."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Select, case, func, select

from aggregator.ledger.tables import bookings, jobs, measured
from aggregator.queries.accounts import idle_by_kind
from aggregator.queries.booked_time import booked_seconds, in_time, measured_seconds, open_windows
from aggregator.queries.evidence import evidence_of
from aggregator.queries.expressions import VALUE_COLUMNS, booking_sums, sum_if_never_null, visible
from aggregator.queries.models import EnergySummary, Evidence
from maxwatt.domain.energy import COMPONENTS, ENERGY_COLUMNS, EVIDENCE_COLUMNS, IDLE_ACCOUNTS, Account
from maxwatt.domain.units import BUCKET_MS, MS_PER_S
from maxwatt.domain.viewer import Viewer

_ADDED: Final = ("energy_j", "energy_static_j", "energy_dynamic_j", *EVIDENCE_COLUMNS, "held_s", "covered_s")


def energy_summary(connection: Connection, viewer: Viewer, *, since_ms: int, until_ms: int) -> EnergySummary:
    """Where the energy went. Who does not see all gets the sum of their own jobs and nothing of the other accounts."""
    parts = [dict(row) for row in connection.execute(_account_statement(viewer, since_ms, until_ms)).mappings()]
    by_account = {Account(row["account"]): float(row["energy_j"]) for row in parts}
    total = _added(parts, (*_ADDED, *ENERGY_COLUMNS))

    def others(*accounts: Account) -> float | None:
        return sum(by_account.get(account, 0.0) for account in accounts) if viewer.sees_all else None

    return EnergySummary(
        since_ms=since_ms,
        until_ms=until_ms,
        jobs_j=by_account.get(Account.JOB, 0.0),
        system_j=others(Account.SYSTEM),
        idle_j=others(*IDLE_ACCOUNTS),
        unattributed_j=others(Account.UNATTRIBUTED),
        total_j=total["energy_j"],
        by_component_j={
            component.value: total[f"{component}_static_j"] + total[f"{component}_dynamic_j"]
            for component in COMPONENTS
        },
        **{name: _sum_if_all_known(row[name] for row in parts) for name in VALUE_COLUMNS},
        evidence=_summary_evidence(connection, viewer, parts, total, since_ms=since_ms, until_ms=until_ms),
        booked_s=sum(measured_seconds(connection, since_ms, until_ms).values()),
        idle_by_kind_j=idle_by_kind(by_account) if viewer.sees_all else {},
    )


def _account_statement(viewer: Viewer, since_ms: int, until_ms: int) -> Select[Any]:
    """Sums by job, or by node for the other accounts, then by account."""
    node = case((bookings.c.account == int(Account.JOB), ""), else_=bookings.c.node)
    inner = select(
        bookings.c.account,
        *booking_sums(),
        *(func.sum(bookings.c[name]).label(name) for name in ENERGY_COLUMNS),
    ).where(in_time(since_ms, until_ms))
    if not viewer.sees_all:
        own = select(jobs.c.job_ref).where(visible(viewer))
        inner = inner.where(bookings.c.account == int(Account.JOB), bookings.c.job_ref.in_(own))
    part = inner.group_by(bookings.c.account, bookings.c.job_ref, node).subquery().c
    return select(
        part.account,
        *(func.sum(part[name]).label(name) for name in (*_ADDED, *ENERGY_COLUMNS)),
        func.sum(part.spread_j).label("spread_j"),
        func.min(part.method_version).label("method_version"),
        func.min(part.first_ms).label("first_ms"),
        func.max(part.last_ms).label("last_ms"),
        *(sum_if_never_null(part[name]).label(name) for name in VALUE_COLUMNS),
    ).group_by(part.account)


def _added(parts: Iterable[Mapping[str, Any]], names: Iterable[str]) -> dict[str, float]:
    rows = list(parts)
    return {name: float(sum(row[name] for row in rows)) for name in names}


def _sum_if_all_known(values: Iterable[float | None]) -> float | None:
    """None where nothing is booked, and where one account does not know it."""
    found = list(values)
    return None if not found or None in found else sum(value or 0.0 for value in found)


def _summary_evidence(
    connection: Connection,
    viewer: Viewer,
    parts: list[dict[str, Any]],
    total: Mapping[str, float],
    *,
    since_ms: int,
    until_ms: int,
) -> Evidence:
    """Of the cluster, coverage is that of the nodes; of one's own jobs, that of the jobs."""
    sums: dict[str, Any] = {**total, "method_version": min((row["method_version"] for row in parts), default=0)}
    if viewer.sees_all:
        sums["covered_s"], sums["held_s"] = _node_coverage_s(connection, since_ms, until_ms)
    open_now = open_windows(connection)
    provisional = any(open_now.touch(row["first_ms"], row["last_ms"]) for row in parts)
    return evidence_of(sums, sum(row["spread_j"] for row in parts), provisional)


def _node_coverage_s(connection: Connection, since_ms: int, until_ms: int) -> tuple[float, float]:
    """Seconds between samples, and seconds booked, of all nodes that have a meter row in a bucket."""
    statement = (
        select(measured.c.bucket_ms, *(func.sum(measured.c[name]).label(name) for name in ("covered_s", "buckets")))
        .where(measured.c.bucket_ms >= since_ms, measured.c.bucket_ms < until_ms)
        .group_by(measured.c.bucket_ms)
    )
    seconds = booked_seconds(connection, since_ms, until_ms)
    covered_s = booked_s = 0.0
    for row in connection.execute(statement):
        covered_s += row.covered_s
        booked_s += row.buckets * seconds.get(row.bucket_ms, BUCKET_MS / MS_PER_S)
    return covered_s, booked_s
