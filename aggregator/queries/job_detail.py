"""One job in full: Slurm's facts, its share of each node, and the factors its CO₂ was booked with."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, case, func, select, true

from aggregator.ledger.rows import plain_rows
from aggregator.ledger.tables import allocations, bookings, jobs
from aggregator.queries.expressions import sum_if_all_known, visible
from aggregator.queries.factor_days import factor_days
from aggregator.queries.figures import job_figures
from aggregator.queries.full import full_of_job
from aggregator.queries.job_models import JobNodes
from aggregator.queries.job_rows import job_rows
from aggregator.queries.models import JobDetail, NodeShare
from maxwatt.domain import gpus
from maxwatt.domain.energy import ENERGY_COLUMNS, Account
from maxwatt.domain.hostlist import compress
from maxwatt.domain.viewer import Viewer

# The statements are made once: making one takes longer than asking it of a small job.
_MINE: Final = (bookings.c.job_ref == bindparam("job_ref")) & (bookings.c.account == int(Account.JOB))
_BOOKED: Final = (
    select(
        bookings.c.node,
        *(func.sum(bookings.c[name]).label(name) for name in ENERGY_COLUMNS),
        sum_if_all_known(bookings.c.cpu_used_s, bookings.c.cpu_reserved_s).label("cpu_used_s"),
        func.sum(bookings.c.covered_s).label("covered_s"),
        func.max(bookings.c.memory_peak_bytes).label("memory_peak_bytes"),
        func.sum(bookings.c.embodied_g).label("embodied_g"),
        func.sum(case((bookings.c.embodied_g.is_(None) & (bookings.c.share_s > 0), 1), else_=0)).label(
            "embodied_unknown"
        ),
    )
    .where(_MINE)
    .group_by(bookings.c.node)
)
_BOOKED_ON: Final = select(bookings.c.node).distinct().where(_MINE)
_HELD: Final = select(allocations).where(allocations.c.job_ref == bindparam("job_ref"))
_NEWEST: Final = select(jobs).order_by(jobs.c.start_ms.desc()).limit(1)
_FIRST_CLUSTER: Final = select(func.min(jobs.c.cluster))
_NEXT_CLUSTER: Final = _FIRST_CLUSTER.where(jobs.c.cluster > bindparam("before"))


def find_job(connection: Connection, viewer: Viewer, job_id: int, start_ms: int | None) -> RowMapping | None:
    """The ledger's row of an attempt, the latest when `start_ms` is None; None when the viewer may not see it."""
    attempt = true() if start_ms is None else jobs.c.start_ms == start_ms
    found = connection.execute(_NEWEST.where(has_id(connection, job_id), visible(viewer), attempt))
    return found.mappings().first()


def has_id(connection: Connection, job_id: int) -> ColumnElement[bool]:
    """Condition on `jobs` for an id in any cluster; the index of job ids begins with the cluster."""
    return and_(jobs.c.cluster.in_(clusters(connection)), jobs.c.job_id == job_id)


def clusters(connection: Connection) -> list[str]:
    """Every cluster of the ledger, found in one step of the index each."""
    found: list[str] = []
    name = connection.execute(_FIRST_CLUSTER).scalar()
    while name is not None:
        found.append(name)
        name = connection.execute(_NEXT_CLUSTER, {"before": name}).scalar()
    return found


def job_detail(
    connection: Connection, viewer: Viewer, job_id: int, start_ms: int | None, now_ms: int
) -> JobDetail | None:
    """Everything known of one attempt, None where there is no such job for this viewer."""
    job = find_job(connection, viewer, job_id, start_ms)
    return None if job is None else detail_of(connection, job, now_ms)


def detail_of(connection: Connection, job: RowMapping, now_ms: int) -> JobDetail:
    """Everything known of an attempt that was found.

    Args:
        job: its row in the ledger.
    """
    (row,) = job_rows(connection, [job["job_ref"]], now_ms)
    held, booked = _held(connection, job["job_ref"]), _booked(connection, job["job_ref"])
    nodes, days = _shares(held, booked), factor_days(connection, job["job_ref"])
    return JobDetail(
        row=row,
        **{name: job[name] for name in _COPIED},
        gpus=_gpu_text(nodes),
        nodes=nodes,
        figures=job_figures(connection, days),
        full_j=full_of_job(connection, days),
        embodied_g=_embodied_g(booked.values()),
    )


_COPIED = (
    *("submit_ms", "state_reason", "qos", "features", "command", "work_dir", "stdout", "stderr", "comment"),
    *("exit_signal", "memory_bytes", "total_cpu_s", "consumed_energy_j"),
)


def _embodied_g(booked: Iterable[RowMapping]) -> float | None:
    """Of all nodes; None where one booking does not know it, or none does."""
    rows = list(booked)
    known = [row["embodied_g"] for row in rows if row["embodied_g"] is not None]
    return sum(known) if known and not any(row["embodied_unknown"] for row in rows) else None


def job_nodes(connection: Connection, viewer: Viewer, job_id: int, start_ms: int | None) -> JobNodes | None:
    """The nodes of one attempt, None where there is no such job for this viewer."""
    job = find_job(connection, viewer, job_id, start_ms)
    if job is None:
        return None
    return JobNodes.of(held_shares(connection, job["job_ref"]), job["gpu_count"])


def held_shares(connection: Connection, job_ref: int) -> tuple[NodeShare, ...]:
    """As `node_shares`, but without what was booked, whose sums take long for a large job."""
    held = _held(connection, job_ref)
    booked = {node for (node,) in plain_rows(connection, _BOOKED_ON, {"job_ref": job_ref})}
    return tuple(_node_share(node, held.get(node), None) for node in sorted(held.keys() | booked))


def node_shares(connection: Connection, job_ref: int) -> tuple[NodeShare, ...]:
    """A job's part of each node it was given or booked on, by node name."""
    return _shares(_held(connection, job_ref), _booked(connection, job_ref))


def _shares(held: Mapping[str, RowMapping], booked: Mapping[str, RowMapping]) -> tuple[NodeShare, ...]:
    return tuple(_node_share(node, held.get(node), booked.get(node)) for node in sorted(held.keys() | booked.keys()))


def _booked(connection: Connection, job_ref: int) -> dict[str, RowMapping]:
    found = connection.execute(_BOOKED, {"job_ref": job_ref}).mappings()
    return {row["node"]: row for row in found}


def _held(connection: Connection, job_ref: int) -> dict[str, RowMapping]:
    found = connection.execute(_HELD, {"job_ref": job_ref}).mappings()
    return {row["node"]: row for row in found}


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
