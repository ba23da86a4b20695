"""Slurm host lists: `max-wn[001-003,7],login1` to names and back."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from maxwatt.domain.errors import InputError

MAX_HOSTS: Final = 100_000
"""Refuse lists that expand beyond this: a typo must not eat the memory."""

_TOP_LEVEL_COMMA = re.compile(r",(?![^\[\]]*\])")
_NAME = re.compile(r"[A-Za-z0-9._-]*")


def expand(text: str) -> tuple[str, ...]:
    """Host names of a compact list, in order, without repeats.

    Raises:
        InputError: unbalanced brackets, a backward or malformed range, or more than MAX_HOSTS names.
    """
    if not text or text in {"(null)", "None assigned", "None", "Unknown"}:
        return ()
    names: dict[str, None] = {}
    for part in _TOP_LEVEL_COMMA.split(text):
        names.update(dict.fromkeys(_expand_part(part, text)))
        if len(names) > MAX_HOSTS:
            raise InputError(f"host list {text[:60]!r} names more than {MAX_HOSTS} hosts")
    return tuple(names)


def _expand_part(part: str, whole: str) -> list[str]:
    pieces = re.split(r"\[([^\[\]]*)\]", part)
    if any(not _NAME.fullmatch(piece) for piece in pieces[0::2]) or not part:
        raise InputError(f"host list {whole[:60]!r}: cannot read {part[:60]!r}")
    names = [pieces[0]]
    for ranges, tail in zip(pieces[1::2], pieces[2::2], strict=True):
        numbers = [number for span in ranges.split(",") for number in _expand_range(span, whole)]
        if len(names) * len(numbers) > MAX_HOSTS:
            raise InputError(f"host list {whole[:60]!r} names more than {MAX_HOSTS} hosts")
        names = [f"{name}{number}{tail}" for name in names for number in numbers]
    return names


def _expand_range(span: str, whole: str) -> list[str]:
    match = re.fullmatch(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", span)
    if not match:
        raise InputError(f"host list {whole[:60]!r}: {span!r} is no number or range")
    low, high = match[1], match[2] or match[1]
    if int(high) < int(low) or int(high) - int(low) >= MAX_HOSTS:
        raise InputError(f"host list {whole[:60]!r}: range {span!r} is backward or too long")
    return [str(number).zfill(len(low)) for number in range(int(low), int(high) + 1)]


def compress(names: Iterable[str]) -> str:
    """Compact list of host names: runs of equal-width trailing numbers become ranges."""
    split = [re.fullmatch(r"(.*?)(\d*)", name) for name in set(names)]
    keyed = sorted((m[1], len(m[2]), m[2]) for m in split if m)
    parts = []
    for (prefix, width), group in groupby(keyed, key=lambda item: item[:2]):
        numbers = [number for _, _, number in group]
        parts.append(prefix + _compress_numbers(numbers, width) if width else prefix)
    return ",".join(parts)


def _compress_numbers(numbers: list[str], width: int) -> str:
    runs: list[list[int]] = []
    for number in sorted(int(n) for n in numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    texts = [f"{a:0{width}d}" if a == b else f"{a:0{width}d}-{b:0{width}d}" for a, b in runs]
    return texts[0] if len(numbers) == 1 else f"[{','.join(texts)}]"
