"""Where the energy of a time went, and how well that is known."""

from sqlalchemy import Connection, func, select

from aggregator.ledger.refresh import Site
from aggregator.ledger.tables import measured
from aggregator.queries.accounts import idle_by_kind
from aggregator.queries.booked_time import booked_seconds, measured_seconds, open_windows, whole_buckets
from aggregator.queries.evidence import evidence_of
from aggregator.queries.figures import time_figures
from aggregator.queries.models import EnergySummary, Evidence
from aggregator.queries.rolled import Key, Sums, added, own_sums, sums_by_name, totals_of, values_of
from maxwatt.domain.energy import COMPONENTS, IDLE_ACCOUNTS, Account
from maxwatt.domain.rollups import VALUE_COLUMNS, Dimension
from maxwatt.domain.units import BUCKET_MS, MS_PER_S
from maxwatt.domain.viewer import Viewer


def energy_summary(
    connection: Connection, viewer: Viewer, site: Site, *, since_ms: int, until_ms: int
) -> EnergySummary:
    """Where the energy went. Who does not see all gets their own jobs and sessions, nothing of the other accounts."""
    span_ms = whole_buckets(since_ms, until_ms)
    found = _sums(connection, viewer, span_ms, site)
    by_account = {Account(account): totals_of(sums)["energy_j"] for (_, account), sums in found.items()}
    total = totals_of(added(list(found.values())))

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
        **(values_of(total) if found else dict.fromkeys(VALUE_COLUMNS)),
        evidence=_summary_evidence(connection, viewer, total, span_ms, known=bool(found)),
        figures=time_figures(connection, *span_ms),
        booked_s=sum(measured_seconds(connection, *span_ms, span_ms[0], max(1, span_ms[1] - span_ms[0])).values()),
        sessions_j=by_account.get(Account.SESSION, 0.0),
        idle_by_kind_j=idle_by_kind(by_account) if viewer.sees_all else {},
    )


def _sums(connection: Connection, viewer: Viewer, span_ms: tuple[int, int], site: Site) -> dict[Key, Sums]:
    if viewer.sees_all:
        return sums_by_name(connection, Dimension.CLUSTER, *span_ms, site)
    return own_sums(connection, viewer, Dimension.CLUSTER, *span_ms, site)


def _summary_evidence(
    connection: Connection, viewer: Viewer, total: Sums, span_ms: tuple[int, int], *, known: bool
) -> Evidence:
    """Of the cluster, coverage is that of the nodes; of one's own jobs, that of the jobs."""
    sums = dict(total)
    if viewer.sees_all:
        sums["covered_s"], sums["held_s"] = _node_coverage_s(connection, *span_ms)
    moving = any(span_ms[0] <= ms < span_ms[1] for ms in open_windows(connection).open_ms)
    return evidence_of(sums, total["spread_j"], known and moving)


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
