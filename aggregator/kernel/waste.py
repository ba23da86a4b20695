"""Static energy of what a job reserved and did not use, cell by cell."""

import numpy as np

from aggregator.kernel.accounts import Energy
from aggregator.kernel.arrays import F64, I64, Bool, Chunk, Window
from aggregator.kernel.components import Component
from aggregator.kernel.counters import in_order
from aggregator.kernel.gauges import gauge
from aggregator.kernel.idle import day_of
from aggregator.kernel.ragged import ratio, sums
from aggregator.kernel.timeline import Timeline


def waste(chunk: Chunk, window: Window, line: Timeline, energy: Energy) -> F64:
    """Waste [h] of every entry of Holdings: `static * max(0, 1 - used / reserved)` of cpu, dram and GPUs together.

    NaN where the use of a part that drew static energy, or the idle power of a part that was metered, is not known.
    """
    held, day = energy.held, _days(chunk, line)
    cpu_j = line.per_cell(energy.cpu.static_j)[held.cell] * held.cpu_share
    dram_j = line.per_cell(energy.dram.static_j)[held.cell] * held.memory_share
    cpu_blind = _metered(line, energy.cpu) & np.isnan(chunk.idle.cpu_w[line.cell_node, day])
    dram_blind = _metered(line, energy.dram) & np.isnan(chunk.idle.dram_w[line.cell_node, day])
    return (
        _unused(cpu_j, _cpu_use(line, energy), cpu_blind[held.cell] & (held.cpu_share > 0))
        + _unused(dram_j, _memory_use(chunk, window, line, energy), dram_blind[held.cell] & (held.memory_share > 0))
        + _gpu_waste(chunk, window, line, energy, day)
    )


def _unused(static_j: F64, use: F64, blind: Bool) -> F64:
    """`static * max(0, 1 - use)`; what drew nothing wastes nothing, unless its idle power is not known (`blind`)."""
    wasted = np.where(static_j > 0, static_j * np.maximum(0.0, 1.0 - use), 0.0)
    return np.where(blind, np.nan, wasted)


def _metered(line: Timeline, component: Component) -> Bool:
    """Whether a meter tells something of each cell."""
    return line.per_cell(component.meter.covered.astype(np.float64)) > 0


def _days(chunk: Chunk, line: Timeline) -> I64:
    """Index [c] of the UTC day of each cell among those of the idle powers."""
    start, _ = _bounds(line, np.arange(line.cell_count))
    return day_of(chunk.idle, start % line.axis.span + line.axis.origin_ms)


def _cpu_use(line: Timeline, energy: Energy) -> F64:
    """CPU seconds used of those reserved [h], both where the CPUs were metered; NaN where nothing tells the use."""
    held, covered = energy.held, energy.cpu.meter.covered
    used_s, seen = np.zeros(len(held.life)), np.zeros(len(held.life), np.bool_)
    for pieces in energy.time.jobs:
        entry = held.of(pieces.life, line.cell[pieces.segment])
        on = (entry >= 0) & covered[pieces.segment]
        used_s += sums(entry[on], pieces.cpu_s[on], len(used_s))
        seen[entry[on]] = True
    reserved_s = held.cpus * line.per_cell(np.where(covered, line.length_ms / 1000, 0.0))[held.cell]
    return np.where(seen, ratio(used_s, reserved_s), np.nan)


def _memory_use(chunk: Chunk, window: Window, line: Timeline, energy: Energy) -> F64:
    """Mean resident memory of that reserved [h]; NaN where either is not known."""
    held, sampled = energy.held, energy.time.sampled
    if not energy.dram.static_j.any():
        return np.full(len(held.life), np.nan)
    memory = chunk.job.memory_bytes[sampled.row]
    read = gauge(sampled.life, sampled.position, memory, _axis_end(line), window.max_gap_ms // 2)
    mean = read.means(held.life, *_bounds(line, held.cell))
    return np.asarray(np.divide(mean, held.memory_bytes, out=np.full(len(mean), np.nan), where=held.memory_bytes > 0))


def _gpu_waste(chunk: Chunk, window: Window, line: Timeline, energy: Energy, day: I64) -> F64:
    """Of all GPUs together [h]. The utilisation of a board is that of its holder, where there is one only."""
    gpu, on, slots = energy.gpu, energy.gpu_held, max(energy.gpu.slots, 1)
    count = line.cell_count * gpu.slots
    static_j, metered = sums(gpu.slot, gpu.static_j, count), np.bincount(gpu.slot, minlength=count) > 0
    cell = on.slot // slots
    by_board = ratio(_utilisation(chunk, window, line, on.slot, slots), on.static)
    use = np.where(np.isnan(on.activity) & on.alone, by_board, on.activity)
    blind = metered[on.slot]
    idle_w = chunk.idle.gpu_w[line.cell_node[cell[blind]], day[cell[blind]], on.slot[blind] % slots]
    blind[blind] = np.isnan(idle_w)
    wasted = _unused(static_j[on.slot] * on.static, use, blind)
    return sums(on.holding, wasted, len(energy.held.life))


def _utilisation(chunk: Chunk, window: Window, line: Timeline, slot: I64, slots: int) -> F64:
    """Mean utilisation of boards in their cells [e]."""
    rows, cell, stride = chunk.gpu, slot // slots, _axis_end(line)
    board, position = rows.node.astype(np.int64) * slots + rows.gpu, line.axis.at(rows.node, rows.ts_ms)
    order = in_order(board * stride + position)
    read = gauge(board[order], position[order], rows.utilisation[order], stride, window.max_gap_ms // 2)
    return read.means(line.cell_node[cell] * slots + slot % slots, *_bounds(line, cell))


def _axis_end(line: Timeline) -> int:
    return int(line.end[-1]) + 1 if len(line.end) else 1


def _bounds(line: Timeline, cell: I64) -> tuple[I64, I64]:
    """Positions at which cells begin and end."""
    first = np.searchsorted(line.cell, cell)
    last = np.searchsorted(line.cell, cell, side="right") - 1
    return line.start[first], line.end[last]
