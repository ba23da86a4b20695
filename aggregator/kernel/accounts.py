"""Books the chunk's energy: jobs by life, sessions by user, the other accounts by node; all by bucket."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool, Chunk, Window
from aggregator.kernel.components import Component
from aggregator.kernel.counters import COUNTED, MODELLED
from aggregator.kernel.cpu_time import CpuTime
from aggregator.kernel.gpu import GpuEnergy
from aggregator.kernel.gpu_holdings import GpuHoldings
from aggregator.kernel.holdings import Holdings
from aggregator.kernel.node_weights import NodeWeights
from aggregator.kernel.ragged import sums
from aggregator.kernel.rest import Rest
from aggregator.kernel.sessions import SessionRows
from aggregator.kernel.sheet import CPU, DRAM, DYNAMIC, GPU, REST, STATIC, Sheet, kinds_of
from aggregator.kernel.timeline import OVERTIME_MS, Timeline


@dataclass(frozen=True, slots=True)
class Energy:
    """Everything measured on the timeline and everything that decides whose it is.

    `covered` [s] tells where the node's energy was known.
    """

    time: CpuTime
    held: Holdings
    cpu: Component
    dram: Component
    gpu: GpuEnergy
    gpu_held: GpuHoldings
    rest: Rest
    weights: NodeWeights
    covered: Bool


GpuAmount = tuple[F64, int, int, int]
"""Energy of slots (cell and GPU) [J], its component and part, and how it became known."""


@dataclass(frozen=True, slots=True)
class JobRows:
    """Rows of the job sheet: one per life and bucket of the window that it touches.

    Args:
        life, bucket: [rows]; offset: [lives] what makes a bucket of the life its row.
    """

    life: I64
    bucket: I64
    offset: I64

    def of(self, life: I64, bucket: I64) -> I64:
        """Row of each life and bucket."""
        return self.offset[life] + bucket


def job_rows(chunk: Chunk, window: Window) -> JobRows:
    """Rows for every bucket a life touches, its cut-off second included."""
    edges, lives = window.edges_ms, chunk.lives
    low = np.searchsorted(edges, lives.start_ms, side="right") - 1
    end = np.minimum(lives.end_ms, edges[-1]) + OVERTIME_MS
    high = np.searchsorted(edges, end, side="left") - 1
    low, high = np.clip(low, 0, len(edges) - 2), np.clip(high, -1, len(edges) - 2)
    alive = (lives.start_ms < edges[-1]) & (end >= edges[0])
    count = np.where(alive, high - low + 1, 0)
    first = np.cumsum(count) - count
    life = np.repeat(np.arange(len(count)), count)
    return JobRows(life, np.arange(len(life)) - (first - low)[life], first - low)


def book_jobs(chunk: Chunk, timeline: Timeline, energy: Energy, rows: JobRows, gpus: Sequence[GpuAmount]) -> Sheet:
    """Book every job's static and dynamic energy; `gpus` is that of `gpu_amounts`."""
    sheet = Sheet.empty(len(rows.life))
    _book_job_dynamic(timeline, energy, rows, sheet)
    _book_job_gpus(timeline, energy, rows, sheet, gpus)
    held, inside = energy.held, timeline.cell_bucket[energy.held.cell] >= 0
    row = rows.of(held.life[inside], timeline.cell_bucket[held.cell[inside]])
    blind = np.array([node.cpus <= 0 for node in chunk.nodes], np.bool_)[chunk.lives.node]  # shares are then assumed
    assumed = (chunk.lives.modelled | blind)[held.life[inside]]
    for component, static_j, evidence, share in (
        (CPU, energy.cpu.static_j, energy.cpu.evidence, held.cpu_share),
        (DRAM, energy.dram.static_j, energy.dram.evidence, held.memory_share),
        (REST, energy.rest.static_j, energy.rest.evidence, energy.weights.held),
    ):
        for code, cells_j in _by_evidence(timeline, static_j, evidence):
            amount = cells_j[held.cell[inside]] * share[inside]
            sheet.book(row, amount, component, STATIC, np.where(assumed, MODELLED, code))
    return sheet


def _book_job_dynamic(timeline: Timeline, energy: Energy, rows: JobRows, sheet: Sheet) -> None:
    for pieces in energy.time.jobs:
        bucket = timeline.bucket[pieces.segment]
        inside = np.flatnonzero(bucket >= 0)
        row = rows.of(pieces.life[inside], bucket[inside])
        book_use(energy, sheet, row, pieces.segment[inside], pieces.cpu_s[inside], pieces.evidence)


