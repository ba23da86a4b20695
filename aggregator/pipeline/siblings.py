"""The other nodes of jobs that reach beyond a chunk: TotalCPU is of all nodes of a job together.

How much of it belongs to a node depends on what was sampled on the others (attribution, section 4). So they come along
with their lives and job samples, without meters: nothing is booked on them here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aggregator.kernel.arrays import FOREVER, I64, Bookings, Lives, Measured
from maxwatt.domain.ports import SampleWindow, Store

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {"job": ("cpu_seconds_total", "memory_resident_bytes")}


@dataclass(frozen=True, slots=True)
class Siblings:
    """Lives on other nodes of a chunk's jobs.

    Args:
        nodes: host names, in the order in which they follow the chunk's own nodes.
        lives: their `node` counts from 0 over `nodes`.
    """

    nodes: tuple[str, ...]
    lives: Lives


def siblings_of(lives: Lives, names: Sequence[str], first: int, last: int) -> Siblings:
    """What comes along with nodes first..last-1.

    Args:
        lives: of all `names`, sorted by node.
    """
    inside = (lives.node >= first) & (lives.node < last)
    shared = lives.job[inside & (lives.end_ms < FOREVER) & ~np.isnan(lives.total_cpu_s)]
    rows = np.flatnonzero(~inside & np.isin(lives.job, shared))
    used, number = np.unique(lives.node[rows], return_inverse=True)
    some = replace(_picked(lives, rows), node=number.astype(np.int32))
    return Siblings(tuple(names[index] for index in used.tolist()), some)


def with_lives(own: Lives, others: Siblings, own_nodes: int) -> Lives:
    """The chunk's lives, and behind them those of the siblings."""
    moved = replace(others.lives, node=(others.lives.node + own_nodes).astype(np.int32))
    names = Lives.__dataclass_fields__
    columns: dict[str, Any] = {name: np.concatenate([getattr(own, name), getattr(moved, name)]) for name in names}
    return Lives(**columns)


def with_samples(
    own: SampleWindow, others: Siblings, store: Store, span_ms: tuple[int, int], at_once: int
) -> SampleWindow:
    """The chunk's samples, and behind its job samples those of the siblings' shared jobs.

    Args:
        span_ms: start and end of the samples [epoch ms UTC].
        at_once: so many nodes are read together.
    """
    wanted = pa.array(np.unique(others.lives.job_id))
    parts = [own.job]
    for first in range(0, len(others.nodes), at_once):
        read = store.read(others.nodes[first : first + at_once], *span_ms, COLUMNS).job
        read = read.filter(pc.is_in(read["job_id"], wanted))
        moved = pc.cast(pc.add(read["node"], len(own.nodes) + first), pa.int32())
        parts.append(read.set_column(read.column_names.index("node"), "node", moved))
    return replace(own, nodes=(*own.nodes, *others.nodes), job=pa.concat_tables(parts, promote_options="default"))


def without_siblings(booked: Bookings, measured: Measured, own_nodes: int) -> tuple[Bookings, Measured]:
    """What concerns the chunk's own nodes."""
    rows = np.flatnonzero(booked.node < own_nodes)
    if len(rows) == len(booked.node):
        own = booked
    else:
        own = Bookings(**{name: getattr(booked, name)[rows] for name in Bookings.__dataclass_fields__})
    return own, Measured(measured.energy_j[:own_nodes], measured.covered_s[:own_nodes])


def _picked(lives: Lives, rows: I64) -> Lives:
    return Lives(**{name: getattr(lives, name)[rows] for name in Lives.__dataclass_fields__})
