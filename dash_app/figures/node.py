"""A job on one node: CPU and memory over time with their means, power with static and dynamic apart.

The three charts share one time axis: same margins, same range, so that they line up when they stand in a column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from aggregator.queries.models import NodeSeries
from dash_app.figures.stack import Layer, drawn, stack_traces
from dash_app.figures.theme import (
    BLUE,
    COMPONENT_COLOURS,
    COMPONENT_LABELS,
    GREEN,
    GREY,
    STATIC_ALPHA,
    axis,
    base_layout,
    power_scale,
    time_axis,
)
from dash_app.figures.timeline import Intervals, clock_at, scaled, steps, weighted_mean
from maxwatt.domain.units import BYTES_PER_GIB, BYTES_PER_MIB

POWER_LAYERS: Final = tuple(
    Layer(f"{component}_{part}_w", f"{COMPONENT_LABELS[component]}, {part}", COMPONENT_COLOURS[component], alpha, 0.8)
    for component in COMPONENT_COLOURS
    for part, alpha in (("static", STATIC_ALPHA), ("dynamic", 0.85))
)
"""From the bottom: each component's static power below its dynamic power."""

MEAN_DASH: Final = "dash"
ALLOCATED_DASH: Final = "dot"
_MARGIN: Final = {"l": 44, "r": 10, "t": 8, "b": 9}
_TICKS_PX: Final = 42


@dataclass(frozen=True, slots=True)
class NodeMeans:
    """Means over the time with samples, None where there is none: CPUs, memory [B], power [W]."""

    cpu_used: float | None
    memory_bytes: float | None
    power_w: float | None


def node_means(series: NodeSeries) -> NodeMeans:
    """Means by length of interval, each over the intervals where its value is known."""
    return NodeMeans(
        weighted_mean(series.start_ms, series.ts_ms, series.cpu_used),
        weighted_mean(series.start_ms, series.ts_ms, series.memory_bytes),
        weighted_mean(series.start_ms, series.ts_ms, total_power_w(series)),
    )


def total_power_w(series: NodeSeries, ending: str = "_w") -> list[float | None]:
    """Power over all layers whose name ends so [W]; unknown where a layer that is ever known is unknown."""
    known = [
        values for key, values in series.power_w.items() if key.endswith(ending) and any(v is not None for v in values)
    ]
    if not known:
        return [None] * len(series.ts_ms)
    return [None if None in moment else sum(value or 0.0 for value in moment) for moment in zip(*known, strict=True)]


def cpu_figure(series: NodeSeries, zone: str, height_px: int = 140, ticks: bool = False) -> go.Figure:
    """CPUs in use (mean of each interval), their mean over time (dashed) and the CPUs allocated (dotted)."""
    figure = _figure(series, zone, height_px, ticks)
    _add_line(figure, series, zone, series.cpu_used, BLUE, "%{y:.3~g} CPUs")
    _add_level(figure, node_means(series).cpu_used, MEAN_DASH)
    _add_level(figure, series.cpus or None, ALLOCATED_DASH)
    _fit(figure, series.cpu_used, series.cpus)
    return figure


def memory_figure(series: NodeSeries, zone: str, height_px: int = 140, ticks: bool = False) -> go.Figure:
    """Memory resident at the end of each interval, its mean (dashed) and the memory allocated (dotted)."""
    unit, size = memory_unit(series)
    values = scaled(series.memory_bytes, size)
    mean, allocated = node_means(series).memory_bytes, series.memory_allocated_bytes / size
    figure = _figure(series, zone, height_px, ticks)
    _add_line(figure, series, zone, values, GREEN, f"%{{y:.3~g}} {unit}")
    _add_level(figure, None if mean is None else mean / size, MEAN_DASH)
    _add_level(figure, allocated or None, ALLOCATED_DASH)
    _fit(figure, values, allocated)
    return figure


def power_figure(series: NodeSeries, zone: str, height_px: int = 210, ticks: bool = True) -> go.Figure:
    """Power of the job on the node, stacked by component, static and dynamic apart."""
    unit, size = power_unit(series)
    values = {key: scaled(values, size) for key, values in series.power_w.items()}
    figure = _figure(series, zone, height_px, ticks)
    figure.add_traces(stack_traces(_intervals(series, zone), values, POWER_LAYERS, hover=f"%{{y:.3~g}} {unit}"))
    return figure


def power_unit(series: NodeSeries) -> tuple[str, float]:
    """Unit of the power chart's axis and its size [W]."""
    size, unit = power_scale(max((value or 0.0 for value in total_power_w(series)), default=0.0))
    return unit, size


def memory_unit(series: NodeSeries) -> tuple[str, int]:
    """Unit of the memory chart's axis and its size [B]."""
    known = [value for value in (*series.memory_bytes, series.memory_allocated_bytes) if value is not None]
    return ("GiB", BYTES_PER_GIB) if max(known, default=0.0) >= BYTES_PER_GIB else ("MiB", BYTES_PER_MIB)


def power_layers(series: Sequence[NodeSeries]) -> list[Layer]:
    """The layers that show on any of the nodes, for the legend."""
    return [layer for layer in POWER_LAYERS if any(drawn([layer], one.power_w) for one in series)]


def has_power(series: NodeSeries) -> bool:
    """Whether any power of the job on this node is known."""
    return any(value is not None for values in series.power_w.values() for value in values)


def _intervals(series: NodeSeries, zone: str) -> Intervals:
    return Intervals(series.start_ms, series.ts_ms, clock_at(series.ts_ms[-1] if series.ts_ms else 0, zone))


def _figure(series: NodeSeries, zone: str, height_px: int, ticks: bool) -> go.Figure:
    shift = _intervals(series, zone).clock.shift
    ends = {"range": [shift(series.start_ms[0]), shift(series.ts_ms[-1])]} if series.ts_ms else {}
    layout = base_layout(
        height_px + (_TICKS_PX if ticks else 0), margin={**_MARGIN, "b": _TICKS_PX if ticks else _MARGIN["b"]}
    )
    layout.update(
        xaxis=time_axis(showticklabels=ticks, automargin=False, **ends),
        yaxis=axis(automargin=False, nticks=5 if height_px >= 120 else 4),
    )
    return go.Figure(layout=layout)


def _add_line(
    figure: go.Figure,
    series: NodeSeries,
    zone: str,
    values: Sequence[float | None],
    colour: str,
    hover: str,
) -> None:
    xs, ys = steps(_intervals(series, zone), values)
    line = {"color": colour, "width": 1.8, "shape": "hv"}
    figure.add_scatter(x=xs, y=ys, mode="lines", line=line, hovertemplate=f"{hover}<extra></extra>")


def _add_level(figure: go.Figure, level: float | None, dash: str) -> None:
    """A horizontal line; nothing when the level is unknown."""
    if level is not None:
        figure.add_hline(y=level, line={"color": GREY, "width": 1.3, "dash": dash})


def _fit(figure: go.Figure, values: Sequence[float | None], allocated: float) -> None:
    """From zero to a little above the highest of what is drawn."""
    top = max([allocated, *(value for value in values if value is not None)], default=0.0)
    if top > 0:
        figure.update_yaxes(range=[0, top * 1.08])
