"""One job over time: the kernel run on the job's nodes with finer edges, so that its sums agree with the ledger."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from sqlalchemy import Connection, RowMapping

from aggregator.kernel.arrays import F64, I64, Chunk, JobEnergy, NodeSamples, Tenants
from aggregator.kernel.attribution import energy_of_jobs
from aggregator.ledger import history, idle, lives
from aggregator.ledger.idle import IdlePower
from aggregator.pipeline.chunks import COLUMNS, Capacities, build_chunk, node_chunks, tenants_of, window_of
from aggregator.pipeline.idle_powers import as_arrays
from aggregator.queries import boards, traffic
from aggregator.queries.boards import optional
from aggregator.queries.job_detail import held_nodes
from aggregator.queries.models import NodeHeld
from aggregator.queries.series_models import NodeSeries
from maxwatt.config import Settings
from maxwatt.domain.energy import COMPONENTS, PARTS
from maxwatt.domain.errors import InputError
from maxwatt.domain.ports import Store
from maxwatt.domain.units import DAY_MS, MS_PER_S

_READ: Final = {
    **COLUMNS,
    "gpu": tuple(dict.fromkeys((*COLUMNS["gpu"], *boards.COLUMNS))),
    **{name: (*COLUMNS[name], *columns) for name, columns in traffic.COLUMNS.items()},
}
POWER_COLUMNS: Final = tuple(f"{component}_{part}_w" for component in COMPONENTS for part in PARTS)


@dataclass(frozen=True, slots=True)
class JobInputs:
    """What the ledger knows of a job, its nodes, and the jobs beside it; gathered before the samples are read.

    Args:
        exclusive: it has its nodes for itself, and every board of them.
        span_ms: start and end of the attempt, or of what is known of it so far [epoch ms].
        padded_ms: the time whose samples matter: a counter's interval may begin before the job and end after it.
        tenants: every job on the job's nodes in the padded time.
        idle: what is frozen of the idle powers of these nodes in this time.
    """

    job_ref: int
    job_id: int
    exclusive: bool
    span_ms: tuple[int, int]
    padded_ms: tuple[int, int]
    shares: tuple[NodeHeld, ...]
    capacities: Capacities
    tenants: Tenants
    idle: tuple[IdlePower, ...]


def gather(
    connection: Connection,
    job: RowMapping,
    settings: Settings,
    newest_ms: Mapping[str, int],
    nodes: Collection[str] | None = None,
) -> JobInputs:
    """Inputs of one attempt; a job that runs reaches up to the newest sample of its nodes.

    Args:
        nodes: of its nodes only these; None: all.
    """
    every = held_nodes(connection, job["job_ref"])
    shares = tuple(share for share in every if nodes is None or share.node in nodes)
    names = [share.node for share in shares]
    start_ms, end_ms = job["start_ms"], job["end_ms"]
    if end_ms is None:
        end_ms = max((newest_ms[share.node] for share in every if share.node in newest_ms), default=start_ms)
    gap_ms = int(settings.attribution.max_gap_s * MS_PER_S)
    padded_ms = (start_ms - gap_ms, end_ms + gap_ms)
    tenants = lives.load(connection, names, *padded_ms, settings.model_of)
    capacities = history.capacities(connection)
    powers = tuple(idle.load(connection, names, padded_ms[0] - DAY_MS, padded_ms[1]))
    return JobInputs(
        job_ref=job["job_ref"],
        job_id=job["job_id"],
        exclusive=job["exclusive"],
        span_ms=(start_ms, end_ms),
        padded_ms=padded_ms,
        shares=shares,
        capacities=capacities,
        tenants=tenants,
        idle=powers,
    )


def job_series(store: Store, inputs: JobInputs, settings: Settings, max_points: int) -> tuple[NodeSeries, ...]:
    """CPU, memory and power of one attempt, node by node, in at most `max_points` steps.

    Steps are never shorter than two samples are apart. The power of a step is its energy over its length, so that their
    sum is what the ledger books; None where nothing was sampled. Memory is the last sample of the step.

    Raises:
        InputError: less than one point.
    """
    if max_points < 1:
        raise InputError(f"a series needs at least one point, not {max_points}")
    if inputs.span_ms[0] >= inputs.span_ms[1]:
        return ()
    names = [share.node for share in inputs.shares]
    gap_ms = int(settings.attribution.max_gap_s * MS_PER_S)
    found: list[NodeSeries] = []
    for first, last in node_chunks(names, settings.attribution.nodes_per_chunk):
        samples = store.read(names[first:last], *inputs.padded_ms, _READ)
        powers = as_arrays(samples, [each for each in inputs.idle if each.node in samples.nodes], settings)
        chunk = build_chunk(samples, tenants_of(inputs.tenants, first, last), inputs.capacities, settings, powers)
        edges_ms = _edges_ms(inputs.span_ms, chunk.node, max_points)
        energy = energy_of_jobs(chunk, window_of(edges_ms, settings))
        used = boards.board_samples(samples.gpu)
        found += [
            replace(
                _node_series(chunk, energy, edges_ms, share, index=index, job=(inputs.job_ref, inputs.job_id)),
                gpus=boards.board_series(used, index, _boards(inputs, share, used, index, settings), edges_ms),
                threads_per_core=settings.model_of(share.node).threads_per_core,
                traffic_bytes_per_s=traffic.traffic(
                    samples, index, inputs.job_id, edges_ms, gap_ms, exclusive=inputs.exclusive
                ),
            )
            for index, share in enumerate(inputs.shares[first:last])
        ]
    return tuple(found)


def _boards(
    inputs: JobInputs, share: NodeHeld, used: boards.BoardSamples, index: int, settings: Settings
) -> tuple[int, ...]:
    if inputs.exclusive:
        return boards.boards_present(used, index)
    return boards.own_boards(share, settings.model_of(share.node))


def _edges_ms(span_ms: tuple[int, int], node: NodeSamples, max_points: int) -> I64:
    """Edges from the job's start to its end; the last step may be shorter."""
    start_ms, end_ms = span_ms
    step_ms = max(-(-(end_ms - start_ms) // max_points), _sampling_ms(node), 1)
    return np.append(np.arange(start_ms, end_ms, step_ms, dtype=np.int64), np.int64(end_ms))


def _sampling_ms(node: NodeSamples) -> int:
    """Median time between two samples of one node, 0 without samples."""
    apart_ms = np.diff(node.ts_ms)[np.diff(node.node) == 0]
    return int(np.median(apart_ms)) if len(apart_ms) else 0


def _node_series(
    chunk: Chunk, energy: JobEnergy, edges_ms: I64, share: NodeHeld, *, index: int, job: tuple[int, int]
) -> NodeSeries:
    job_ref, job_id = job
    length_s = np.diff(edges_ms) / MS_PER_S
    own = (chunk.lives.job == job_ref) & (chunk.lives.node == index)
    mine = np.flatnonzero(own[energy.life])
    bucket, energy_j = energy.bucket[mine], energy.energy_j[mine].reshape(len(mine), len(POWER_COLUMNS))
    known = (energy.covered_s[mine] > 0) | energy_j.any(axis=1)
    power_w = np.full((len(length_s), len(POWER_COLUMNS)), np.nan)
    power_w[bucket[known]] = energy_j[known] / length_s[bucket[known], None]
    cpu_used = np.full(len(length_s), np.nan)
    cpu_used[bucket[known]] = energy.cpu_used_s[mine][known] / length_s[bucket[known]]
    return NodeSeries(
        node=share.node,
        start_ms=tuple(edges_ms[:-1].tolist()),
        ts_ms=tuple(edges_ms[1:].tolist()),
        cpu_used=optional(cpu_used),
        memory_bytes=optional(_memory_bytes(chunk, job_id, index, edges_ms)),
        power_w={name: optional(power_w[:, column]) for column, name in enumerate(POWER_COLUMNS)},
        cpus=share.cpus,
        memory_allocated_bytes=share.memory_bytes,
    )


def _memory_bytes(chunk: Chunk, job_id: int, index: int, edges_ms: I64) -> F64:
    """Last resident memory sampled in each step (start, end]; NaN where none was."""
    samples = chunk.job
    own = (samples.node == index) & (samples.job_id == job_id) & ~np.isnan(samples.memory_bytes)
    ts_ms, memory = samples.ts_ms[own], samples.memory_bytes[own]
    latest = np.searchsorted(ts_ms, edges_ms[1:], side="right") - 1
    found = np.full(len(edges_ms) - 1, np.nan)
    inside = (latest >= 0) & (ts_ms[np.maximum(latest, 0)] > edges_ms[:-1]) if len(ts_ms) else latest >= 0
    found[inside] = memory[latest[inside]]
    return found
