"""GPUs as Slurm allocates them: whole boards, MIG instances, MPS, shards; and how much of which board that is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from maxwatt.domain.node_model import NodeModel


class Sharing(StrEnum):
    """How a board is divided."""

    MIG = "mig"
    MPS = "mps"
    SHARD = "shard"


@dataclass(frozen=True, slots=True)
class GpuPart:
    """A part of a board.

    Args:
        index: number of the MIG instance on its node, else of the board.
        held: compute slices, percent points or shards.
        of: how many of them the board has, 0 where Slurm does not tell.
    """

    sharing: Sharing
    index: int
    held: float
    of: int = 0

    def __str__(self) -> str:
        return f"{self.sharing}{self.index}:{self.held:g}" + (f"/{self.of}" if self.of else "")


Gpu = int | GpuPart
"""What a job holds: the index of a whole board, or a part of one. `str()` of it is its text, `parse` reads that."""

_PART = re.compile(r"([a-z]+)(\d+):([\d.]+(?:e[+-]?\d+)?)(?:/(\d+))?")


def parse(text: str) -> tuple[Gpu, ...]:
    """GPUs of `0,1` or `mig3:1,shard0:2/8`, as `str()` writes them."""
    return tuple(_one(item) for item in text.split(",") if item)


def _one(item: str) -> Gpu:
    part = _PART.fullmatch(item)
    return int(item) if part is None else GpuPart(Sharing(part[1]), int(part[2]), float(part[3]), int(part[4] or 0))


NO_BOARD: Final = -1
"""In place of a board's index where it is not known."""


@dataclass(frozen=True, slots=True)
class BoardShare:
    """How much of a board is held; `assumed` where that was not told."""

    board: int
    share: float
    assumed: bool = False


def board_shares(gpus: Sequence[Gpu], model: NodeModel) -> tuple[BoardShare, ...]:
    """What a job holds of each board: slices held of the slices that the board is divided into.

    Which board a MIG instance is on only the node model tells (`mig_slices`), for Slurm numbers the instances of a
    node through. Where it does not, the share is of NO_BOARD.
    """
    found: dict[int, BoardShare] = {}
    told_apart = sum(isinstance(gpu, GpuPart) and not gpu.of for gpu in gpus) <= 1
    for gpu in gpus:
        one = _board_share(gpu, model, told_apart=told_apart)
        before = found.get(one.board, BoardShare(one.board, 0.0))
        found[one.board] = BoardShare(one.board, before.share + one.share, before.assumed or one.assumed)
    return tuple(found.values())


def _board_share(gpu: Gpu, model: NodeModel, *, told_apart: bool) -> BoardShare:
    if not isinstance(gpu, GpuPart):
        return _instance(gpu, model) if model.mig_slices else BoardShare(gpu, 1.0)
    if gpu.sharing is Sharing.MIG:
        return _instance(gpu.index, model)
    whole = gpu.of or (model.mps_per_gpu if gpu.sharing is Sharing.MPS else model.shards_per_gpu)
    # Old versions tell only the sum over all boards; without a whole, what is held still weighs jobs among each other.
    return BoardShare(gpu.index, gpu.held / (whole or 1), not whole or not (gpu.of or told_apart))


def _instance(index: int, model: NodeModel) -> BoardShare:
    for board, text in enumerate(model.mig_slices):
        slices = [int(each) for each in text.split(",")]
        if index < len(slices):
            return BoardShare(board, slices[index] / sum(slices))
        index -= len(slices)
    return BoardShare(NO_BOARD, 1.0, assumed=True)
