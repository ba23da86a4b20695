"""Charts of a job on its nodes: CPU, memory, GPUs and power, one card a node, some nodes a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dash import html

from aggregator.queries.job_models import IntensitySeries
from aggregator.queries.series_models import NodeSeries
from dash_app.components.attributes import HIDDEN
from dash_app.components.charts import card, chart, legend, line_mark
from dash_app.components.elements import element
from dash_app.components.live import part_id
from dash_app.components.node_figures import closed_figures
from dash_app.components.states import empty
from dash_app.components.traffic_charts import traffic_charts
from dash_app.figures.node import (
    Frame,
    board_line,
    cpu_figure,
    gpu_figure,
    gpu_memory_figure,
    has_power,
    hundred_percent,
    memory_figure,
    memory_unit,
    node_means,
    power_figure,
    power_layers,
    power_unit,
)
from dash_app.figures.timeline import clock_at
from dash_app.language import _
from dash_app.text import format_bytes, format_number, format_power, format_share

FEW_NODES: Final = 4
"""So many nodes have charts of their traffic, too: a browser draws dozens of charts slowly."""
MOST_NODES: Final = 8
"""Of a job with no more nodes, all are drawn at once."""
WIDE_POINTS: Final = 300
SMALL_POINTS: Final = 120
"""Intervals of a chart over the width of a page, and of a card: about one for two pixels."""
_LINE_POINTS: Final = 1450
"""Of all lines of a card together, where there are eight: charts stay below 300 kB."""

_HEIGHTS: Final = {True: {"low": 150, "high": 220}, False: {"low": 84, "high": 130}}
"""Heights of the plots [px] where they are wide, and where not; that of power is the high one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How the charts are wanted.

    Args:
        zone: the site's time zone.
        of_nodes: how many nodes the job has in all.
        logical: 100 % of the CPU are all logical cores, else the physical ones.
        intensity: the carbon intensity over the job's time.
    """

    zone: str
    of_nodes: int
    logical: bool = True
    intensity: IntensitySeries | None = None


def node_charts(series: Sequence[NodeSeries], choice: Choice) -> html.Div:
    """Cards of the nodes given; one node alone is drawn large."""
    sampled = [one for one in series if has_samples(one)]
    if not sampled:
        return html.Div(_no_samples(), className="mw-card")
    wide = choice.of_nodes == 1 or len(series) == 1
    few = len(series) <= FEW_NODES
    cards = [
        node_card(one, choice, wide=wide, traffic=few) if has_samples(one) else _silent_node(one.node) for one in series
    ]
    return html.Div(
        [
            html.Div([legend(power_layers(sampled)), _clock_note(sampled, choice.zone)], className="mw-charts-head"),
            html.Div(cards, className=f"mw-nodes mw-nodes-{'wide' if wide else 'small'}"),
        ]
    )


def nodes_per_page(nodes: int, boards: int) -> int:
    """How many nodes are drawn at once: all of a job of few; of a larger one, which has a picture of all, a row.

    Args:
        nodes: of the job.
        boards: on the node that has most of them.
    """
    most = MOST_NODES if boards < 4 else FEW_NODES
    return nodes if nodes <= most else FEW_NODES


def shown_nodes(names: Sequence[str], page: int | None, node: str | None, per_page: int) -> Sequence[str]:
    """The nodes to draw: the one chosen, else one page of them (pages count from 1)."""
    if node:
        return [node] if node in names else []
    first = (max(page or 1, 1) - 1) * per_page
    return names[first : first + per_page]


def points_of(nodes: int, boards: int) -> int:
    """Intervals that charts are drawn with.

    Args:
        nodes: that are shown.
        boards: on the node that has most of them.
    """
    return WIDE_POINTS if nodes == 1 else min(SMALL_POINTS, max(40, 8 * _LINE_POINTS // (nodes * (18 + 2 * boards))))


def has_samples(series: NodeSeries) -> bool:
    """Whether anything at all is known of the job on this node over time."""
    known = any(value is not None for value in (*series.cpu_used, *series.memory_bytes))
    return known or has_power(series)


def node_card(series: NodeSeries, choice: Choice, *, wide: bool, traffic: bool) -> html.Section:
    """One node: charts in a column that share the time axis below the last."""
    powered = has_power(series)
    low = Frame(choice.zone, _HEIGHTS[wide]["low"], right=wide, few=not wide)
    last = Frame(choice.zone, _HEIGHTS[wide]["high" if powered else "low"], ticks=True, right=wide, few=not wide)
    charts = [
        *_cpu(series, low, choice.logical),
        *_gpus(series, low),
        *_memory(series, low if powered else last),
        *(traffic_charts(series, low) if traffic else []),
        *(_power(series, last, choice.intensity) if powered else _no_power()),
        closed_figures(series),
    ]
    return card(series.node, charts, class_name="mw-job-node", level=3)


def _cpu(series: NodeSeries, frame: Frame, logical: bool) -> list[Any]:
    whole, used = hundred_percent(series, logical), node_means(series).cpu_used
    physical = not logical and series.threads_per_core > 1
    if whole <= 0:
        name, levels = _("CPUs in use"), [("mean", format_number(used))]
    else:
        of = format_number(whole)
        name = _("CPU, % of {cores} cores", cores=of) if physical else _("CPU, % of {cpus} CPUs", cpus=of)
        mean = format_share(None if used is None else used / whole)
        levels = [("mean", mean), ("allocated", format_share(series.cpus / whole))]
    at = f"{series.node}/cpu"
    label = _("CPU of the job on {node} over time", node=series.node)
    return [_name(name, levels, at), chart(cpu_figure(series, frame, logical), label, live=at)]


def _memory(series: NodeSeries, frame: Frame) -> list[Any]:
    held, mean = series.memory_allocated_bytes, node_means(series).memory_bytes
    levels = [("mean", format_bytes(mean)), *([("allocated", format_bytes(held))] if held > 0 else [])]
    name = _("Memory, {unit}", unit=memory_unit(series)[0])
    at = f"{series.node}/memory"
    label = _("Memory of the job on {node} over time", node=series.node)
    return [_name(name, levels, at), chart(memory_figure(series, frame), label, live=at)]


def _gpus(series: NodeSeries, frame: Frame) -> list[Any]:
    if not series.gpus:
        return []
    boards = [
        html.Span([line_mark(*board_line(number)), f"{board.gpu}"], className="mw-level")
        for number, board in enumerate(series.gpus)
    ]
    heading = html.Div([html.H4(_("GPU, %")), html.Div(boards, className="mw-levels")], className="mw-chart-name")
    size = max((board.memory_total_bytes or 0.0 for board in series.gpus), default=0.0)
    total = [("allocated", format_bytes(size))] if size else []
    busy = _("GPUs of the job on {node} over time", node=series.node)
    full = _("GPU memory of the job on {node} over time", node=series.node)
    at = f"{series.node}/gpu-memory"
    return [
        heading,
        chart(gpu_figure(series, frame), busy, live=f"{series.node}/gpu"),
        _name(_("GPU memory, GiB"), total, at),
        chart(gpu_memory_figure(series, frame), full, live=at),
    ]


def _power(series: NodeSeries, frame: Frame, intensity: IntensitySeries | None) -> list[Any]:
    levels = [("", _("mean {power}", power=format_power(node_means(series).power_w)))]
    known = [value for value in intensity.g_per_kwh if value is not None] if intensity else []
    if known:
        low, high = format_number(min(known)), format_number(max(known))
        levels.append(("carbon", _("carbon {range} g/kWh", range=low if low == high else f"{low}–{high}")))
    name = _("Power, {unit}", unit=power_unit(series)[0])
    at = f"{series.node}/power"
    label = _("Power of the job on {node} over time, with the grid's carbon intensity", node=series.node)
    return [_name(name, levels, at), chart(power_figure(series, frame, intensity), label, live=at)]


def _no_power() -> list[Any]:
    return [html.P(_("Power on this node: unknown."), className="mw-note")]


def _name(name: str, levels: Sequence[tuple[str, str]], live: str) -> html.Div:
    """A chart's name, and at its right what the dashed and dotted lines in it stand for."""
    marks = [
        element(
            "Span",
            [element("Span", className=f"mw-line mw-line-{kind}", **HIDDEN) if kind else None, _level(kind, text)],
            className="mw-level",
        )
        for kind, text in levels
    ]
    parts: list[Any] = [element("H4", name), element("Div", marks, className="mw-levels")]
    return html.Div(parts, id=part_id(live), className="mw-chart-name")


def _level(kind: str, text: str) -> str:
    if kind == "mean":
        return _("mean {value}", value=text)
    return _("allocated {value}", value=text) if kind == "allocated" else text


def _silent_node(node: str) -> html.Section:
    text = html.P(_("No samples of the job on this node: unknown, not zero."), className="mw-note")
    return card(node, text, class_name="mw-job-node", level=3)


def _no_samples() -> html.Div:
    return empty(
        _("No samples of this job"),
        _(
            "It was shorter than the sampling interval, it has only just begun, or no agent runs on its nodes. "
            "Energy shown above then comes from Slurm's accounting or from the model of the node, and says so."
        ),
    )


def _clock_note(series: Sequence[NodeSeries], zone: str) -> html.Span:
    last_ms = max(one.ts_ms[-1] for one in series if one.ts_ms)
    return html.Span(_("Times are {zone}", zone=clock_at(last_ms, zone).label), className="mw-note")
