"""The measured page: docs/closed-loop.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.closed_loop.outcome import OURS
from benchmarks.closed_loop.summary import LENGTH_NAMES, Summary
from maxwatt.domain.energy import METHOD_VERSION

TEMPLATE = Path(__file__).with_name("page.md")


def page(words: Mapping[str, object]) -> str:
    """The whole page."""
    return TEMPLATE.read_text(encoding="utf-8").format(version=METHOD_VERSION, **words)


def plumbing_table(found: Summary, edges: Sequence[float]) -> str:
    """Errors of the exact regime.

    Args:
        edges: 95th percentile of the error over what the allocation draws in a second at each edge.
    """
    rows = [
        [name, found.jobs[n], share(found.median[OURS][n]), share(found.p95[OURS][n]), f"{edges[n]:.2f}"]
        for n, name in enumerate(LENGTH_NAMES)
    ]
    return _table(
        ["length", "jobs", "median error", "95 of 100 below", "of allocated power x 1 s per edge, 95 of 100"], rows
    )


def physics_table(found: Summary) -> str:
    """Errors of every rule by length."""
    names = list(found.median)
    rows = [
        [length, found.jobs[n], *(f"{share(found.median[name][n])} / {share(found.p95[name][n])}" for name in names)]
        for n, length in enumerate(LENGTH_NAMES)
    ]
    rows.append(["**energy-weighted**", "", *(f"**{share(found.weighted[name][-1])}**" for name in names)])
    return _table(["length", "jobs", *names], rows)


def coverage_table(found: Summary) -> str:
    """Stated uncertainty and how often it holds."""
    rows = [
        [name, found.jobs[n], f"± {share(found.stated[n])}", f"{100 * found.held[n]:.1f} %"]
        for n, name in enumerate(LENGTH_NAMES)
    ]
    return _table(["length", "jobs", "stated, median", "holds the truth of"], rows)


def interval_table(found: Mapping[float, Summary]) -> str:
    """Sampling intervals: errors by length, and how often the stated uncertainty holds."""
    rows = [
        [
            f"{interval_s:.0f} s",
            share(each.weighted[OURS][-1]),
            *map(share, each.median[OURS][:-1]),
            f"{100 * each.held[-1]:.1f} %",
        ]
        for interval_s, each in found.items()
    ]
    lengths = [f"{name}, median error" for name in LENGTH_NAMES[:-1]]
    return _table(["every", "energy-weighted error", *lengths, "uncertainty holds"], rows)


def share(value: float) -> str:
    """Two figures are enough."""
    percent = 100 * value
    return f"{percent:,.0f} %" if percent >= 10 else f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"


def _table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
