"""What the uncertainty of each booking is made of, gathered for jobs, logins and the accounts of nodes."""

from collections.abc import Mapping

import numpy as np

from aggregator.kernel.accounts import Energy, JobRows
from aggregator.kernel.arrays import F64, I64, Chunk, Window
from aggregator.kernel.evidence import Doubts
from aggregator.kernel.node_rows import NodeRows
from aggregator.kernel.ragged import of_own_group, ratio, sums
from aggregator.kernel.sessions import SessionRows
from aggregator.kernel.sheet import Sheet
from aggregator.kernel.timeline import Timeline
from maxwatt.domain.energy import Account

Facts = Mapping[str, F64]
"""`cpu_used_s`, `crowd_s` and `held_s` of each row."""


def doubts_of(
    chunk: Chunk,
    window: Window,
    line: Timeline,
    energy: Energy,
    of_jobs: tuple[tuple[JobRows, Sheet], Facts],
    of_sessions: tuple[tuple[SessionRows, Sheet], Facts],
    of_nodes: tuple[NodeRows, Sheet],
) -> Doubts:
    """Doubts of the job rows, behind them of the logins', and of the nodes' rows."""
    ((rows, jobs), told), ((_, logins), seen), (on_nodes, nodes) = of_jobs, of_sessions, of_nodes
    buckets = len(window.edges_ms) - 1
    job_slot = chunk.lives.node[rows.life] * buckets + rows.bucket
    login_slot = (energy.time.sessions.node[:, None] * buckets + np.arange(buckets)).ravel()
    node_slot = np.tile(np.arange(on_nodes.size), on_nodes.count // max(on_nodes.size, 1))
    slot = np.concatenate([job_slot, login_slot, node_slot])
    system = on_nodes.of(Account.SYSTEM)
    on, system_s = (system >= 0) & energy.cpu.meter.covered, energy.time.system_s
    count, segments = on_nodes.count, np.arange(len(system))
    # Of all segments: an interval that the window's edge cuts has the same crowd on both of its sides.
    whole_s = crowds_s(energy, np.zeros(len(segments), np.int64), segments, system_s)
    used_s, crowd_s = (sums(system[on], seconds[on], count) for seconds in (system_s, whole_s))
    no_edges = np.zeros(len(login_slot) + count, np.int64)
    return Doubts(
        energy_j=np.concatenate([sheet.energy_j for sheet in (jobs, logins, nodes)]),
        evidence_j=np.concatenate([sheet.evidence_j for sheet in (jobs, logins, nodes)]),
        slot=slot,
        used_s=np.concatenate([np.nan_to_num(told["cpu_used_s"]), seen["cpu_used_s"], used_s]),
        crowd_s=np.concatenate([told["crowd_s"], seen["crowd_s"], crowd_s]),
        held_s=np.concatenate([told["held_s"], seen["held_s"], np.zeros(count)]),
        edges=np.concatenate([_edges(chunk, window, rows), no_edges]),
        interval_s=_interval_s(line, energy, on_nodes)[slot],
    )


def crowds_s(energy: Energy, user: I64, segment: I64, cpu_s: F64) -> F64:
    """`u * u_k / U_k` [p] of pieces of CPU seconds; over an interval k of the CPU's meter they sum to `u_k^2 / U_k`.

    So it says the same however finely an interval is cut. 0 where there is no interval.

    Args:
        user, segment, cpu_s: [p] whose they are, where, and how many.
    """
    meter, intervals = energy.cpu.meter, len(energy.cpu.meter.intervals)
    if not intervals:
        return np.zeros(len(cpu_s))
    all_s = meter.gather(energy.time.users_s + energy.time.system_s)
    cpu_s = cpu_s * meter.covered[segment]
    interval = np.maximum.accumulate(meter.interval)[segment]  # where there is none the one before: so they ascend
    return cpu_s * ratio(of_own_group(user * intervals + interval, cpu_s), all_s[interval])


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
