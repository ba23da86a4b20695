"""The nodes as they are now: what Slurm says of each, what it draws, and what runs on it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, select

from aggregator.ledger.refresh import Site
from aggregator.ledger.tables import allocations, jobs, node_states, nodes
from aggregator.queries.accounts import ACCOUNT_NAMES
from aggregator.queries.cluster_models import ClusterNow, NodeDetail, NodeJob, NodeKind, NodeNow
from aggregator.queries.job_rows import job_rows
from aggregator.queries.node_powers import SPAN_MS, Powers
from aggregator.queries.rolled import energy_of_sums, sums_by_name
from maxwatt.domain.energy import Account
from maxwatt.domain.jobs import JobState
from maxwatt.domain.node_state import idle_account
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.units import BUCKET_MS, DAY_MS, MS_PER_S
from maxwatt.domain.viewer import Viewer

_KINDS: Final[Mapping[Account, NodeKind]] = {
    Account.DRAINED: "drained",
    Account.DOWN: "down",
    Account.POWERED_OFF: "powered_off",
    Account.BOOTING: "booting",
}
_NOTHING: Final = Powers({}, 0.0, None, None, None)


def cluster_now(
    connection: Connection,
    viewer: Viewer,
    powers: Mapping[str, Powers],
    newest_ms: Mapping[str, int],
    now_ms: int,
) -> ClusterNow | None:
    """Every node that Slurm or a sample names, by name; None for who does not see all.

    Args:
        powers: of the nodes with samples in the last SPAN_MS.
        newest_ms: time of each node's newest sample [epoch ms UTC].
    """
    if not viewer.sees_all:
        return None
    told = {row["node"]: dict(row) for row in connection.execute(select(nodes.c.node, nodes.c.partitions)).mappings()}
    states, running = _states(connection), _running(connection)
    found = [
        _node(name, told.get(name, {}), states.get(name, {}), powers.get(name, _NOTHING),
              sampled_ms=newest_ms.get(name), jobs=running.get(name, 0))
        for name in sorted(told.keys() | newest_ms.keys())
    ]  # fmt: skip
    return ClusterNow(tuple(found), now_ms, SPAN_MS / MS_PER_S, max(newest_ms.values(), default=None))


def node_detail(
    connection: Connection, viewer: Viewer, now: NodeNow | None, site: Site, now_ms: int
) -> NodeDetail | None:
    """One node with the jobs on it and its energy of the last day; None where there is none for this viewer."""
    if now is None or not viewer.sees_all:
        return None
    end_ms = -(-now_ms // BUCKET_MS) * BUCKET_MS
    sums = sums_by_name(connection, Dimension.NODE, end_ms - DAY_MS, end_ms, site)
    day_j: dict[str, float] = defaultdict(float)
    for (name, account), row in sums.items():
        if name == now.node:
            day_j[ACCOUNT_NAMES[Account(account)]] += energy_of_sums(row)
    held = allocations.c
    running = select(jobs.c.job_ref, held.cpus, held.memory_bytes, held.gpus).join_from(jobs, allocations, _same_job())
    running = running.where(held.node == now.node, _runs()).order_by(jobs.c.job_ref)
    parts = {row.job_ref: row for row in connection.execute(running)}
    rows = job_rows(connection, list(parts), now_ms)
    found = (
        NodeJob(row, part.cpus, part.memory_bytes, part.gpus) for row, part in zip(rows, parts.values(), strict=True)
    )
    return NodeDetail(now, tuple(found), dict(day_j))


def node_kind(state: str) -> NodeKind:
    """What a node's state comes to: what stops it from working, else whether somebody holds it."""
    stopped = _KINDS.get(idle_account(state))
    if stopped is not None:
        return stopped
    words = set(re.findall("[A-Z_]+", state.upper()))
    if words & {"ALLOCATED", "ALLOC", "COMPLETING", "COMP"}:
        return "allocated"
    if words & {"MIXED", "MIX"}:
        return "mixed"
    return "idle" if words & {"IDLE", "RESERVED", "PLANNED", "MAINT", "RESV"} else "unknown"


def _node(
    name: str, told: Mapping[str, Any], state: Mapping[str, Any], powers: Powers, *, sampled_ms: int | None, jobs: int
) -> NodeNow:
    words = state.get("state", "")
    return NodeNow(
        node=name,
        partitions=told.get("partitions", ""),
        state=words,
        kind=node_kind(words),
        reason=state.get("reason", ""),
        since_ms=state.get("start_ms"),
        sampled_ms=sampled_ms,
        power_w=powers.power_w,
        modelled_w=powers.modelled_w,
        cpu_use=powers.cpu_use,
        memory_use=powers.memory_use,
        gpu_use=powers.gpu_use,
        jobs=jobs,
    )


def _states(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """The state that each node is in: its last one, as long as it lasts."""
    lasting = select(node_states).where(node_states.c.end_ms.is_(None))
    return {row["node"]: dict(row) for row in connection.execute(lasting).mappings()}


def _running(connection: Connection) -> dict[str, int]:
    """How many jobs run on each node."""
    of_node = select(allocations.c.node, func.count()).join_from(jobs, allocations, _same_job())
    return {row[0]: row[1] for row in connection.execute(of_node.where(_runs()).group_by(allocations.c.node))}


def _same_job() -> ColumnElement[bool]:
    return allocations.c.job_ref == jobs.c.job_ref


def _runs() -> ColumnElement[bool]:
    return and_(jobs.c.end_ms.is_(None), jobs.c.state == JobState.RUNNING.value)
