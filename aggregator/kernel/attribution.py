"""The attribution: samples and holdings of some nodes over some time in, bookings out. Pure.

Order of work: cut time at everything that changes (timeline), find who holds what (holdings) and who used which CPU
second (cpu_time), price the meters' intervals (components, gpu, rest), book (accounts), and measure apart (measure).
"""

from collections.abc import Sequence
from dataclasses import replace

from aggregator.kernel import timeline as timelines
from aggregator.kernel.accounts import (
    Energy,
    GpuAmount,
    book_idle,
    book_jobs,
    book_sessions,
    book_system,
    gpu_amounts,
    job_rows,
)
from aggregator.kernel.arrays import Bookings, Chunk, JobEnergy, Measured, Window
from aggregator.kernel.components import covered, cpu_meter, dram_meter, node_bounds, parts_of, priced, whole_node
from aggregator.kernel.counters import ordered
from aggregator.kernel.cpu_time import cpu_time
from aggregator.kernel.gpu import gpu_energy
from aggregator.kernel.gpu_holdings import gpu_holdings
from aggregator.kernel.holdings import holdings
from aggregator.kernel.idle import idle_w
from aggregator.kernel.job_use import in_order
from aggregator.kernel.measure import measured
from aggregator.kernel.node_rows import NodeRows, node_rows
from aggregator.kernel.node_weights import node_weights
from aggregator.kernel.output import bookings, job_energy
from aggregator.kernel.rest import rest
from aggregator.kernel.sessions import session_rows
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
    energy = energy_of(chunk, line, window)
    rows, gpus = job_rows(chunk, window), gpu_amounts(line, energy)
    jobs = book_jobs(chunk, line, energy, rows, gpus)
    on_nodes = node_rows(chunk, window, line)
    nodes = _book_nodes(line, energy, on_nodes, gpus)
    on_users = session_rows(energy.time.sessions, window, line)
    logins = book_sessions(energy, on_users)
    found = bookings(chunk, window, line, energy, (rows, jobs), (on_users, logins), (on_nodes, nodes))
    return found, measured(chunk, window, line, energy)


def energy_of_jobs(chunk: Chunk, window: Window) -> JobEnergy:
    """What `attribute` books on jobs, in little more than half of the time: nothing is said of how sure it is."""
    chunk = replace(chunk, job=in_order(chunk.job))
    line = timelines.build(chunk, window)
    energy, rows = energy_of(chunk, line, window), job_rows(chunk, window)
    return job_energy(line, energy, rows, book_jobs(chunk, line, energy, rows, gpu_amounts(line, energy)))


def energy_of(chunk: Chunk, line: Timeline, window: Window) -> Energy:
    """Everything measured and everything that decides whose it is, on the timeline `line` of the chunk."""
    gap = window.max_gap_ms
    rows, readings = ordered(chunk.node, line.axis)
    held = holdings(chunk, line)
    time = cpu_time(chunk, line, readings, rows.cpu_busy_s, held, gap)
    of_cpu, of_dram = cpu_meter(rows, readings, line, gap), dram_meter(rows, readings, line, gap)
    cpu_s = time.users_s + time.system_s
    cpu = priced(of_cpu, idle_w(chunk.idle, chunk.idle.cpu_w, line.axis, of_cpu.intervals), cpu_s)
    dram = priced(of_dram, idle_w(chunk.idle, chunk.idle.dram_w, line.axis, of_dram.intervals), cpu_s)
    gpu = gpu_energy(chunk, line, window)
    parts = parts_of(chunk, line, cpu, dram, gpu, cpu_s)
    meter = whole_node(rows, readings, line, window, node_bounds(chunk, window, gpu.present))
    remaining = rest(chunk, line, meter, parts, cpu.meter)
    gpus = gpu_holdings(chunk, line, held, gpu)
    known = covered(line, cpu.meter, dram.meter, gpu, remaining.covered)
    return Energy(time, held, cpu, dram, gpu, gpus, remaining, node_weights(chunk, line, held, gpu, gpus), known)


def _book_nodes(line: Timeline, energy: Energy, rows: NodeRows, gpus: Sequence[GpuAmount]) -> Sheet:
    """System, unattributed, and idle by the state of the node."""
    sheet, on = Sheet.empty(rows.count), rows.segment >= 0
    book_system(energy, sheet, rows.of(Account.SYSTEM))
    book_idle(line, energy, sheet, rows.unheld, gpus)
    lost = rows.of(Account.UNATTRIBUTED)[on]
    sheet.book(lost, energy.rest.unattributed_j[on], REST, STATIC, energy.rest.unattributed_evidence[on])
    return sheet
