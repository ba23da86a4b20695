"""The attribution: samples and holdings of some nodes over some time in, bookings out. Pure.

Order of work: cut time at everything that changes (timeline), find who holds what (holdings) and who used which CPU
second (cpu_time), price the meters' intervals (components, gpu, rest), book (accounts), and measure apart (measure).
"""

from dataclasses import replace

import numpy as np

from aggregator.kernel import timeline as timelines
from aggregator.kernel.accounts import Energy, book_idle, book_jobs, book_system, job_rows
from aggregator.kernel.arrays import Bookings, Chunk, Measured, Window
from aggregator.kernel.components import cpu_meter, dram_meter, parts_of, priced, whole_node
from aggregator.kernel.counters import ordered
from aggregator.kernel.cpu_time import cpu_time
from aggregator.kernel.gpu import gpu_energy, gpu_holdings
from aggregator.kernel.holdings import holdings
from aggregator.kernel.job_use import in_order
from aggregator.kernel.measure import measured
from aggregator.kernel.output import NODE_ACCOUNTS, bookings
from aggregator.kernel.rest import rest
from aggregator.kernel.sheet import REST, STATIC, Sheet
from aggregator.kernel.timeline import Timeline


def attribute(chunk: Chunk, window: Window) -> tuple[Bookings, Measured]:
    """Book every measured joule of the window once.

    The samples must reach beyond the window by twice `max_gap_ms` on both sides where there are any: prices come from
    whole meter intervals, so that any cut into windows gives the same figures.

    Args:
        chunk: nodes, samples, lives and suspensions. Samples in another order, or twice, change nothing but the time.
        window: bucket edges [epoch ms UTC] and the longest bridged gap.

    Returns:
        Bookings of the window, and what was measured in it.
    """
    chunk = replace(chunk, job=in_order(chunk.job))
    line = timelines.build(chunk, window)
    energy = _energy(chunk, line, window)
    rows = job_rows(chunk, window)
    jobs = book_jobs(chunk, line, energy, rows)
    nodes = _book_nodes(chunk, window, line, energy)
    return bookings(chunk, window, line, energy, rows, jobs, nodes), measured(chunk, window, line, energy)


def _energy(chunk: Chunk, line: Timeline, window: Window) -> Energy:
    gap = window.max_gap_ms
    rows, readings = ordered(chunk.node, line)
    held = holdings(chunk, line)
    time = cpu_time(chunk, line, readings, rows.cpu_busy_s, held, gap)
    models = [node.model for node in chunk.nodes]
    cpu = priced(cpu_meter(rows, readings, line, gap), np.array([m.cpu_idle_w for m in models]), time)
    dram = priced(dram_meter(rows, readings, line, gap), np.array([m.dram_idle_w for m in models]), time)
    gpu = gpu_energy(chunk, line, gap)
    parts = parts_of(chunk, line, cpu, dram, gpu, time)
    remaining = rest(chunk, line, whole_node(rows, readings, line, gap), parts, cpu.meter)
    return Energy(time, held, cpu, dram, gpu, gpu_holdings(chunk, line, held, gpu), remaining)


def _book_nodes(chunk: Chunk, window: Window, line: Timeline, energy: Energy) -> Sheet:
    """System, idle and unattributed: rows are account-major, then node, then bucket."""
    buckets = len(window.edges_ms) - 1
    size = len(chunk.nodes) * buckets
    sheet = Sheet.empty(len(NODE_ACCOUNTS) * size)
    segment_row = np.where(line.bucket >= 0, line.node * buckets + line.bucket, -1)
    cell_row = np.where(line.cell_bucket >= 0, line.cell_node * buckets + line.cell_bucket, -1)
    book_system(energy, sheet, segment_row)
    book_idle(chunk, line, energy, sheet, np.where(cell_row >= 0, cell_row + size, -1))
    on = segment_row >= 0
    lost = segment_row[on] + 2 * size
    sheet.book(lost, energy.rest.unattributed_j[on], REST, STATIC, energy.rest.evidence[on])
    return sheet
