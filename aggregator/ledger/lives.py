"""The jobs of some nodes in some time as the kernel wants them: one entry per job and node."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, func, or_, select

from aggregator.kernel.arrays import FOREVER, GpuShares, Lives, Suspensions, Tenants
from aggregator.ledger.rows import Row, chunks, plain_rows
from aggregator.ledger.tables import allocations, jobs, suspensions
from maxwatt.domain import gpus
from maxwatt.domain.gpus import BoardShare
from maxwatt.domain.node_model import NodeModel

_COLUMNS: Final = (
    allocations.c.node,
    jobs.c.job_ref,
    jobs.c.job_id,
    jobs.c.start_ms,
    jobs.c.end_ms,
    allocations.c.cpus,
    allocations.c.memory_bytes,
    jobs.c.exclusive,
    allocations.c.modelled,
    jobs.c.total_cpu_s,
    allocations.c.gpus,
)

LONGEST: Final = 500
"""So many jobs are looked at one by one, so that a few very long ones do not make all searches long."""

FEW: Final = 50
"""So many nodes are named to the database; of more, it gives every row."""

ModelOf = Callable[[str], NodeModel]
"""The model of the node with that name."""


def load(connection: Connection, names: Sequence[str], start_ms: int, end_ms: int, model_of: ModelOf) -> Tenants:
    """Jobs that held something of `names` at any time in [start_ms, end_ms), sorted by node and start.

    A job with a GPU of which nobody knows the board (a MIG instance that the node model does not place) is modelled.

    Args:
        names: host names; `Lives.node` is an index into it.
        start_ms, end_ms: epoch ms UTC.
    """
    index = {name: number for number, name in enumerate(names)}
    span = {"start_ms": start_ms, "end_ms": end_ms}
    few = len(names) <= FEW
    found = plain_rows(connection, _OF_FEW, span | {"names": names}) if few else plain_rows(connection, _OF_ALL, span)
    rows = [row for row in found if row[0] in index]
    rows.sort(key=lambda row: (index[row[0]], row[3], row[1]))
    boards = (
        (life, gpus.board_shares(gpus.parse(row[-1]), model_of(row[0]))) for life, row in enumerate(rows) if row[-1]
    )
    shares = [(life, share) for life, found in boards for share in found]
    lives = _lives(rows, index, {life for life, share in shares if share.board == gpus.NO_BOARD})
    suspended = _suspensions(_suspended(connection, sorted({row[1] for row in rows})), lives)
    return Tenants(lives, suspended, _gpu_shares(shares, lives))


def nodes(connection: Connection, start_ms: int, end_ms: int) -> set[str]:
    """Nodes on which a job held something at any time in [start_ms, end_ms) [epoch ms UTC]."""
    return {node for (node,) in plain_rows(connection, _NODES, {"start_ms": start_ms, "end_ms": end_ms})}


def siblings(connection: Connection, names: Sequence[str], start_ms: int, end_ms: int) -> set[str]:
    """Other nodes of jobs that held something of `names` in [start_ms, end_ms) [epoch ms UTC] and are accounted for."""
    rows, own = plain_rows(connection, _ACCOUNTED, {"start_ms": start_ms, "end_ms": end_ms}), set(names)
    here = {job_ref for job_ref, node in rows if node in own}
    return {node for job_ref, node in rows if job_ref in here} - own


_SUSPENDED: Final = select(suspensions).where(suspensions.c.job_ref.in_(bindparam("job_refs", expanding=True)))


def _suspended(connection: Connection, job_refs: Sequence[int]) -> list[Row]:
    """Suspensions of these jobs."""
    return [tuple(row) for some in chunks(job_refs) for row in connection.execute(_SUSPENDED, {"job_refs": some})]


def _without_index(column: ColumnElement[str]) -> ColumnElement[str]:
    """A column of names, written so that no index of it is used."""
    return column.concat("")


def _overlapping() -> ColumnElement[bool]:
    """Jobs that ran at any time in [start, end), found through indexes: those that run, the LONGEST of those that
    ended, and of all others only what began at most the length of the longest of them before `start`.
    """
    start_ms, end_ms = bindparam("start_ms", type_=BigInteger), bindparam("end_ms", type_=BigInteger)
    ended = jobs.alias()
    length_ms = ended.c.end_ms - ended.c.start_ms
    longest = select(length_ms).where(length_ms.is_not(None)).order_by(length_ms.desc()).offset(LONGEST).limit(1)
    usual_ms = func.coalesce(longest.scalar_subquery(), 0)
    inside = (jobs.c.start_ms < end_ms) & (jobs.c.end_ms > start_ms)
    return or_(
        inside & (jobs.c.start_ms >= start_ms - usual_ms),
        inside & (jobs.c.end_ms - jobs.c.start_ms > usual_ms),
        (jobs.c.start_ms < end_ms) & jobs.c.end_ms.is_(None),
    )


_BOTH: Final = jobs.join(allocations, allocations.c.job_ref == jobs.c.job_ref)
_OVERLAPPING: Final = _overlapping()
# The statements are made once: that takes half as long as to ask them. From the jobs of a time to their nodes, never
# from the nodes through all the jobs they ever had.
_OF_ALL: Final = select(*_COLUMNS).select_from(_BOTH).where(_OVERLAPPING)
_OF_FEW: Final = _OF_ALL.where(_without_index(allocations.c.node).in_(bindparam("names", expanding=True)))
# Not DISTINCT: for it the database would rather look through every allocation there ever was.
_NODES: Final = select(allocations.c.node).select_from(_BOTH).where(_OVERLAPPING)
_ACCOUNTED: Final = (
    select(allocations.c.job_ref, allocations.c.node)
    .select_from(_BOTH)
    .where(_OVERLAPPING, jobs.c.total_cpu_s.is_not(None), jobs.c.end_ms.is_not(None))
)


def _lives(rows: Sequence[tuple[Any, ...]], index: dict[str, int], boardless: set[int]) -> Lives:
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [()] * len(_COLUMNS)
    node, ref, job_id, start, end, cpus, memory, exclusive, modelled, total_cpu, _ = columns
    return Lives(
        node=np.array([index[name] for name in node], np.int32),
        job=np.array(ref, np.int64),
        job_id=np.array(job_id, np.int64),
        start_ms=np.array(start, np.int64),
        end_ms=np.array([FOREVER if ms is None else ms for ms in end], np.int64),
        cpus=np.array(cpus, np.float64),
        memory_bytes=np.array(memory, np.float64),
        exclusive=np.array(exclusive, np.bool_),
        modelled=np.array([split or life in boardless for life, split in enumerate(modelled)], np.bool_),
        total_cpu_s=np.array([np.nan if seconds is None else seconds for seconds in total_cpu], np.float64),
    )


def _gpu_shares(shares: Sequence[tuple[int, BoardShare]], lives: Lives) -> GpuShares:
    """Nothing tells yet how active each part of a board is."""
    life = np.array([life for life, _ in shares], np.int64)
    return GpuShares(
        life=life,
        gpu=np.array([share.board for _, share in shares], np.int64),
        share=np.array([share.share for _, share in shares], np.float64),
        activity=np.full(len(shares), np.nan),
        assumed=np.array([share.assumed for _, share in shares], np.bool_) | lives.modelled[life],
    )


def _suspensions(rows: Sequence[tuple[Any, ...]], lives: Lives) -> Suspensions:
    suspended, of_job = {row[0] for row in rows}, dict[int, list[int]]()
    for life in np.flatnonzero(np.isin(lives.job, list(suspended))).tolist():
        of_job.setdefault(int(lives.job[life]), []).append(life)
    spans = sorted(
        (life, start, FOREVER if end is None else end) for job, start, end in rows for life in of_job.get(job, ())
    )
    columns = np.array(spans, np.int64).reshape(-1, 3)
    return Suspensions(columns[:, 0], columns[:, 1], columns[:, 2])
