"""Who holds what in each cell: shares of CPUs, memory and GPUs, shared out where they over-subscribe."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool, Chunk
from aggregator.kernel.ragged import sums
from aggregator.kernel.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Holdings:
    """One entry per life and cell it holds something in.

    Args:
        life, cell: [h].
        cpus: [h] CPUs held; 0 while suspended, all of the node where the job is exclusive.
        memory_bytes: [h] memory held, 0 where that of the node is not known.
        cpu_share, memory_share: [h] `a/N` and `m/M`, divided by what is held where that exceeds 1.
        cpu_free, memory_free: [c] share of each cell that nobody holds.
        first, last: [lives] entries of each life; offset: [lives] what makes a cell of the life its entry.
    """

    life: I64
    cell: I64
    cpus: F64
    memory_bytes: F64
    cpu_share: F64
    memory_share: F64
    cpu_free: F64
    memory_free: F64
    first: I64
    last: I64
    offset: I64

    def of(self, life: I64, cell: I64) -> I64:
        """Number of the entry of each life and cell, -1 where the life holds nothing there."""
        number = cell + self.offset[life]
        return np.where((number >= self.first[life]) & (number <= self.last[life]), number, -1)


def holdings(chunk: Chunk, timeline: Timeline) -> Holdings:
    """Holdings of every life in every cell it lives in."""
    lives, axis = chunk.lives, timeline.axis
    node = lives.node.astype(np.int64)
    life, cell = timeline.cells(axis.at(node, lives.start_ms), axis.at(node, lives.end_ms))
    running = ~_suspended(chunk, timeline, life, cell)
    node_cpus, node_memory = np.array([(t.cpus, t.memory_bytes) for t in chunk.nodes]).reshape(-1, 2)[node[life]].T
    exclusive = lives.exclusive[life]
    reserved = np.where(exclusive & (node_cpus > 0), node_cpus, lives.cpus[life])
    cpu = reserved / _capacity(node_cpus, reserved, cell, timeline.cell_count)
    memory = _memory_share(lives.memory_bytes[life], node_memory, cpu, exclusive)
    cpus, cpu, bytes_held = reserved * running, cpu * running, memory * node_memory
    cpu_share, cpu_free = shared_out(cpu, cell, timeline.cell_count)
    memory_share, memory_free = shared_out(memory, cell, timeline.cell_count)
    places = _places(life, cell, len(node))
    return Holdings(life, cell, cpus, bytes_held, cpu_share, memory_share, cpu_free, memory_free, *places)


def _places(life: I64, cell: I64, lives: int) -> tuple[I64, I64, I64]:
    """First and last entry of each life, and their distance from its cells, which follow each other."""
    every = np.arange(lives)
    first, behind = (np.searchsorted(life, every, side) for side in ("left", "right"))
    offset = np.zeros(lives, np.int64)
    some = behind > first
    offset[some] = first[some] - cell[first[some]]
    return first, behind - 1, offset


def _suspended(chunk: Chunk, timeline: Timeline, life: I64, cell: I64) -> Bool:
    spans = chunk.suspensions
    if not len(spans.life):
        return np.zeros(len(life), np.bool_)
    node = chunk.lives.node[spans.life].astype(np.int64)
    axis = timeline.axis
    owner, cells = timeline.cells(axis.at(node, spans.start_ms), axis.at(node, spans.end_ms))
    count = timeline.cell_count
    return np.isin(life * count + cell, spans.life[owner] * count + cells)


def _capacity(known: F64, reserved: F64, cell: I64, cells: int) -> F64:
    """CPUs [h] of the node of each entry; where they are unknown, all that jobs reserve in its cell."""
    together = sums(cell, reserved, cells)[cell]
    return np.where(known > 0, known, np.where(together > 0, together, 1.0))


def _memory_share(memory: F64, capacity: F64, cpu_share: F64, exclusive: Bool) -> F64:
    """`m/M`; where either is unknown the CPU share stands in for it; all of it for exclusive jobs."""
    known = (memory > 0) & (capacity > 0)
    share = np.where(known, np.divide(memory, capacity, out=np.zeros_like(memory), where=capacity > 0), cpu_share)
    return np.where(exclusive, 1.0, share)


def shared_out(share: F64, place: I64, places: int) -> tuple[F64, F64]:
    """Shares divided by what is held of each place where that exceeds 1, and what is free of it."""
    held = sums(place, share, places)
    shared = share / np.maximum(1.0, held)[place]
    return shared, np.where(held < 1.0, 1.0 - held, 0.0)
