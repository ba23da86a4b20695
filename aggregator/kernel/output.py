"""The result as rows, with what each booking says of itself: time held, covered, used, wasted, and how sure."""

import numpy as np

from aggregator.kernel.accounts import Energy, JobRows
from aggregator.kernel.arrays import F64, Bookings, Bool, Chunk, Window
from aggregator.kernel.doubts import doubts_of, per_interval_s
from aggregator.kernel.evidence import uncertainty
from aggregator.kernel.job_use import life_bounds
from aggregator.kernel.node_rows import NODE_ACCOUNTS, NodeRows
from aggregator.kernel.ragged import sums
from aggregator.kernel.sheet import Sheet
from aggregator.kernel.timeline import Timeline
from aggregator.kernel.waste import waste
from maxwatt.domain.energy import Account


def bookings(
    chunk: Chunk,
    window: Window,
    line: Timeline,
    energy: Energy,
    of_jobs: tuple[JobRows, Sheet],
    of_nodes: tuple[NodeRows, Sheet],
) -> Bookings:
    """Both sheets as rows of the ledger."""
    rows, on_nodes = of_jobs[0], of_nodes[0]
    buckets, node_count = len(window.edges_ms) - 1, len(chunk.nodes)
    covered = np.where(energy.covered, line.length_ms / 1000, 0.0)
    node_covered = on_nodes.held_s(line, covered)
    facts = _job_facts(line, energy, rows, covered, waste(chunk, window, line, energy))
    doubts = doubts_of(chunk, window, line, energy, facts, of_jobs, of_nodes)
    unknown = np.full(len(node_covered), np.nan)
    grid = np.meshgrid(NODE_ACCOUNTS, range(node_count), range(buckets), indexing="ij")
    account, node, bucket = (axis.ravel() for axis in grid)
    all_rows = Bookings(
        account=np.concatenate([np.full(len(rows.life), Account.JOB), account]).astype(np.int32),
        life=np.concatenate([rows.life, np.full(len(account), -1)]),
        node=np.concatenate([chunk.lives.node[rows.life], node]).astype(np.int32),
        bucket=np.concatenate([rows.bucket, bucket]).astype(np.int32),
        energy_j=doubts.energy_j,
        evidence_j=doubts.evidence_j,
        cpu_used_s=np.concatenate([facts["cpu_used_s"], unknown]),
        cpu_reserved_s=np.concatenate([facts["cpu_reserved_s"], np.zeros(len(account))]),
        held_s=np.concatenate([facts["held_s"], node_covered]),
        covered_s=np.concatenate([facts["covered_s"], node_covered]),
        share_s=np.concatenate([facts["share_s"], on_nodes.unheld_s(line, covered, energy.weights.free)]),
        waste_j=np.concatenate([facts["waste_j"], unknown]),
        memory_peak_bytes=np.concatenate([_memory_peaks(chunk, line, energy, rows), unknown]),
        uncertainty=uncertainty(doubts),
    )
    return _tidy(all_rows)


def _tidy(rows: Bookings) -> Bookings:
    """Rows with energy or held time, in the documented order."""
    some = np.flatnonzero((rows.energy_j != 0).any(axis=(1, 2)) | (rows.held_s > 0))
    order = some[np.lexsort((rows.life[some], rows.account[some], rows.bucket[some], rows.node[some]))]
    return Bookings(*(getattr(rows, name)[order] for name in Bookings.__dataclass_fields__))


def _job_facts(line: Timeline, energy: Energy, rows: JobRows, covered_s: F64, waste_j: F64) -> dict[str, F64]:
    """Held, covered and reserved time, share of the node, waste and the CPU seconds used, per job row.

    Use that nothing read is unknown.

    Args:
        covered_s: [s] seconds of each segment in which energy was known; waste_j: [h].
    """
    held, count = energy.held, len(rows.life)
    inside = line.cell_bucket[held.cell] >= 0
    cell = held.cell[inside]
    row = rows.of(held.life[inside], line.cell_bucket[cell])
    seconds = line.cell_length_ms[cell] / 1000
    cell_covered_s = line.per_cell(covered_s)[cell]
    used_s, crowd_s, seen = _used(line, energy, rows)
    return {
        "held_s": sums(row, seconds, count),
        "covered_s": sums(row, cell_covered_s, count),
        "share_s": sums(row, cell_covered_s * energy.weights.held[inside], count),
        "waste_j": sums(row, waste_j[inside], count),
        "cpu_reserved_s": sums(row, held.cpus[inside] * seconds, count),
        "cpu_used_s": np.where(seen, used_s, np.nan),
        "crowd_s": crowd_s,
    }


def _used(line: Timeline, energy: Energy, rows: JobRows) -> tuple[F64, F64, Bool]:
    """CPU seconds per job row, their `sum of u_k^2 / U_k` over the meter's intervals, and whether any are known."""
    used_s, crowd_s = np.zeros(len(rows.life)), np.zeros(len(rows.life))
    seen, per_s = np.zeros(len(rows.life), np.bool_), per_interval_s(energy)
    for pieces in energy.time.jobs:
        bucket = line.bucket[pieces.segment]
        within = bucket >= 0
        row, cpu_s = rows.of(pieces.life[within], bucket[within]), pieces.cpu_s[within]
        used_s += sums(row, cpu_s, len(used_s))
        crowd_s += sums(row, cpu_s**2 * per_s[pieces.segment[within]], len(used_s))
        seen[row] = True
    return used_s, crowd_s, seen


def _memory_peaks(chunk: Chunk, line: Timeline, energy: Energy, rows: JobRows) -> F64:
    """Highest resident memory [B] sampled in each job row, NaN where none was."""
    sampled = energy.time.sampled
    peaks = np.full(len(rows.life), np.nan)
    if not len(sampled.life):
        return peaks
    low, _ = life_bounds(chunk.lives, line)
    within = np.maximum(sampled.position, low[sampled.life] + 1)  # a sample at a life's start lies in its first bucket
    bucket = line.bucket_before(within)
    memory = chunk.job.memory_bytes[sampled.row]
    on = (bucket >= 0) & ~np.isnan(memory)
    row, memory = rows.of(sampled.life[on], bucket[on]), memory[on]
    first = np.flatnonzero(np.diff(row, prepend=-1))
    if len(first):
        peaks[row[first]] = np.maximum.reduceat(memory, first)
    return peaks
