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
from aggregator.kernel.gpu import gpu_energy
from aggregator.kernel.gpu_holdings import gpu_holdings
from aggregator.kernel.holdings import holdings
from aggregator.kernel.job_use import in_order
from aggregator.kernel.measure import measured
from aggregator.kernel.node_rows import NodeRows, node_rows
from aggregator.kernel.output import bookings
from aggregator.kernel.rest import rest
from aggregator.kernel.sheet import REST, STATIC, Sheet
from aggregator.kernel.timeline import Timeline
from maxwatt.domain.energy import Account


def attribute(chunk: Chunk, window: Window) -> tuple[Bookings, Measured]:
    """Book every measured joule of the window once.

    The samples must reach beyond the window by twice `max_gap_ms` on both sides where there are any: prices come from
    whole meter intervals, so that any cut into windows gives the same figures.

    Args:
        chunk: nodes and their states, samples, jobs. Samples in another order, or twice, change nothing but the time.
        window: bucket edges [epoch ms UTC] and the longest bridged gap.

    Returns:
        Bookings of the window, and what was measured in it.
    """
    chunk = replace(chunk, job=in_order(chunk.job))
    line = timelines.build(chunk, window)
    energy = _energy(chunk, line, window)
    rows = job_rows(chunk, window)
    jobs = book_jobs(chunk, line, energy, rows)
    on_nodes = node_rows(chunk, window, line)
    nodes = _book_nodes(chunk, line, energy, on_nodes)
    found = bookings(chunk, window, line, energy, (rows, jobs), (on_nodes, nodes))
    return found, measured(chunk, window, line, energy)


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


def _book_nodes(chunk: Chunk, line: Timeline, energy: Energy, rows: NodeRows) -> Sheet:
    """System, unattributed, and idle by the state of the node."""
    sheet, on = Sheet.empty(rows.count), rows.segment >= 0
    book_system(energy, sheet, rows.of(Account.SYSTEM))
    book_idle(chunk, line, energy, sheet, rows.unheld)
    lost = rows.of(Account.UNATTRIBUTED)[on]
    sheet.book(lost, energy.rest.unattributed_j[on], REST, STATIC, energy.rest.evidence[on])
    return sheet
