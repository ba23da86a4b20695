"""A job on one node: CPU, memory, GPUs and power over time, each with its mean and what was allocated.

The charts share one time axis: same margins, same range, so that they line up when they stand in a column.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from aggregator.queries.job_models import IntensitySeries
from aggregator.queries.series_models import NodeSeries
from dash_app.figures.plain import Figure, Trace, figure, line
from dash_app.figures.stack import Layer, drawn, stack_traces
from dash_app.figures.theme import (
    BLUE,
    COMPONENT_COLOURS,
    GREEN,
    GREY,
    PURPLE,
    STATIC_ALPHA,
    VERMILION,
    axis,
    base_layout,
    power_scale,
    time_axis,
)
from dash_app.figures.timeline import Intervals, clock_at, scaled, step_line, weighted_mean
from dash_app.language import marked
from maxwatt.domain.units import BYTES_PER_GIB, BYTES_PER_MIB

_POWER_LABELS: Final = {
    ("cpu", "static"): marked("CPU, static"),
    ("cpu", "dynamic"): marked("CPU, dynamic"),
    ("dram", "static"): marked("Memory, static"),
    ("dram", "dynamic"): marked("Memory, dynamic"),
    ("gpu", "static"): marked("GPU, static"),
    ("gpu", "dynamic"): marked("GPU, dynamic"),
    ("rest", "static"): marked("Rest of node, static"),
    ("rest", "dynamic"): marked("Rest of node, dynamic"),
}
POWER_LAYERS: Final = tuple(
    Layer(f"{component}_{part}_w", _POWER_LABELS[component, part], COMPONENT_COLOURS[component], alpha, 0.8)
    for component in COMPONENT_COLOURS
    for part, alpha in (("static", STATIC_ALPHA), ("dynamic", 0.85))
)
"""From the bottom: each component's static power below its dynamic power."""

BOARD_COLOURS: Final = (VERMILION, BLUE, GREEN, PURPLE)
BOARD_DASHES: Final = ("solid", "dot", "dash", "dashdot")
"""Boards differ in colour, every four of them in the line."""

_INTENSITY_STEPS: Final = (10, 25, 50, 100, 200, 400)
INTENSITY_COLOUR: Final = PURPLE
MEAN_DASH: Final = "dash"
ALLOCATED_DASH: Final = "dot"
_MARGIN: Final = {"l": 44, "r": 10, "t": 8, "b": 9}
_RIGHT_PX: Final = 46
_TICKS_PX: Final = 42


@dataclass(frozen=True, slots=True)
class Frame:
    """How a chart is drawn.

    Args:
        zone: the site's time zone.
        height_px: of the plot.
        ticks: whether the time stands below it.
        right: whether there is room for a second axis.
        few: few labels, for a narrow card.
    """

    zone: str
    height_px: int
    ticks: bool = False
    right: bool = False
    few: bool = False


@dataclass(frozen=True, slots=True)
class NodeMeans:
    """Means by length of interval, each over the intervals where its value is known, None where it never is."""

    series: NodeSeries

    @property
    def cpu_used(self) -> float | None:
        """CPUs in use."""
        return self._mean(self.series.cpu_used)

    @property
    def memory_bytes(self) -> float | None:
        """Memory [B]."""
        return self._mean(self.series.memory_bytes)

    @property
    def power_w(self) -> float | None:
        """Power [W]."""
        return self._mean(total_power_w(self.series))

    def _mean(self, values: Sequence[float | None]) -> float | None:
        return weighted_mean(self.series.start_ms, self.series.ts_ms, values)


def node_means(series: NodeSeries) -> NodeMeans:
    """Means of a job on a node; each is taken when it is asked for."""
    return NodeMeans(series)


def total_power_w(series: NodeSeries, ending: str = "_w") -> list[float | None]:
    """Power over all layers whose name ends so [W]; unknown where a layer that is ever known is unknown."""
    known = [values for key, values in series.power_w.items() if key.endswith(ending) and not _unknown(values)]
    if not known:
        return [None] * len(series.ts_ms)
    return [None if None in moment else sum(moment) for moment in zip(*known, strict=True)]


def _unknown(values: Sequence[float | None]) -> bool:
    return values.count(None) == len(values)


def hundred_percent(series: NodeSeries, logical: bool) -> float:
    """CPUs that are 100 %: with logical cores all that the job holds there, else one for each core; 0: unknown.

    So on two threads a core the busy job reaches 200 % of the physical cores.
    """
    threads = 1 if logical else max(series.threads_per_core, 1)
    return series.cpus / threads


def cpu_figure(series: NodeSeries, frame: Frame, logical: bool = True) -> Figure:
    """CPUs in use (mean of each interval) in percent, else their number; the mean (dashed), what is held (dotted)."""
    whole = hundred_percent(series, logical)
    size, unit = (whole / 100, "%") if whole > 0 else (1.0, "CPUs")
    values, mean = scaled(series.cpu_used, size), node_means(series).cpu_used
    trace = node_line(series, frame.zone, values, BLUE, f"%{{y:.3~g}} {unit}")
    levels = _levels(None if mean is None else mean / size, series.cpus / size)
    return figure(node_layout(series, frame, _highest(values, series.cpus / size), levels), [trace])


def memory_figure(series: NodeSeries, frame: Frame) -> Figure:
    """Memory resident at the end of each interval, its mean (dashed) and the memory allocated (dotted)."""
    unit, size = memory_unit(series)
    values = scaled(series.memory_bytes, size)
    mean, allocated = node_means(series).memory_bytes, series.memory_allocated_bytes / size
    trace = node_line(series, frame.zone, values, GREEN, f"%{{y:.3~g}} {unit}")
    levels = _levels(None if mean is None else mean / size, allocated)
    return figure(node_layout(series, frame, _highest(values, allocated), levels), [trace])


