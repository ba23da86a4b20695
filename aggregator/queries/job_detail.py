"""One job in full: Slurm's facts, its share of each node, and the factors its CO₂ was booked with."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, case, func, select, true

from aggregator.ledger.rows import plain_dicts, plain_rows
from aggregator.ledger.tables import allocations, bookings, jobs
from aggregator.queries.expressions import sum_if_all_known, visible
from aggregator.queries.factor_days import factor_days
from aggregator.queries.figures import job_figures
from aggregator.queries.full import full_of_job
from aggregator.queries.job_models import JobNodes
from aggregator.queries.job_rows import job_rows, moving_jobs
from aggregator.queries.job_sums import Booked, booked_in_totals, sums_of
from aggregator.queries.models import JobDetail, JobHead, NodeHeld, NodeShare
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

Row = Mapping[str, Any]


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
    """Everything known of one attempt, node by node; None where there is no such job for this viewer."""
    job = find_job(connection, viewer, job_id, start_ms)
    if job is None:
        return None
    held, booked = _held(connection, job["job_ref"]), _booked(connection, job["job_ref"])
    nodes = _shares(held, booked)
    sums = Booked(sums_of(nodes), _embodied_g(booked.values()))
    return JobDetail(**_whole(connection, job, nodes, sums, now_ms), nodes=nodes)


def job_head(connection: Connection, viewer: Viewer, job_id: int, start_ms: int | None, now_ms: int) -> JobHead | None:
    """The same as a whole: without the sums of each node, which take long for a large job."""
    job = find_job(connection, viewer, job_id, start_ms)
    if job is None:
        return None
    job_ref = job["job_ref"]
    held, booked_on = _held(connection, job_ref), _booked_on(connection, job_ref)
    nodes = _held_nodes(held, booked_on)
    if moving_jobs(connection, [job_ref]):
        booked = _booked(connection, job_ref)
        sums = Booked(sums_of(_shares(held, booked)), _embodied_g(booked.values()))
    else:
        sums = booked_in_totals(connection, job_ref, len(nodes), everywhere=held.keys() <= booked_on)
    return JobHead(**_whole(connection, job, nodes, sums, now_ms), nodes=nodes)


def _whole(
    connection: Connection, job: RowMapping, nodes: Sequence[NodeHeld], booked: Booked, now_ms: int
) -> dict[str, Any]:
    """What is known of a job as a whole."""
    (row,) = job_rows(connection, [job["job_ref"]], now_ms)
    days = factor_days(connection, job["job_ref"])
    return {
        "row": row,
        **{name: job[name] for name in _COPIED},
        "gpus": _gpu_text(nodes),
        "figures": job_figures(connection, days),
        "full_j": full_of_job(connection, days),
        **booked._asdict(),
    }


_COPIED = (
    *("submit_ms", "state_reason", "qos", "features", "command", "work_dir", "stdout", "stderr", "comment"),
    *("exit_signal", "memory_bytes", "total_cpu_s", "consumed_energy_j"),
)


def _embodied_g(booked: Iterable[Row]) -> float | None:
    """Of all nodes; None where one booking does not know it, or none does."""
    rows = list(booked)
    known = [row["embodied_g"] for row in rows if row["embodied_g"] is not None]
    return sum(known) if known and not any(row["embodied_unknown"] for row in rows) else None


def job_nodes(connection: Connection, viewer: Viewer, job_id: int, start_ms: int | None) -> JobNodes | None:
    """The nodes of one attempt, None where there is no such job for this viewer."""
    job = find_job(connection, viewer, job_id, start_ms)
    if job is None:
        return None
    return JobNodes.of(held_nodes(connection, job["job_ref"]), job["gpu_count"])


def held_nodes(connection: Connection, job_ref: int) -> tuple[NodeHeld, ...]:
    """What a job holds of each node it was given or booked on, by node name."""
    return _held_nodes(_held(connection, job_ref), _booked_on(connection, job_ref))


def node_shares(connection: Connection, job_ref: int) -> tuple[NodeShare, ...]:
    """A job's part of each node it was given or booked on, by node name."""
    return _shares(_held(connection, job_ref), _booked(connection, job_ref))


def _shares(held: Mapping[str, Row], booked: Mapping[str, Row]) -> tuple[NodeShare, ...]:
    return tuple(_node_share(node, held.get(node), booked.get(node)) for node in sorted(held.keys() | booked.keys()))


def _held_nodes(held: Mapping[str, Row], booked_on: set[str]) -> tuple[NodeHeld, ...]:
    return tuple(NodeHeld(node, **_node_held(held.get(node))) for node in sorted(held.keys() | booked_on))


def _booked_on(connection: Connection, job_ref: int) -> set[str]:
    return {node for (node,) in plain_rows(connection, _BOOKED_ON, {"job_ref": job_ref})}


def _booked(connection: Connection, job_ref: int) -> dict[str, Row]:
    return {row["node"]: row for row in plain_dicts(connection, _BOOKED, {"job_ref": job_ref})}


def _held(connection: Connection, job_ref: int) -> dict[str, Row]:
    return {row["node"]: row for row in plain_dicts(connection, _HELD, {"job_ref": job_ref})}


def _node_share(node: str, held: Row | None, booked: Row | None) -> NodeShare:
    energy_j = {name: booked[name] for name in ENERGY_COLUMNS} if booked else {}
    known = booked is not None and (booked["covered_s"] > 0 or any(energy_j.values()))
    return NodeShare(
        node,
        **_node_held(held),
        cpu_used_s=booked["cpu_used_s"] if booked else None,
        memory_peak_bytes=booked["memory_peak_bytes"] if booked else None,
        energy_j=energy_j if known else {},
    )


def _node_held(held: Row | None) -> dict[str, Any]:
    """What stands in an allocation; without one nobody knows it."""
    if held is None:
        return {"cpus": 0.0, "memory_bytes": 0.0, "gpus": (), "allocation_modelled": True}
    return {
        **{name: held[name] for name in ("cpus", "memory_bytes")},
        "gpus": gpus.parse(held["gpus"]),
        "allocation_modelled": bool(held["modelled"]),
    }


def _gpu_text(nodes: Sequence[NodeHeld]) -> str:
    """GPUs by node, nodes with the same ones together: `n[1-2]: 0,1; n3: shard0:2/8`."""
    by_gpus: dict[tuple[gpus.Gpu, ...], list[str]] = {}
    for share in nodes:
        if share.gpus:
            by_gpus.setdefault(share.gpus, []).append(share.node)
    return "; ".join(f"{compress(names)}: {','.join(map(str, held))}" for held, names in by_gpus.items())
