"""Where the energy of a time went, and how well that is known."""

from sqlalchemy import Connection

from aggregator.ledger.refresh import Site
from aggregator.queries.accounts import idle_by_kind
from aggregator.queries.booked_time import measured_seconds, open_windows, whole_buckets
from aggregator.queries.energy_models import EnergySummary
from aggregator.queries.evidence import evidence_of
from aggregator.queries.figures import time_figures
from aggregator.queries.models import Evidence
from aggregator.queries.node_coverage import NodeCoverage
from aggregator.queries.rolled import Key, Sums, added, energy_of_sums, own_sums, sums_by_name, totals_of, values_of
from maxwatt.domain.energy import COMPONENTS, IDLE_ACCOUNTS, Account
from maxwatt.domain.rollups import VALUE_COLUMNS, Dimension
from maxwatt.domain.viewer import Viewer


def energy_summary(
    connection: Connection,
    viewer: Viewer,
    site: Site,
    *,
    since_ms: int,
    until_ms: int,
    coverage: NodeCoverage | None = None,
) -> EnergySummary:
    """Where the energy went. Who does not see all gets their own jobs and sessions, nothing of the other accounts.

    Args:
        coverage: what is known already of the nodes' coverage; None: nothing.
    """
    span_ms = whole_buckets(since_ms, until_ms)
    coverage = (coverage or NodeCoverage()) if viewer.sees_all else None
    found = _sums(connection, viewer, span_ms, site)
    by_account = {Account(account): energy_of_sums(sums) for (_, account), sums in found.items()}
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
        evidence=_summary_evidence(connection, total, span_ms, coverage, known=bool(found)),
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
    connection: Connection, total: Sums, span_ms: tuple[int, int], coverage: NodeCoverage | None, *, known: bool
) -> Evidence:
    """Of the cluster, coverage is that of the nodes; of one's own jobs, that of the jobs."""
    sums = dict(total)
    if coverage is not None:
        sums["covered_s"], sums["held_s"] = coverage.seconds(connection, *span_ms)
    moving = any(span_ms[0] <= ms < span_ms[1] for ms in open_windows(connection).open_ms)
    return evidence_of(sums, total["spread_j"], known and moving)
