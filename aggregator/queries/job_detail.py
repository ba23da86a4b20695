"""One job in full: Slurm's facts, its share of each node, and the factors its CO₂ was booked with."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, select

from aggregator.ledger.rows import plain_rows
from aggregator.ledger.tables import allocations, bookings, jobs
from aggregator.queries.expressions import sum_if_all_known, visible
from aggregator.queries.figures import job_figures
from aggregator.queries.full import full_of_job
from aggregator.queries.job_models import JobNodes
from aggregator.queries.job_rows import job_rows
from aggregator.queries.models import JobDetail, NodeShare
from maxwatt.domain import gpus
from maxwatt.domain.energy import ENERGY_COLUMNS, Account
from maxwatt.domain.hostlist import compress
from maxwatt.domain.viewer import Viewer


def find_job(connection: Connection, viewer: Viewer, job_id: int, start_ms: int | None) -> RowMapping | None:
    """The ledger's row of an attempt, the latest when `start_ms` is None; None when the viewer may not see it."""
    statement = select(jobs).where(has_id(connection, job_id), visible(viewer))
    if start_ms is not None:
        statement = statement.where(jobs.c.start_ms == start_ms)
    return connection.execute(statement.order_by(jobs.c.start_ms.desc()).limit(1)).mappings().first()


def has_id(connection: Connection, job_id: int) -> ColumnElement[bool]:
    """Condition on `jobs` for an id in any cluster; the index of job ids begins with the cluster."""
    return and_(jobs.c.cluster.in_(clusters(connection)), jobs.c.job_id == job_id)


def clusters(connection: Connection) -> list[str]:
    """Every cluster of the ledger, found in one step of the index each."""
    found: list[str] = []
    step = select(func.min(jobs.c.cluster))
    while (name := connection.execute(step).scalar()) is not None:
        found.append(name)
        step = select(func.min(jobs.c.cluster)).where(jobs.c.cluster > name)
    return found


def job_detail(
    connection: Connection, viewer: Viewer, job_id: int, start_ms: int | None, now_ms: int
) -> JobDetail | None:
    """Everything known of one attempt, None where there is no such job for this viewer."""
    job = find_job(connection, viewer, job_id, start_ms)
    if job is None:
        return None
    (row,) = job_rows(connection, [job["job_ref"]], now_ms)
    nodes = node_shares(connection, job["job_ref"])
    return JobDetail(
        row=row,
        **{name: job[name] for name in _COPIED},
        gpus=_gpu_text(nodes),
        nodes=nodes,
        figures=job_figures(connection, job["job_ref"]),
        full_j=full_of_job(connection, job["job_ref"]),
        embodied_g=_embodied_g(connection, job["job_ref"]),
    )


_COPIED = (
    *("submit_ms", "state_reason", "qos", "features", "command", "work_dir", "stdout", "stderr", "comment"),
    *("exit_signal", "memory_bytes", "total_cpu_s", "consumed_energy_j"),
)


def _embodied_g(connection: Connection, job_ref: int) -> float | None:
    mine = (bookings.c.job_ref == job_ref) & (bookings.c.account == int(Account.JOB))
    total = sum_if_all_known(bookings.c.embodied_g, bookings.c.share_s)
    found: float | None = connection.execute(select(total).where(mine)).scalar()
    return found


def job_nodes(connection: Connection, viewer: Viewer, job_id: int, start_ms: int | None) -> JobNodes | None:
    """The nodes of one attempt, None where there is no such job for this viewer."""
    job = find_job(connection, viewer, job_id, start_ms)
    if job is None:
        return None
    return JobNodes.of(held_shares(connection, job["job_ref"]), job["gpu_count"])


def held_shares(connection: Connection, job_ref: int) -> tuple[NodeShare, ...]:
    """As `node_shares`, but without what was booked, whose sums take long for a large job."""
    held = _held(connection, job_ref)
    mine = (bookings.c.job_ref == job_ref) & (bookings.c.account == int(Account.JOB))
    booked = plain_rows(connection, select(bookings.c.node).distinct().where(mine))
    return tuple(_node_share(node, held.get(node), None) for node in sorted(held.keys() | {node for (node,) in booked}))


def node_shares(connection: Connection, job_ref: int) -> tuple[NodeShare, ...]:
    """A job's part of each node it was given or booked on, by node name."""
    held = _held(connection, job_ref)
    booked = {row["node"]: row for row in connection.execute(_booked_by_node(job_ref)).mappings()}
    return tuple(_node_share(node, held.get(node), booked.get(node)) for node in sorted(held.keys() | booked.keys()))


def _held(connection: Connection, job_ref: int) -> dict[str, RowMapping]:
    found = connection.execute(select(allocations).where(allocations.c.job_ref == job_ref)).mappings()
    return {row["node"]: row for row in found}


def _booked_by_node(job_ref: int) -> Any:
    return (
        select(
            bookings.c.node,
            *(func.sum(bookings.c[name]).label(name) for name in ENERGY_COLUMNS),
            sum_if_all_known(bookings.c.cpu_used_s, bookings.c.cpu_reserved_s).label("cpu_used_s"),
            func.sum(bookings.c.covered_s).label("covered_s"),
            func.max(bookings.c.memory_peak_bytes).label("memory_peak_bytes"),
        )
        .where(bookings.c.job_ref == job_ref, bookings.c.account == int(Account.JOB))
        .group_by(bookings.c.node)
    )


def _node_share(node: str, held: RowMapping | None, booked: RowMapping | None) -> NodeShare:
    energy_j = {name: booked[name] for name in ENERGY_COLUMNS} if booked else {}
    known = booked is not None and (booked["covered_s"] > 0 or any(energy_j.values()))
    return NodeShare(
        node=node,
        cpus=held["cpus"] if held else 0.0,
        memory_bytes=held["memory_bytes"] if held else 0.0,
        gpus=gpus.parse(held["gpus"]) if held else (),
        cpu_used_s=booked["cpu_used_s"] if booked else None,
        memory_peak_bytes=booked["memory_peak_bytes"] if booked else None,
        energy_j=energy_j if known else {},
        allocation_modelled=bool(held["modelled"]) if held else True,
    )


def _gpu_text(nodes: tuple[NodeShare, ...]) -> str:
    """GPUs by node, nodes with the same ones together: `n[1-2]: 0,1; n3: shard0:2/8`."""
    by_gpus: dict[tuple[gpus.Gpu, ...], list[str]] = {}
    for share in nodes:
        if share.gpus:
            by_gpus.setdefault(share.gpus, []).append(share.node)
    return "; ".join(f"{compress(names)}: {','.join(map(str, held))}" for held, names in by_gpus.items())
