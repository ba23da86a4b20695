"""The chunk's time cut into segments: between two neighbouring knots of a node nothing is read and nothing changes.

Knots are sampling times, ends of jobs, suspensions and states of nodes, and the window's edges. Runs of segments
without a change of holdings form a cell. All nodes lie behind each other on one axis, so that one search serves all.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, FOREVER, I32, I64, Chunk, Suspensions, Window
from aggregator.kernel.ragged import distinct, expand, sums

OVERTIME_MS: Final = 1000
"""Slurm cuts times to whole seconds: a job may work up to this long after its recorded end [ms]."""


@dataclass(frozen=True, slots=True)
class Axis:
    """All nodes behind each other: a position is `node * span + ts_ms - origin_ms`."""

    origin_ms: int
    span: int

    def at(self, node: I64 | I32, ts_ms: I64) -> I64:
        """Positions of times on nodes; times outside the chunk's range are moved to its ends."""
        found: I64 = ts_ms - self.origin_ms
        if len(found) and (found.min() < 0 or found.max() >= self.span):
            found = np.clip(found, 0, self.span - 1)
        found += node * np.int64(self.span)
        return found


@dataclass(frozen=True, slots=True)
class Timeline:
    """Segments in order of node and time.

    Args:
        start, end: [s] positions; a segment ends where the next begins.
        node: [s] node of each segment.
        length_ms: [s].
        bucket: [s] bucket of the window, -1 outside it.
        cell: [s] cell number, ascending.
        cell_node, cell_bucket, cell_length_ms: [c].
        edges_ms: the window's.
    """

    axis: Axis
    start: I64
    end: I64
    node: I64
    length_ms: F64
    bucket: I64
    cell: I64
    cell_node: I64
    cell_bucket: I64
    cell_length_ms: F64
    edges_ms: I64

    @property
    def cell_count(self) -> int:
        """Number of cells."""
        return len(self.cell_node)

    def cells(self, start: I64, end: I64) -> tuple[I64, I64]:
        """Pairs (owner, cell) for the cells between two positions each; nothing where they are equal."""
        if not len(self.cell):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        last = len(self.cell) - 1
        low = self.cell[np.clip(self.first_segment(start), 0, last)]
        high = self.cell[np.clip(self.last_segment(end), 0, last)]
        return expand(low, np.where(end > start, high - low + 1, 0))

    def first_segment(self, position: I64) -> I64:
        """The segment that begins at or holds each position."""
        return np.asarray(np.searchsorted(self.start, position, side="right") - 1)

    def last_segment(self, position: I64) -> I64:
        """The segment that ends at or holds each position."""
        return np.asarray(np.searchsorted(self.end, position, side="left"))

    def per_cell(self, weights: F64) -> F64:
        """Sums of a per-segment quantity over each cell."""
        return sums(self.cell, weights, self.cell_count)


def axis_of(chunk: Chunk, window: Window) -> Axis:
    """The axis of a chunk, from the first sample that may belong to it to the last.

    A chunk is read at least `max_gap_ms` beyond its window: a job that began there has its whole use in the samples.
    """
    times = [ts for ts in (chunk.node.ts_ms, chunk.gpu.ts_ms, chunk.job.ts_ms) if len(ts)]
    origin = int(min([window.edges_ms[0] - window.max_gap_ms, *(ts.min() for ts in times)])) - 1
    last = int(max([window.edges_ms[-1], *(ts.max() for ts in times)])) + OVERTIME_MS + 1
    return Axis(origin, last - origin + 1)


def build(chunk: Chunk, window: Window) -> Timeline:
    """Segments and cells of a chunk."""
    edges, axis = window.edges_ms, axis_of(chunk, window)
    origin = axis.origin_ms
    changes = _changes(axis, chunk, edges)
    readings = [axis.at(chunk.node.node, chunk.node.ts_ms), axis.at(chunk.gpu.node, chunk.gpu.ts_ms)]
    knots = distinct(np.concatenate([changes, *readings]))
    start, end = knots[:-1], knots[1:]
    node = start // axis.span
    inside = node == end // axis.span
    start, end, node = start[inside], end[inside], node[inside]
    opens_cell = np.isin(start, changes, assume_unique=False)
    opens_cell[:1] = True
    opens_cell[1:] |= node[1:] != node[:-1]
    cell = np.cumsum(opens_cell) - 1
    bucket = _bucket(start % axis.span + origin, edges)
    length_ms = (end - start).astype(np.float64)
    return Timeline(
        axis, start, end, node, length_ms, bucket, cell,
        node[opens_cell], bucket[opens_cell], sums(cell, length_ms, int(opens_cell.sum())), edges,
    )  # fmt: skip


def _changes(axis: Axis, chunk: Chunk, edges: I64) -> I64:
    """Positions at which holdings or buckets change, all nodes."""
    nodes = np.arange(len(chunk.nodes))
    lives, spans = chunk.lives, chunk.suspensions
    life_node = lives.node.astype(np.int64)
    ended = lives.end_ms < FOREVER
    return distinct(
        np.concatenate(
            [
                axis.at(np.repeat(nodes, len(edges)), np.tile(edges, len(nodes))),
                axis.at(life_node, lives.start_ms),
                axis.at(life_node, lives.end_ms),
                axis.at(life_node[ended], lives.end_ms[ended] + OVERTIME_MS),
                *_suspension_positions(axis, life_node, spans),
                axis.at(chunk.states.node, chunk.states.start_ms),
                axis.at(chunk.states.node, chunk.states.end_ms),
            ]
        )
    )


def _suspension_positions(axis: Axis, life_node: I64, spans: Suspensions) -> tuple[I64, I64]:
    node = life_node[spans.life]
    return axis.at(node, spans.start_ms), axis.at(node, spans.end_ms)


def _bucket(ts_ms: I64, edges: I64) -> I64:
    return _in_window(np.searchsorted(edges, ts_ms, side="right") - 1, edges)


def _in_window(bucket: I64, edges: I64) -> I64:
    return np.asarray(np.where(bucket >= len(edges) - 1, -1, bucket))
