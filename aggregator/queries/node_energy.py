"""Energy of each node and of each home group of nodes: whoever used it, and what nobody did."""

from collections import defaultdict

from sqlalchemy import Connection, func, select

from aggregator.ledger.refresh import Site
from aggregator.ledger.tables import measured
from aggregator.queries.accounts import ACCOUNT_NAMES
from aggregator.queries.booked_time import booked_seconds, open_windows, whole_buckets
from aggregator.queries.energy_models import NodeEnergyRow
from aggregator.queries.evidence import evidence_of
from aggregator.queries.rolled import Sums, added, energy_of_sums, sums_by_name, totals_of, values_of
from maxwatt.domain.energy import Account
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.viewer import Viewer


def energy_of_nodes(
    connection: Connection, viewer: Viewer, site: Site, *, since_ms: int, until_ms: int, groups: bool
) -> tuple[NodeEnergyRow, ...]:
    """Rows of nodes or of groups, most energy first; nothing for who does not see all."""
    if not viewer.sees_all:
        return ()
    first_ms, last_ms = whole_buckets(since_ms, until_ms)
    dimension = Dimension.NODE_GROUP if groups else Dimension.NODE
    parts: dict[str, dict[Account, Sums]] = defaultdict(dict)
    for (name, account), sums in sums_by_name(connection, dimension, first_ms, last_ms, site).items():
        parts[name][Account(account)] = sums
    moving = any(first_ms <= ms < last_ms for ms in open_windows(connection).open_ms)
    coverage = _coverage(connection, site, first_ms, last_ms, groups=groups)
    rows = [_row(name, accounts, coverage.get(name, (0.0, 0.0)), moving) for name, accounts in parts.items()]
    return tuple(sorted(rows, key=lambda row: (-row.energy_j, row.name)))


def _row(name: str, accounts: dict[Account, Sums], coverage_s: tuple[float, float], provisional: bool) -> NodeEnergyRow:
    total = totals_of(added(list(accounts.values())))
    by_account = {account: energy_of_sums(sums) for account, sums in accounts.items()}
    seconds = dict(zip(("covered_s", "held_s"), coverage_s, strict=True))
    return NodeEnergyRow(
        name=name,
        energy_j=total["energy_j"],
        by_account_j={label: by_account[account] for account, label in ACCOUNT_NAMES.items() if account in by_account},
        **values_of(total),
        evidence=evidence_of({**total, **seconds}, total["spread_j"], provisional),
    )


def _coverage(
    connection: Connection, site: Site, since_ms: int, until_ms: int, *, groups: bool
) -> dict[str, tuple[float, float]]:
    """Seconds between samples, and seconds booked, of each name: time is the nodes', not that of their jobs."""
    whole_s = sum(booked_seconds(connection, since_ms, until_ms).values())
    within = (measured.c.bucket_ms >= since_ms) & (measured.c.bucket_ms < until_ms)
    found: dict[str, tuple[float, float]] = {}
    for node, covered_s in connection.execute(
        select(measured.c.node, func.sum(measured.c.covered_s)).where(within).group_by(measured.c.node)
    ):
        name = site.group_of(node) if groups else node
        before = found.get(name, (0.0, 0.0))
        found[name] = (before[0] + covered_s, before[1] + whole_s)
    return found
