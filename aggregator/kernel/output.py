"""The result as rows, with what each booking says of itself: time held, covered, used, wasted, and how sure."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from aggregator.kernel.accounts import Energy, JobRows
from aggregator.kernel.arrays import F64, I64, Bookings, Bool, Chunk, JobEnergy, Window
from aggregator.kernel.doubts import crowds_s, doubts_of
from aggregator.kernel.evidence import uncertainty
from aggregator.kernel.job_use import life_bounds
from aggregator.kernel.node_rows import NODE_ACCOUNTS, NodeRows
from aggregator.kernel.ragged import ratio, sums
from aggregator.kernel.sessions import SessionRows, used_in
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
    of_sessions: tuple[SessionRows, Sheet],
    of_nodes: tuple[NodeRows, Sheet],
) -> Bookings:
    """The sheets as rows of the ledger."""
    covered_s = _covered_s(line, energy)
    facts = _job_facts(line, energy, of_jobs[0], covered_s, waste(chunk, window, line, energy))
    logins = _session_facts(line, energy, of_sessions[0], covered_s)
    parts = (
        _of_jobs(chunk, line, energy, *of_jobs, facts),
        _of_sessions(energy, *of_sessions, logins),
        _of_nodes(len(chunk.nodes), len(window.edges_ms) - 1, line, energy, *of_nodes, covered_s),
    )
    doubts = doubts_of(chunk, window, line, energy, (of_jobs, facts), (of_sessions, logins), of_nodes)
    names = Bookings.__dataclass_fields__
    rows = Bookings(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    return _tidy(replace(rows, uncertainty=uncertainty(doubts)))


def job_energy(line: Timeline, energy: Energy, rows: JobRows, sheet: Sheet) -> JobEnergy:
    """The sheet of jobs by itself."""
    _, cell, row = _held(line, energy, rows)
    used_s, _, seen = _used(line, energy, rows)
    return JobEnergy(
        life=rows.life,
        bucket=rows.bucket,
        energy_j=sheet.energy_j,
        cpu_used_s=np.where(seen, used_s, np.nan),
        covered_s=sums(row, line.per_cell(_covered_s(line, energy))[cell], len(rows.life)),
    )


def _of_jobs(
    chunk: Chunk, line: Timeline, energy: Energy, rows: JobRows, sheet: Sheet, facts: Mapping[str, F64]
) -> Bookings:
    told = ("cpu_used_s", "cpu_reserved_s", "held_s", "covered_s", "share_s", "waste_j")
    return Bookings(
        account=np.full(len(rows.life), Account.JOB, np.int32),
        life=rows.life,
        uid=np.full(len(rows.life), -1),
        node=chunk.lives.node[rows.life],
        bucket=rows.bucket.astype(np.int32),
        energy_j=sheet.energy_j,
        evidence_j=sheet.evidence_j,
        **{name: facts[name] for name in told},
        memory_peak_bytes=_memory_peaks(chunk, line, energy, rows),
        uncertainty=np.zeros(len(rows.life)),
    )


def _of_sessions(energy: Energy, rows: SessionRows, sheet: Sheet, facts: Mapping[str, F64]) -> Bookings:
    """Logins: they reserve nothing, so there is nothing that they could waste."""
    found, count = energy.time.sessions, len(sheet.energy_j)
    user, bucket = np.divmod(np.arange(count), rows.buckets)
    return Bookings(
        account=np.full(count, Account.SESSION, np.int32),
        life=np.full(count, -1),
        uid=found.uid[user],
        node=found.node[user].astype(np.int32),
        bucket=bucket.astype(np.int32),
        energy_j=sheet.energy_j,
        evidence_j=sheet.evidence_j,
        **{name: facts[name] for name in ("cpu_used_s", "held_s", "covered_s")},
        **{name: np.zeros(count) for name in ("cpu_reserved_s", "share_s", "uncertainty")},
        **{name: np.full(count, np.nan) for name in ("waste_j", "memory_peak_bytes")},
    )


def _of_nodes(
    nodes: int, buckets: int, line: Timeline, energy: Energy, rows: NodeRows, sheet: Sheet, covered_s: F64
) -> Bookings:
    grid = np.meshgrid(NODE_ACCOUNTS, range(nodes), range(buckets), indexing="ij")
    account, node, bucket = (axis.ravel().astype(np.int32) for axis in grid)
    count, held_s = len(account), rows.held_s(line, covered_s)
    return Bookings(
        account=account,
        life=np.full(count, -1),
        uid=np.full(count, -1),
        node=node,
        bucket=bucket,
        energy_j=sheet.energy_j,
        evidence_j=sheet.evidence_j,
        held_s=held_s,
        covered_s=held_s,
        share_s=rows.unheld_s(line, covered_s, energy.weights.free),
        **{name: np.zeros(count) for name in ("cpu_reserved_s", "uncertainty")},
        **{name: np.full(count, np.nan) for name in ("cpu_used_s", "waste_j", "memory_peak_bytes")},
    )


def _tidy(rows: Bookings) -> Bookings:
    """Rows with energy or held time, in the documented order. Without energy `unattributed` says nothing."""
    held = (rows.held_s > 0) & (rows.account != Account.UNATTRIBUTED)
    some = np.flatnonzero((rows.energy_j != 0).any(axis=(1, 2)) | held)
    keys = (rows.uid, rows.life, rows.account, rows.bucket, rows.node)
    order = some[np.lexsort(tuple(key[some] for key in keys))]
    return Bookings(*(getattr(rows, name)[order] for name in Bookings.__dataclass_fields__))


def _job_facts(line: Timeline, energy: Energy, rows: JobRows, covered_s: F64, waste_j: F64) -> dict[str, F64]:
    """Held, covered and reserved time, share of the node, waste and the CPU seconds used, per job row.

    Use that nothing read is unknown.

    Args:
        covered_s: [s] seconds of each segment in which energy was known; waste_j: [h].
    """
    held, count = energy.held, len(rows.life)
    inside, cell, row = _held(line, energy, rows)
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


def _held(line: Timeline, energy: Energy, rows: JobRows) -> tuple[Bool, I64, I64]:
    """Which of the holdings [h] lie in the window, and of these the cell and the row."""
    held = energy.held
    inside = line.cell_bucket[held.cell] >= 0
    cell = held.cell[inside]
    return inside, cell, rows.of(held.life[inside], line.cell_bucket[cell])


def _covered_s(line: Timeline, energy: Energy) -> F64:
    """Seconds [s] of each segment in which energy was known."""
    return np.where(energy.covered, line.length_ms / 1000, 0.0)


def _session_facts(line: Timeline, energy: Energy, rows: SessionRows, covered_s: F64) -> dict[str, F64]:
    """CPU seconds used, time seen and covered, per session row; one that used no CPU time was seen for no time."""
    found = energy.time.sessions
    used_s, share = used_in(found, rows, found.cpu_s), ratio(covered_s, line.length_ms / 1000)[found.segment]
    return {
        "cpu_used_s": used_s,
        "crowd_s": used_in(found, rows, crowds_s(energy, found.user, found.segment, found.cpu_s)),
        "held_s": np.where(used_s > 0, used_in(found, rows, found.seconds), 0.0),
        "covered_s": np.where(used_s > 0, used_in(found, rows, found.seconds * share), 0.0),
    }


def _used(line: Timeline, energy: Energy, rows: JobRows) -> tuple[F64, F64, Bool]:
    """CPU seconds per job row, their `sum of u_k^2 / U_k` over the meter's intervals, and whether any are known."""
    parts, count = energy.time.jobs, len(rows.life)
    life, segment = (np.concatenate([getattr(part, name) for part in parts]) for name in ("life", "segment"))
    cpu_s = np.concatenate([part.cpu_s for part in parts])
    crowd_s, bucket = crowds_s(energy, life, segment, cpu_s), line.bucket[segment]
    within, seen = bucket >= 0, np.zeros(count, np.bool_)
    row = rows.of(life[within], bucket[within])
    seen[row] = True
    return sums(row, cpu_s[within], count), sums(row, crowd_s[within], count), seen


