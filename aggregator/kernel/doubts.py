"""What the uncertainty of each booking is made of, gathered for job rows and for the node's other accounts."""

from collections.abc import Mapping

import numpy as np

from aggregator.kernel.accounts import Energy, JobRows
from aggregator.kernel.arrays import F64, I64, Chunk, Window
from aggregator.kernel.evidence import Doubts
from aggregator.kernel.node_rows import NodeRows
from aggregator.kernel.ragged import ratio, sums
from aggregator.kernel.sheet import Sheet
from aggregator.kernel.timeline import Timeline
from maxwatt.domain.energy import Account


def doubts_of(
    chunk: Chunk,
    window: Window,
    line: Timeline,
    energy: Energy,
    facts: Mapping[str, F64],
    of_jobs: tuple[JobRows, Sheet],
    of_nodes: tuple[NodeRows, Sheet],
) -> Doubts:
    """Doubts of the job rows, and behind them of the nodes' rows.

    Args:
        facts: `cpu_used_s`, `crowd_s` and `held_s` of each job row.
    """
    (rows, jobs), (on_nodes, nodes) = of_jobs, of_nodes
    buckets = len(window.edges_ms) - 1
    own_slot = chunk.lives.node[rows.life] * buckets + rows.bucket
    slot = np.concatenate([own_slot, np.tile(np.arange(on_nodes.size), on_nodes.count // max(on_nodes.size, 1))])
    system = on_nodes.of(Account.SYSTEM)
    on, system_s = (system >= 0) & energy.cpu.meter.covered, energy.time.system_s
    per_s, count = per_interval_s(energy), on_nodes.count
    return Doubts(
        energy_j=np.concatenate([jobs.energy_j, nodes.energy_j]),
        evidence_j=np.concatenate([jobs.evidence_j, nodes.evidence_j]),
        slot=slot,
        used_s=np.concatenate([np.nan_to_num(facts["cpu_used_s"]), sums(system[on], system_s[on], count)]),
        crowd_s=np.concatenate([facts["crowd_s"], sums(system[on], (system_s**2 * per_s)[on], count)]),
        held_s=np.concatenate([facts["held_s"], np.zeros(count)]),
        edges=np.concatenate([_edges(chunk, window, rows), np.zeros(count, np.int64)]),
        interval_s=_interval_s(line, energy, on_nodes)[slot],
    )


def per_interval_s(energy: Energy) -> F64:
    """`1 / U_k` [1/s] of the CPU meter's interval that each segment lies in, 0 where there is none."""
    meter = energy.cpu.meter
    all_s = np.append(meter.gather(energy.time.jobs_s + energy.time.system_s), 0.0)
    return ratio(meter.covered.astype(np.float64), all_s[meter.interval])


def _interval_s(line: Timeline, energy: Energy, on_nodes: NodeRows) -> F64:
    """Mean length [s] of the CPU meter's intervals in each node and bucket, over their time."""
    meter, on = energy.cpu.meter, (on_nodes.segment >= 0) & energy.cpu.meter.covered
    slot, length_ms = on_nodes.segment[on], line.length_ms[on]
    interval_s = np.append(meter.intervals.seconds, 0.0)[meter.interval[on]]
    return ratio(sums(slot, interval_s * length_ms, on_nodes.size), sums(slot, length_ms, on_nodes.size))


def _edges(chunk: Chunk, window: Window, rows: JobRows) -> I64:
    """How many ends of its job fall into each job row: 0, 1 or 2."""
    low, high = window.edges_ms[rows.bucket], window.edges_ms[rows.bucket + 1]
    start, end = chunk.lives.start_ms[rows.life], chunk.lives.end_ms[rows.life]
    return ((start >= low) & (start < high)).astype(np.int64) + ((end >= low) & (end < high))
