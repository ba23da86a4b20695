"""All nodes of a large job over time, as a picture: one row a node, or one for some neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aggregator.queries.job_models import JobWindows
from dash_app.figures.plain import Figure, figure, heatmap, known_or_nan, packed
from dash_app.figures.theme import base_layout, power_scale, time_axis
from dash_app.figures.timeline import clock_at
from dash_app.text import plotly_day
from maxwatt.domain.units import BYTES_PER_GIB

MAX_ROWS: Final = 200
"""More nodes share rows, whose value is their mean: a screen has no more lines to show them on."""

_CIVIDIS: Final = (
    *("#00224e", "#123570", "#3b496c", "#575d6d", "#707173"),
    *("#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"),
)
SCALE: Final = [[i / 9, colour] for i, colour in enumerate(_CIVIDIS)]
"""From dark blue to yellow: its lightness rises evenly, for every eye."""

Values = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """What is shown: values by node and step in a unit, and what the scale reaches to; None: their highest."""

    values: Values
    unit: str
    size: float
    top: float | None = None


def metric_of(windows: JobWindows, name: str) -> Metric:
    """`cpu` in percent of what was held, `memory` in GiB, else power in W or kW."""
    if name == "cpu":
        return Metric(windows.cpu_ratio, "%", 0.01, 100.0)
    if name == "memory":
        return Metric(windows.memory_bytes, "GiB", BYTES_PER_GIB)
    size, unit = power_scale(max((value or 0.0 for line in windows.power_w for value in line), default=0.0))
    return Metric(windows.power_w, unit, size)


def heat_figure(windows: JobWindows, name: str, zone: str) -> Figure:
    """The picture; what is unknown is left open."""
    metric = metric_of(windows, name)
    rows = thinned(windows.nodes, metric.values)
    clock = clock_at(windows.start_ms[-1], zone)
    cells = np.stack([known_or_nan(values) for _, values in rows]) / np.float32(metric.size)
    layout = base_layout(
        _height_px(len(rows)),
        margin={"l": 8, "r": 8, "t": 8, "b": 42},
        hovermode="closest",
        xaxis=time_axis(automargin=False, tickangle=0),
        yaxis={"autorange": "reversed", "automargin": True, "fixedrange": True, "nticks": 20, "type": "category"},
    )
    picture = heatmap(
        z=packed(cells),
        x0=clock.shift(windows.start_ms[0]) + windows.step_ms / 2,
        dx=windows.step_ms,
        y=[label for label, _ in rows],
        zmin=0,
        zmax=metric.top or _highest(cells),
        colorscale=SCALE,
        colorbar={"title": {"text": metric.unit, "side": "top"}, "thickness": 12, "outlinewidth": 0, "nticks": 6},
        hovertemplate=f"%{{y}}, %{{x|{plotly_day()} %H:%M}}: %{{z:.3~g}} {metric.unit}<extra></extra>",
        hoverongaps=False,
    )
    return figure(layout, [picture])


def thinned(nodes: Sequence[str], values: Values) -> list[tuple[str, Sequence[float | None]]]:
    """At most MAX_ROWS rows, each with its name: neighbours together, by the mean of those that are known."""
    if len(nodes) <= MAX_ROWS:
        return list(zip(nodes, values, strict=True))
    size = -(-len(nodes) // MAX_ROWS)
    groups = [range(first, min(first + size, len(nodes))) for first in range(0, len(nodes), size)]
    return [
        (
            nodes[group[0]] if len(group) == 1 else f"{nodes[group[0]]} … {nodes[group[-1]]}",
            [_mean([values[node][step] for node in group]) for step in range(len(values[0]))],
        )
        for group in groups
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _highest(cells: NDArray[np.float32]) -> float:
    """The highest known value; 1 where there is none, for a scale needs an end."""
    known = cells[~np.isnan(cells)]
    return float(known.max(initial=0.0)) or 1.0


def _height_px(rows: int) -> int:
    return min(520, max(220, 80 + 14 * rows))
