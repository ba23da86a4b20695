"""Slurm's texts about GPUs: `gpu:a100:2(IDX:0-1)` of a job, `gpu:a100:4(S:0-1)` of a node. Pure."""

import re

from maxwatt.domain.hostlist import expand

_GPU = re.compile(r"(?:^|,)gpu(?::[^:,()]+)?:\d+\(IDX:([\d,-]+)\)")
_GPU_COUNT = re.compile(r"(?:^|,)gpu(?::[^:,()]+)?:(\d{1,6})")


def parse_indices(text: str) -> tuple[int, ...]:
    """Numbers of `0,2-3`.

    Raises:
        InputError: it is no such list.
    """
    names = expand(f"[{text}]") if text else ()
    return tuple(int(name) for name in names)


def parse_gpu_indices(gres: str) -> tuple[int, ...]:
    """GPU indices of `gpu:a100:2(IDX:0,2-3)`, empty where they are not told."""
    return tuple(sorted({index for found in _GPU.findall(gres) for index in parse_indices(found)}))


def count_gpus(gres: str) -> int:
    """GPUs of a node's `gpu:a100:4(S:0-1),gpu:v100:2`."""
    bare = re.sub(r"\([^()]*\)", "", gres)
    return sum(int(count) for count in _GPU_COUNT.findall(bare))
