"""Slurm's texts about GPUs: `gpu:a100:2(IDX:0-1)` of a job, `gpu:a100:4(S:0-1)` of a node. Pure."""

import re
from collections.abc import Iterator

from maxwatt.domain.gpus import Gpu, GpuPart, Sharing
from maxwatt.domain.hostlist import expand

_HELD = re.compile(r"(?:^|,)(gpu|mps|shard)(?::([^:,()]+))?:(\d{1,6})\(([^()]*)\)")
_MIG = re.compile(r"(?:^|[_-])(?:(\d)c\.)?(\d)g\.\d+gb")
_GPU_COUNT = re.compile(r"(?:^|,)gpu(?::[^:,()]+)?:(\d{1,6})")


def parse_indices(text: str) -> tuple[int, ...]:
    """Numbers of `0,2-3`.

    Raises:
        InputError: it is no such list.
    """
    names = expand(f"[{text}]") if text else ()
    return tuple(int(name) for name in names)


def parse_gpus(gres: str) -> tuple[Gpu, ...]:
    """GPUs of a job on one node, nothing where they are not told.

    Whole boards `gpu:a100:2(IDX:0,2-3)`; MIG instances `gpu:1g.5gb:1(IDX:3)`, numbered through over the node; MPS and
    shards `shard:2(IDX:0)`, and in later versions, board by board, `shard:h100:3(2/8,1/8)`.
    """
    found = {gpu for name, kind, count, detail in _HELD.findall(gres) for gpu in _held(name, kind, int(count), detail)}
    return tuple(sorted(found, key=lambda gpu: (isinstance(gpu, GpuPart), gpu if isinstance(gpu, int) else gpu.index)))


def _held(name: str, kind: str, count: int, detail: str) -> Iterator[Gpu]:
    if name != "gpu" and re.fullmatch(r"\d+/\d+(?:,\d+/\d+)*", detail):
        yield from _by_board(Sharing(name), detail)
    elif re.fullmatch(r"IDX:[\d,-]+", detail):
        indices = parse_indices(detail.removeprefix("IDX:"))
        profile = _MIG.search(kind) if name == "gpu" else None
        for index in indices:
            if profile:
                yield GpuPart(Sharing.MIG, index, int(profile[1] or profile[2]))
            else:
                yield index if name == "gpu" else GpuPart(Sharing(name), index, count / len(indices))


def _by_board(sharing: Sharing, detail: str) -> Iterator[GpuPart]:
    for board, pair in enumerate(detail.split(",")):
        held, of = map(int, pair.split("/"))
        if held:
            yield GpuPart(sharing, board, held, of)


def count_gpus(gres: str) -> int:
    """GPUs of a node's `gpu:a100:4(S:0-1),gpu:v100:2`."""
    bare = re.sub(r"\([^()]*\)", "", gres)
    return sum(int(count) for count in _GPU_COUNT.findall(bare))