def book_use(energy: Energy, sheet: Sheet, row: I64, segment: I64, cpu_s: F64, evidence: int = COUNTED) -> None:
    """Book CPU seconds: their dynamic energy of cpu and dram, and the rest that goes with it.

    Args:
        row, segment, cpu_s: [n]; evidence: how the CPU seconds became known, index into EVIDENCE.
    """
    total_j = np.zeros(len(row))
    for component, part in ((CPU, energy.cpu), (DRAM, energy.dram)):
        amount_j = part.per_cpu_s[segment] * cpu_s
        sheet.book(row, amount_j, component, DYNAMIC, _at(np.maximum(part.evidence, evidence), segment))
        total_j += amount_j
    sheet.book(row, energy.rest.per_dynamic[segment] * total_j, REST, DYNAMIC, _at(energy.rest.evidence, segment))


def _at(evidence: I64, segment: I64) -> I64 | int:
    """Evidence at some segments: one number where it is the same at all there are."""
    same = len(evidence) and evidence.min() == evidence.max()
    return int(evidence[0]) if same else evidence[segment]


def _book_job_gpus(timeline: Timeline, energy: Energy, rows: JobRows, sheet: Sheet, gpus: Sequence[GpuAmount]) -> None:
    gpu, on = energy.gpu, energy.gpu_held
    held, cell = energy.held, on.slot // max(gpu.slots, 1)
    inside = timeline.cell_bucket[cell] >= 0
    row = rows.of(held.life[on.holding[inside]], timeline.cell_bucket[cell[inside]])
    for amount, component, part, evidence in gpus:
        share, assumed = (on.static, on.static_assumed) if part == STATIC else (on.dynamic, on.dynamic_assumed)
        kinds = np.where(assumed[inside], MODELLED, evidence)
        sheet.book(row, amount[on.slot[inside]] * share[inside], component, part, kinds)


def gpu_amounts(timeline: Timeline, energy: Energy) -> list[GpuAmount]:
    """GPU energy per slot (cell and GPU) and the rest that goes with it."""
    gpu, count = energy.gpu, timeline.cell_count * energy.gpu.slots
    rest_j = energy.rest.per_dynamic[gpu.segment] * gpu.dynamic_j
    found = []
    for amount, evidence, component, part in (
        (gpu.static_j, gpu.evidence, GPU, STATIC),
        (gpu.dynamic_j, gpu.evidence, GPU, DYNAMIC),
        (rest_j, energy.rest.evidence[gpu.segment], REST, DYNAMIC),
    ):
        kinds = kinds_of(evidence)
        for kind in kinds:
            mine = evidence == kind if len(kinds) > 1 else slice(None)
            found.append((sums(gpu.slot[mine], amount[mine], count), component, part, kind))
    return found


def _by_evidence(timeline: Timeline, per_segment: F64, evidence: I64) -> list[tuple[int, F64]]:
    """Sums per cell, apart for each kind of evidence."""
    kinds = kinds_of(evidence)
    if len(kinds) == 1:
        return [(kinds[0], timeline.per_cell(per_segment))]
    return [(kind, timeline.per_cell(np.where(evidence == kind, per_segment, 0.0))) for kind in kinds]


def book_sessions(energy: Energy, rows: SessionRows) -> Sheet:
    """Book the logins; they hold nothing, so that nothing static is theirs."""
    found, on = energy.time.sessions, rows.row >= 0
    sheet = Sheet.empty(len(found.uid) * rows.buckets)
    book_use(energy, sheet, rows.row[on], found.segment[on], found.cpu_s[on])
    return sheet


def book_system(energy: Energy, sheet: Sheet, row: I64) -> None:
    """Book what no job and no login used. `row` [s] is each segment's row, -1 outside the window."""
    segment = np.flatnonzero(row >= 0)
    book_use(energy, sheet, row[segment], segment, energy.time.system_s[segment])


def book_idle(timeline: Timeline, energy: Energy, sheet: Sheet, cell_row: I64, gpus: Sequence[GpuAmount]) -> None:
    """Book what nobody held. `cell_row` [c] is each cell's row, -1 outside the window; `gpus` that of `gpu_amounts`."""
    on, held, slots = cell_row >= 0, energy.held, energy.gpu.slots
    slot_on = np.repeat(on, slots)
    slot_row = np.repeat(cell_row, slots)[slot_on]
    free = energy.gpu_held.static_free
    for amount, component, part, evidence in gpus:
        share = free if part == STATIC else energy.gpu_held.dynamic_free
        sheet.book(slot_row, (amount * share)[slot_on], component, part, evidence)
    for component, static_j, evidence_s, share in (
        (CPU, energy.cpu.static_j, energy.cpu.evidence, held.cpu_free),
        (DRAM, energy.dram.static_j, energy.dram.evidence, held.memory_free),
        (REST, energy.rest.static_j, energy.rest.evidence, energy.weights.free),
    ):
        for code, cells_j in _by_evidence(timeline, static_j, evidence_s):
            sheet.book(cell_row[on], (cells_j * share)[on], component, STATIC, code)