def _memory_peaks(chunk: Chunk, line: Timeline, energy: Energy, rows: JobRows) -> F64:
    """Highest resident memory [B] sampled in each job row, NaN where none was."""
    sampled = energy.time.sampled
    peaks = np.full(len(rows.life), np.nan)
    if not len(sampled.life):
        return peaks
    low, node = life_bounds(chunk.lives, line)[0], chunk.lives.node
    # All lives behind each other on one axis, on which the rows of a life hold the samples behind their start, up to
    # their end; a sample at the life's start lies in its first row.
    shift = (np.arange(len(low)) - node) * line.axis.span
    place, moved = sampled.position + shift[sampled.life], shift[rows.life]
    start, end = (line.axis.at(node[rows.life], line.edges_ms[rows.bucket + n]) for n in (0, 1))
    start = np.where(start > low[rows.life], start, low[rows.life] - 1)
    first, behind = (np.searchsorted(place, at + moved, side="right") for at in (start, end))
    some = np.flatnonzero(behind > first)
    memory = np.append(chunk.job.memory_bytes[sampled.row], np.nan)
    pairs = np.column_stack([first[some], behind[some]]).ravel()
    peaks[some] = np.fmax.reduceat(memory, pairs)[::2] if len(some) else np.nan
    return peaks
