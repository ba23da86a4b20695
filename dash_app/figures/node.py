"""A job on one node: CPU and memory over time with their means, power with static and dynamic apart."""

from collections.abc import Sequence
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
    time_axis,
)
from dash_app.figures.timeline import Intervals, clock_at, steps, weighted_mean
from maxwatt.domain.formatting import format_bytes, format_number
from maxwatt.domain.units import BYTES_PER_GIB, BYTES_PER_MIB

POWER_LAYERS: Final = tuple(
    Layer(f"{component}_{part}_w", f"{COMPONENT_LABELS[component]}, {part}", COMPONENT_COLOURS[component], alpha)
    for component in COMPONENT_COLOURS
    for part, alpha in (("static", STATIC_ALPHA), ("dynamic", 0.85))
)
"""From the bottom: each component's static power below its dynamic power."""


def cpu_figure(series: NodeSeries, zone: str, height_px: int = 200) -> go.Figure:
    """CPUs in use (mean of each interval), their mean over time and the CPUs allocated."""
    intervals = _intervals(series, zone)
    xs, ys = steps(intervals, series.cpu_used)
    mean = weighted_mean(series.start_ms, series.ts_ms, series.cpu_used)
    figure = _figure(height_px, intervals, "CPUs")
    figure.add_scatter(x=xs, y=ys, **_line(BLUE, "CPUs in use", "%{y:.3g}", "hv"))
    _add_level(figure, series.cpus or None, f"{format_number(series.cpus)} allocated", dash="dot")
    _add_level(figure, mean, f"mean {format_number(mean)}", dash="dash")
    _fit(figure, series.cpu_used, series.cpus)
    return figure


def memory_figure(series: NodeSeries, zone: str, height_px: int = 200) -> go.Figure:
    """Memory resident at the end of each interval, its mean over time and the memory allocated."""
    intervals = _intervals(series, zone)
    unit, size = _memory_unit(series)
    values = [None if value is None else value / size for value in series.memory_bytes]
    xs, ys = steps(intervals, values)
    mean = weighted_mean(series.start_ms, series.ts_ms, series.memory_bytes)
    figure = _figure(height_px, intervals, unit)
    figure.add_scatter(x=xs, y=ys, **_line(GREEN, "Memory", f"%{{y:.3g}} {unit}", "hv"))
    allocated = series.memory_allocated_bytes
    _add_level(figure, allocated / size or None, f"{format_bytes(allocated)} allocated", dash="dot")
    _add_level(figure, None if mean is None else mean / size, f"mean {format_bytes(mean)}", dash="dash")
    _fit(figure, values, allocated / size)
    return figure


def power_figure(series: NodeSeries, zone: str, height_px: int = 240) -> go.Figure:
    """Power of the job on the node, stacked by component, static and dynamic apart."""
    intervals = _intervals(series, zone)
    figure = _figure(height_px, intervals, "W")
    figure.add_traces(stack_traces(intervals, series.power_w, POWER_LAYERS, hover="%{y:.3s}W"))
    return figure


def power_layers(series: Sequence[NodeSeries]) -> list[Layer]:
    """The layers that show on any of the nodes, for the legend."""
    return [layer for layer in POWER_LAYERS if any(drawn([layer], one.power_w) for one in series)]


def has_power(series: NodeSeries) -> bool:
    """Whether any power of the job on this node is known."""
    return any(value is not None for values in series.power_w.values() for value in values)


def _intervals(series: NodeSeries, zone: str) -> Intervals:
    return Intervals(series.start_ms, series.ts_ms, clock_at(series.ts_ms[-1] if series.ts_ms else 0, zone))


def _figure(height_px: int, intervals: Intervals, unit: str) -> go.Figure:
    layout = base_layout(height_px)
    layout.update(xaxis=time_axis(), yaxis=axis(title={"text": unit, "standoff": 6}))
    layout.meta = {"zone": intervals.clock.label}
    return go.Figure(layout=layout)


def _line(colour: str, name: str, hover: str, shape: str) -> dict[str, object]:
    return {
        "name": name,
        "mode": "lines",
        "line": {"color": colour, "width": 1.8, "shape": shape},
        "hovertemplate": f"{hover}<extra>{name}</extra>",
    }


def _add_level(figure: go.Figure, level: float | None, text: str, dash: str) -> None:
    """A horizontal line with its label at the right end; nothing when the level is unknown."""
    if level is None:
        return
    figure.add_hline(y=level, line={"color": GREY, "width": 1.2, "dash": dash})
    figure.add_annotation(
        text=text, x=1, xref="paper", y=level, xanchor="right", yanchor="bottom", showarrow=False, font={"size": 11}
    )


def _fit(figure: go.Figure, values: Sequence[float | None], allocated: float) -> None:
    """From zero to a little above what is drawn, so that labels of the highest line fit."""
    top = max([allocated, *(value for value in values if value is not None)], default=0.0)
    if top > 0:
        figure.update_yaxes(range=[0, top * 1.18])


def _memory_unit(series: NodeSeries) -> tuple[str, int]:
    known = [value for value in (*series.memory_bytes, series.memory_allocated_bytes) if value is not None]
    return ("GiB", BYTES_PER_GIB) if max(known, default=0.0) >= BYTES_PER_GIB else ("MiB", BYTES_PER_MIB)
