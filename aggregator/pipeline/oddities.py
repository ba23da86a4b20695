"""What cannot be right about jobs and nodes, in sentences with its size. It is booked by the rules all the same."""

from collections.abc import Set

import numpy as np

from aggregator.kernel.arrays import F64, I64, Tenants, Window
from aggregator.kernel.ragged import sums
from aggregator.pipeline.chunks import Capacities

MARGIN: float = 1e-6
"""CPUs beyond a node's that are a rounding."""


def oddities(
    tenants: Tenants, names: tuple[str, ...], window: Window, capacities: Capacities, sampled: Set[str]
) -> list[str]:
    """Sentences about the jobs on some nodes in a window.

    Args:
        tenants: `node` of their lives is an index into `names`.
        sampled: nodes of which there ever was a sample.
    """
    cpus = np.array([capacities.get(name, (0, 0))[0] for name in names], np.float64)
    most = most_held(tenants, window, cpus)
    held = np.bincount(tenants.lives.node, minlength=len(names))
    crowded = [
        f"node {names[n]}: jobs hold {most[n]:g} CPUs at once, it has {cpus[n]:g}: they share what there is"
        for n in np.flatnonzero((cpus > 0) & (most > cpus + MARGIN)).tolist()
    ]
    unknown = [
        f"node {name}: jobs held something there ({held[n]} in a day), but neither Slurm nor any sample knows it"
        for n, name in enumerate(names)
        if held[n] and name not in capacities and name not in sampled
    ]
    return crowded + unknown + _boardless(tenants, names)


def most_held(tenants: Tenants, window: Window, cpus: F64) -> F64:
    """The most CPUs that jobs held at once on each node, suspended ones left out.

    A split over nodes that was only assumed counts where it alone is more than its node has.

    Args:
        cpus: [nodes] that Slurm can allocate.
    """
    lives, spans = tenants.lives, tenants.suspensions
    own = np.where(lives.exclusive, np.maximum(lives.cpus, cpus[lives.node]), lives.cpus)
    own = np.where(lives.modelled & (own <= cpus[lives.node]), 0.0, own)
    node = np.concatenate([lives.node, lives.node[spans.life]]).astype(np.int64)
    start, end = (
        np.clip(np.concatenate(pair), *window.edges_ms[[0, -1]])
        for pair in ((lives.start_ms, spans.start_ms), (lives.end_ms, spans.end_ms))
    )
    held = np.concatenate([own, -own[spans.life]])
    return _highest(node, start, np.maximum(end, start), held, len(cpus))


def _highest(node: I64, start: I64, end: I64, held: F64, nodes: int) -> F64:
    """The highest sum [nodes] of what is held over spans at any moment; at an edge what ends comes first."""
    real = end > start
    at, place = np.concatenate([start[real], end[real]]), np.tile(node[real], 2)
    change = np.concatenate([held[real], -held[real]])
    order = np.lexsort((change, at, place))
    level = np.cumsum(change[order])  # back at 0 after each node
    most = np.zeros(nodes)
    np.maximum.at(most, place[order], level)
    return most


def _boardless(tenants: Tenants, names: tuple[str, ...]) -> list[str]:
    """Nodes of which a job holds MIG instances whose board nobody knows."""
    shares = tenants.gpu_shares
    count = sums(tenants.lives.node[shares.life].astype(np.int64), (shares.gpu < 0).astype(np.float64), len(names))
    said = "GPU instances of jobs have no board, idle is charged: set mig_slices of its node model in the configuration"
    return [f"node {names[index]}: {said}" for index in np.flatnonzero(count).tolist()]
