"""Boards of a job: which it has for itself, and how busy and how full they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aggregator.kernel.arrays import F64, I32, I64
from aggregator.queries.models import NodeHeld
from aggregator.queries.series_models import GpuSeries
from maxwatt.domain.gpus import board_shares
from maxwatt.domain.node_model import NodeModel

COLUMNS = ("utilisation_ratio", "memory_used_bytes", "memory_total_bytes")
"""Of a GPU row, what says how it was used."""


@dataclass(frozen=True, slots=True)
class BoardSamples:
    """GPU rows sorted by (node, gpu, ts_ms); what was not read is NaN. `utilisation` 0..1, memory [B]."""

    node: I32
    gpu: I32
    ts_ms: I64
    utilisation: F64
    memory_bytes: F64
    memory_total_bytes: F64


def board_samples(table: pa.Table) -> BoardSamples:
    """Rows of schema.GPU with `node` as int32 index."""
    whole = {name: np.asarray(table[name].to_numpy()) for name in ("node", "gpu", "ts_ms")}
    known = (np.asarray(pc.cast(table[name], pa.float64()).to_numpy(), np.float64) for name in COLUMNS)
    return BoardSamples(whole["node"].astype(np.int32), whole["gpu"].astype(np.int32), whole["ts_ms"], *known)


def own_boards(share: NodeHeld, model: NodeModel) -> tuple[int, ...]:
    """Indices of the boards of a node that the job has for itself: of a part nobody can tell whose work it was."""
    found = board_shares(share.gpus, model)
    return tuple(each.board for each in found if each.board >= 0 and each.share >= 1 and not each.assumed)


def of_node(samples: BoardSamples, index: int) -> BoardSamples:
    """The rows of one node."""
    low, high = np.searchsorted(samples.node, [index, index + 1]).tolist()
    return BoardSamples(*(getattr(samples, name)[low:high] for name in BoardSamples.__dataclass_fields__))


def boards_present(samples: BoardSamples, index: int) -> tuple[int, ...]:
    """Every board of a node that has samples, for a job that has the node for itself."""
    return tuple(int(gpu) for gpu in np.unique(of_node(samples, index).gpu))


def board_series(samples: BoardSamples, index: int, boards: Sequence[int], edges_ms: I64) -> tuple[GpuSeries, ...]:
    """Each board over the steps that `edges_ms` [epoch ms UTC] bound; utilisation is the mean of a step's readings."""
    mine = of_node(samples, index)
    return tuple(_series(of_board(mine, gpu), gpu, edges_ms) for gpu in boards)


def of_board(samples: BoardSamples, gpu: int) -> BoardSamples:
    """The rows of one board of a node.

    Args:
        samples: of the node.
    """
    mine = samples.gpu == gpu
    return BoardSamples(*(getattr(samples, name)[mine] for name in BoardSamples.__dataclass_fields__))


def _series(board: BoardSamples, gpu: int, edges_ms: I64) -> GpuSeries:
    step = np.searchsorted(edges_ms, board.ts_ms, side="left") - 1  # a reading speaks of the time before it
    inside = (step >= 0) & (step < len(edges_ms) - 1)
    return GpuSeries(
        gpu,
        optional(_means(step, board.utilisation, inside, len(edges_ms) - 1)),
        optional(_latest(step, board.memory_bytes, inside, len(edges_ms) - 1)),
        highest(board.memory_total_bytes),
    )


def _means(step: I64, values: F64, inside: Any, steps: int) -> F64:
    known = inside & ~np.isnan(values)
    count = np.bincount(step[known], minlength=steps)
    total = np.bincount(step[known], weights=values[known], minlength=steps)
    return cast("F64", np.divide(total, count, out=np.full(steps, np.nan), where=count > 0))


def _latest(step: I64, values: F64, inside: Any, steps: int) -> F64:
    known = inside & ~np.isnan(values)
    found = np.full(steps, np.nan)
    found[step[known]] = values[known]  # rows are in order of time: the last one stays
    return found


def highest(values: F64) -> float | None:
    """The highest known value, None where none is known."""
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else None


def optional(values: F64) -> tuple[float | None, ...]:
    """NaN, the kernel's unknown, as None."""
    return tuple(None if unknown else value for value, unknown in zip(values.tolist(), np.isnan(values), strict=True))