def gpu_figure(series: NodeSeries, frame: Frame) -> Figure:
    """Utilisation of each board in percent."""
    values = [scaled(board.utilisation, 0.01) for board in series.gpus]
    return figure(node_layout(series, frame, 100.0), _boards(series, frame.zone, values, "%"))


def gpu_memory_figure(series: NodeSeries, frame: Frame) -> Figure:
    """Memory in use on each board [GiB] and the size of the largest (dotted)."""
    values = [scaled(board.memory_bytes, BYTES_PER_GIB) for board in series.gpus]
    size = max((board.memory_total_bytes or 0.0 for board in series.gpus), default=0.0) / BYTES_PER_GIB
    top = _highest([value for board in values for value in board], size)
    return figure(node_layout(series, frame, top, _levels(None, size)), _boards(series, frame.zone, values, "GiB"))


def power_figure(series: NodeSeries, frame: Frame, intensity: IntensitySeries | None = None) -> Figure:
    """Power of the job on the node, stacked by component, static and dynamic apart; behind it the carbon intensity."""
    unit, size = power_unit(series)
    values = {key: scaled(values, size) for key, values in series.power_w.items()}
    hover = f"%{{y:.3~g}} {unit}"
    layout, traces = (
        node_layout(series, frame),
        stack_traces(_intervals(series, frame.zone), values, POWER_LAYERS, hover),
    )
    known = [value for value in intensity.g_per_kwh if value is not None] if intensity else []
    if intensity is None or not known:
        return figure(layout, traces)
    return figure(
        {**layout, "yaxis2": _intensity_axis(max(known), frame)}, [*traces, _intensity_line(intensity, frame)]
    )


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


def node_layout(
    series: NodeSeries, frame: Frame, top: float = 0.0, levels: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Axes of a chart on one node.

    Args:
        top: the highest of what is drawn, which reaches a little higher; 0: as plotly finds it.
        levels: horizontal lines across it.
    """
    shift = _intervals(series, frame.zone).clock.shift
    ends = {"range": [shift(series.start_ms[0]), shift(series.ts_ms[-1])]} if series.ts_ms else {}
    below, right = _TICKS_PX if frame.ticks else _MARGIN["b"], _RIGHT_PX if frame.right else _MARGIN["r"]
    few = {"nticks": 4} if frame.few else {}
    reach = {"range": [0, top * 1.08]} if top > 0 else {}
    return base_layout(
        frame.height_px + (_TICKS_PX if frame.ticks else 0),
        margin={**_MARGIN, "b": below, "r": right},
        xaxis=time_axis(labels=frame.ticks, automargin=False, tickangle=0, **few, **ends),
        yaxis=axis(automargin=False, nticks=5 if frame.height_px >= 120 else 4, **reach),
        **({"shapes": levels} if levels else {}),
    )


def node_line(
    series: NodeSeries, zone: str, values: Sequence[float | None], colour: str, hover: str, dash: str = "solid"
) -> Trace:
    """A step line of one value each interval; `hover` is plotly's format of a value."""
    look = {"color": colour, "width": 1.8, "shape": "hv"} | ({} if dash == "solid" else {"dash": dash})
    return line(**step_line(_intervals(series, zone), values), line=look, hovertemplate=f"{hover}<extra></extra>")


def _boards(series: NodeSeries, zone: str, values: Sequence[Sequence[float | None]], unit: str) -> list[Trace]:
    return [
        node_line(series, zone, values[number], colour, f"GPU {board.gpu}: %{{y:.3~g}} {unit}", dash)
        for number, board in enumerate(series.gpus)
        for colour, dash in [board_line(number)]
    ]


def board_line(number: int) -> tuple[str, str]:
    """Colour and dash of the n-th board of a chart."""
    return BOARD_COLOURS[number % len(BOARD_COLOURS)], BOARD_DASHES[number // len(BOARD_COLOURS) % len(BOARD_DASHES)]


def _intensity_line(intensity: IntensitySeries, frame: Frame) -> Trace:
    """A quiet line on an axis of its own at the right."""
    intervals = Intervals(intensity.start_ms, intensity.end_ms, clock_at(intensity.end_ms[-1], frame.zone))
    look = {"color": INTENSITY_COLOUR, "width": 1.3, "shape": "hv", "dash": "dot"}
    hover = "%{y:.0f} g/kWh<extra></extra>"
    return line(**step_line(intervals, intensity.g_per_kwh), line=look, hovertemplate=hover, yaxis="y2")


def _intensity_axis(top: float, frame: Frame) -> dict[str, Any]:
    return axis(
        overlaying="y",
        side="right",
        automargin=False,
        showgrid=False,
        dtick=next((step for step in _INTENSITY_STEPS if top <= 4 * step), top),
        showticklabels=frame.right,
        range=[0, 1.15 * top or 1],
    )


def _levels(mean: float | None, allocated: float) -> list[dict[str, Any]]:
    """Horizontal lines across the chart: the mean, dashed, and what is allocated, dotted; those that are known."""
    found = ((mean, MEAN_DASH), (allocated or None, ALLOCATED_DASH))
    return [_level(level, dash) for level, dash in found if level is not None]


def _level(level: float, dash: str) -> dict[str, Any]:
    look = {"color": GREY, "width": 1.3, "dash": dash}
    return {"type": "line", "xref": "x domain", "x0": 0, "x1": 1, "y0": level, "y1": level, "line": look}


def _highest(values: Sequence[float | None], allocated: float) -> float:
    return max([allocated, *(value for value in values if value is not None)])
