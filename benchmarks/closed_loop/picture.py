"""Error by job length, rule by rule, as an SVG that follows the reader's light or dark."""

import math
from collections.abc import Sequence
from typing import Final

from benchmarks.closed_loop.summary import LENGTH_NAMES, Summary

WIDTH, HEIGHT, LEFT, TOP, PLOT_W, PLOT_H = 770, 412, 78, 56, 470, 320
LOWEST, HIGHEST = 0.01, 100.0
"""Ends of the logarithmic axis of relative errors."""
TICKS: Final = {0.01: "1 %", 0.03: "3 %", 0.1: "10 %", 0.3: "30 %", 1.0: "100 %", 10.0: "1,000 %", 100.0: "10,000 %"}

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2933; } .title { font-size: 15px; font-weight: 600; }
  .grid { stroke: #d5dbe1; } .back { fill: #ffffff; }
  path, .bar { fill: none; stroke-width: 2.2; } .bar { opacity: .4; }
  .r0 { stroke: #0072b2; } .r1 { stroke: #b34a00; } .r2 { stroke: #007a5a; } .r3 { stroke: #a3397a; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6ebf0; } .grid { stroke: #3a4550; } .back { fill: #14191f; }
    .r0 { stroke: #56b4e9; } .r1 { stroke: #f0a04b; } .r2 { stroke: #35c79a; } .r3 { stroke: #e79ac8; }
  }
"""
"""Colours that colour-blind people tell apart; every rule also has a sign and a dash of its own."""

SIGNS = ("circle", "square", "diamond", "triangle")
DASHES = ("", "7 3", "2 3", "9 3 2 3")


def picture(found: Summary) -> str:
    """Medians as signs, bars up to the 95th percentile.

    Args:
        found: its last entries, of all lengths, are not drawn.
    """
    names = list(found.median)
    parts = [_axis(), *(_rule(number, found.median[name], found.p95[name]) for number, name in enumerate(names))]
    labels = _labels([found.median[name][-2] for name in names], names)
    title = f'<text class="title" x="{LEFT}" y="24">Error of a job&#39;s energy by its length</text>'
    note = f'<text x="{LEFT}" y="43">signs: median; bars: up to 95 of 100 jobs</text>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    back = f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>'
    said = "<title>Relative error of each rule by length of job, on a logarithmic scale</title>"
    return "\n".join([head, said, f"<style>{STYLE}</style>", back, title, note, *parts, labels, "</svg>\n"])


def _x(length: int, number: float = 1.5) -> float:
    return LEFT + PLOT_W * (length + 0.5) / (len(LENGTH_NAMES) - 1) + 9 * (number - 1.5)


def _y(error: float) -> float:
    at = math.log(min(max(error, LOWEST), HIGHEST) / LOWEST) / math.log(HIGHEST / LOWEST)
    return TOP + PLOT_H * (1 - at)


def _axis() -> str:
    lines = [
        f'<line class="grid" x1="{LEFT}" x2="{LEFT + PLOT_W}" y1="{_y(at):.1f}" y2="{_y(at):.1f}"/>'
        f'<text x="{LEFT - 8}" y="{_y(at) + 4:.1f}" text-anchor="end">{text}</text>'
        for at, text in TICKS.items()
    ]
    lengths = [
        f'<text x="{_x(number):.1f}" y="{TOP + PLOT_H + 22}" text-anchor="middle">{name}</text>'
        for number, name in enumerate(LENGTH_NAMES[:-1])
    ]
    return "\n".join([*lines, *lengths])


def _rule(number: int, median: Sequence[float], p95: Sequence[float]) -> str:
    points = [(_x(length, number), _y(error)) for length, error in enumerate(median[:-1])]
    line = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    bars = [
        f'<line class="bar r{number}" x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{_y(high):.1f}"/>'
        for (x, y), high in zip(points, p95, strict=False)
    ]
    signs = [_sign(number, x, y) for x, y in points]
    return "\n".join([*bars, f'<path class="r{number}" stroke-dasharray="{DASHES[number]}" d="M{line}"/>', *signs])


def _sign(number: int, x: float, y: float) -> str:
    shapes = {
        "circle": f"M{x - 5:.1f} {y:.1f} a5 5 0 1 0 10 0 a5 5 0 1 0 -10 0",
        "square": f"M{x - 4.5:.1f} {y - 4.5:.1f} h9 v9 h-9 z",
        "diamond": f"M{x:.1f} {y - 6:.1f} l6 6 l-6 6 l-6 -6 z",
        "triangle": f"M{x:.1f} {y - 6:.1f} l6 11 h-12 z",
    }
    return f'<path class="r{number}" d="{shapes[SIGNS[number]]}"/>'


def _labels(ends: Sequence[float], names: Sequence[str]) -> str:
    """Names at the ends of their lines, moved apart where they would overlap."""
    found, above = [], -math.inf
    for number in sorted(range(len(names)), key=lambda index: _y(ends[index])):
        y = max(_y(ends[number]) + 4, above + 18)
        above = y
        sign = _sign(number, LEFT + PLOT_W + 22, y - 4)
        found.append(f'{sign}<text x="{LEFT + PLOT_W + 36}" y="{y:.1f}">{names[number]}</text>')
    return "\n".join(found)
