"""What waits to be booked again, gathered into few runs."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aggregator.ledger.windows import EVERY_NODE, Stretch
from maxwatt.domain.spans import merged

MAX_RUNS: Final = 32
"""More separate runs than this cost more than booking all these nodes over the whole time."""


@dataclass(frozen=True, slots=True)
class Run:
    """A time to book for some nodes, or for every node where `nodes` is None."""

    start_ms: int
    end_ms: int
    nodes: tuple[str, ...] | None


def plan(stretches: Iterable[Stretch], from_ms: int, before_ms: int) -> list[Run]:
    """Runs that cover all stretches, each node and time once where possible, in order of time.

    Args:
        from_ms: before this there are no samples [epoch ms UTC].
        before_ms: what lies later is booked anyway [epoch ms UTC].
    """
    by_node: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for stretch in stretches:
        start_ms, end_ms = max(stretch.start_ms, from_ms), min(stretch.end_ms, before_ms)
        if start_ms < end_ms:
            by_node[stretch.node].append((start_ms, end_ms))
    every = merged(by_node.pop(EVERY_NODE, []))
    runs = [Run(start, end, None) for start, end in every] + _grouped(by_node, every)
    return sorted(runs if len(runs) <= MAX_RUNS else _one(runs), key=lambda run: (run.start_ms, run.end_ms))


def _grouped(by_node: dict[str, list[tuple[int, int]]], every: list[tuple[int, int]]) -> list[Run]:
    nodes_of: dict[tuple[int, int], list[str]] = defaultdict(list)
    for node, spans in by_node.items():
        for start, end in merged(spans):
            if not any(low <= start and end <= high for low, high in every):
                nodes_of[start, end].append(node)
    return [Run(start, end, tuple(sorted(nodes))) for (start, end), nodes in nodes_of.items()]


def _one(runs: list[Run]) -> list[Run]:
    named = [run.nodes for run in runs]
    every = None in named
    nodes = None if every else tuple(sorted({node for names in named if names for node in names}))
    return [Run(min(run.start_ms for run in runs), max(run.end_ms for run in runs), nodes)]
