"""How busy and how full the boards of a job were, over all of its time."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from aggregator.queries.boards import COLUMNS as BOARD_COLUMNS
from aggregator.queries.boards import (
    BoardSamples,
    board_samples,
    boards_present,
    highest,
    of_board,
    of_node,
    own_boards,
)
from aggregator.queries.job_models import BoardUse, GpuUse
from aggregator.queries.models import NodeHeld
from maxwatt.config import Settings
from maxwatt.domain.ports import Store
from maxwatt.domain.units import MS_PER_S

MAX_NODE_S: Final = 8 * 24 * 3600
"""Node-seconds whose samples are read for one answer: beyond it only some of the nodes, evenly chosen."""


def gpu_use(
    store: Store, shares: Sequence[NodeHeld], span_ms: tuple[int, int], settings: Settings, *, exclusive: bool
) -> GpuUse:
    """The use of a job's boards; of a job with very many node-hours that of some of its nodes.

    Args:
        shares: the job's nodes.
        span_ms: its start and end [epoch ms UTC].
        exclusive: it has its nodes for itself, and every board of them.
    """
    own = {share.node: own_boards(share, settings.model_of(share.node)) for share in shares}
    with_boards = [share.node for share in shares if own[share.node] or exclusive]
    looked_at = _some(with_boards, span_ms)
    found: list[BoardUse] = []
    if looked_at:
        window = store.read(looked_at, span_ms[0], span_ms[1] + 1, {"gpu": BOARD_COLUMNS})
        samples = board_samples(window.gpu)
        for index, node in enumerate(looked_at):
            boards = boards_present(samples, index) if exclusive else own[node]
            mine = of_node(samples, index)
            found += [_board(of_board(mine, gpu), node, gpu) for gpu in boards]
    whole = sum(len(boards) for boards in own.values())
    held = (
        max(whole, len(found)) if not exclusive else max(whole, len(found) * len(with_boards) // max(len(looked_at), 1))
    )
    parts = 0 if exclusive else sum(len(share.gpus) for share in shares) - whole
    return GpuUse(
        boards=tuple(found),
        held=held,
        parts=max(parts, 0),
        utilisation=_mean([board.utilisation for board in found]),
        memory_peak_bytes=_sum([board.memory_peak_bytes for board in found]),
        memory_total_bytes=_sum([board.memory_total_bytes for board in found]),
    )


def _some(nodes: list[str], span_ms: tuple[int, int]) -> list[str]:
    """Every node, or as many as may be read, evenly chosen."""
    length_s = max((span_ms[1] - span_ms[0]) / MS_PER_S, 1.0)
    most = max(1, int(MAX_NODE_S / length_s))
    return nodes if len(nodes) <= most else [nodes[number * len(nodes) // most] for number in range(most)]


def _board(board: BoardSamples, node: str, gpu: int) -> BoardUse:
    known = board.utilisation[~np.isnan(board.utilisation)]
    return BoardUse(
        node,
        gpu,
        float(known.mean()) if len(known) else None,
        highest(board.utilisation),
        highest(board.memory_bytes),
        highest(board.memory_total_bytes),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    total = _sum(values)
    return None if total is None else total / len(values)


def _sum(values: Sequence[float | None]) -> float | None:
    """None where one is unknown: a sum with a hole would be too low."""
    return None if not values or None in values else sum(value or 0.0 for value in values)
