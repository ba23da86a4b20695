"""Charts of a job on its nodes: CPU, memory and power, one card a node, some nodes a page."""

from collections.abc import Sequence
from typing import Final

from dash import html

from aggregator.queries.models import NodeSeries
from dash_app.components.charts import card, chart, legend
from dash_app.components.states import empty
from dash_app.components.tables import behind_chart
from dash_app.figures.node import (
    NodeMeans,
    cpu_figure,
    has_power,
    memory_figure,
    memory_unit,
    node_means,
    power_figure,
    power_layers,
    power_unit,
    total_power_w,
)
from dash_app.figures.timeline import clock_at
from maxwatt.domain.formatting import UNKNOWN, format_bytes, format_number, format_power, local_time

NODES_PER_PAGE: Final = 8
_HEIGHTS: Final = {"wide": (150, 150, 220), "small": (84, 84, 130)}
"""Heights of the plots of CPU, memory and power [px]."""


def node_charts(series: Sequence[NodeSeries], zone: str, of_nodes: int) -> html.Div:
    """Cards of the nodes given; one node alone is drawn large.

    Args:
        series: the nodes to show.
        zone: the site's time zone.
        of_nodes: how many nodes the job has in all.
    """
    sampled = [one for one in series if has_samples(one)]
    if not sampled:
        return html.Div(_no_samples(), className="mw-card")
    size = "wide" if of_nodes == 1 or len(series) == 1 else "small"
    cards = [node_card(one, zone, size) if has_samples(one) else _silent_node(one.node) for one in series]
    return html.Div(
        [
            html.Div([legend(power_layers(sampled)), _clock_note(sampled, zone)], className="mw-charts-head"),
            html.Div(cards, className=f"mw-nodes mw-nodes-{size}"),
        ]
    )


def has_samples(series: NodeSeries) -> bool:
    """Whether anything at all is known of the job on this node over time."""
    known = any(value is not None for value in (*series.cpu_used, *series.memory_bytes))
    return known or has_power(series)


def node_card(series: NodeSeries, zone: str, size: str) -> html.Section:
    """One node: three charts in a column that share the time axis below the last."""
    cpu_px, memory_px, power_px = _HEIGHTS[size]
    node, means, powered = series.node, node_means(series), has_power(series)
    charts = [
        _name("CPUs in use", _cpu_levels(series, means)),
        chart(cpu_figure(series, zone, cpu_px), f"CPUs in use on {node} over time"),
        _name(f"Memory, {memory_unit(series)[0]}", _memory_levels(series, means)),
        chart(memory_figure(series, zone, memory_px, ticks=not powered), f"Memory of the job on {node} over time"),
    ]
    if powered:
        charts += [
            _name(f"Power, {power_unit(series)[0]}", [("mean", format_power(means.power_w))]),
            chart(power_figure(series, zone, power_px), f"Power of the job on {node} over time"),
        ]
    else:
        charts.append(html.P(f"Power on this node: {UNKNOWN}.", className="mw-note"))
    return card(node, [*charts, _figures(series, zone)], class_name="mw-node", level=3)


def _name(name: str, levels: Sequence[tuple[str, str]]) -> html.Div:
    """A chart's name, and at its right what the dashed and dotted lines in it stand for."""
    marks = [
        html.Span([html.Span(className=f"mw-line mw-line-{kind}"), f"{kind} {text}"], className="mw-level")
        for kind, text in levels
    ]
    return html.Div([html.H4(name), html.Div(marks, className="mw-levels")], className="mw-chart-name")


def _cpu_levels(series: NodeSeries, means: NodeMeans) -> list[tuple[str, str]]:
    allocated = [("allocated", format_number(series.cpus))] if series.cpus > 0 else []
    return [("mean", format_number(means.cpu_used)), *allocated]


def _memory_levels(series: NodeSeries, means: NodeMeans) -> list[tuple[str, str]]:
    held = series.memory_allocated_bytes
    return [("mean", format_bytes(means.memory_bytes)), *([("allocated", format_bytes(held))] if held > 0 else [])]


def _figures(series: NodeSeries, zone: str) -> html.Details:
    static_w, dynamic_w = total_power_w(series, "_static_w"), total_power_w(series, "_dynamic_w")
    rows = [
        [
            f"{local_time(end_ms, zone):%d %b %H:%M:%S}",
            format_number(series.cpu_used[i]),
            format_bytes(series.memory_bytes[i]),
            format_power(static_w[i]),
            format_power(dynamic_w[i]),
        ]
        for i, end_ms in enumerate(series.ts_ms)
    ]
    head = ("Until", "CPUs in use", "Memory", "Static power", "Dynamic power")
    return behind_chart(head, rows, f"{series.node} over time")


def _silent_node(node: str) -> html.Section:
    text = html.P(f"No samples of the job on this node: {UNKNOWN}, not zero.", className="mw-note")
    return card(node, text, class_name="mw-node", level=3)


def _no_samples() -> html.Div:
    return empty(
        "No samples of this job",
        "It was shorter than the sampling interval, it has only just begun, or no agent runs on its nodes. "
        "Energy shown above then comes from Slurm's accounting or from the model of the node, and says so.",
    )


def _clock_note(series: Sequence[NodeSeries], zone: str) -> html.Span:
    last_ms = max(one.ts_ms[-1] for one in series if one.ts_ms)
    return html.Span(f"Times are {clock_at(last_ms, zone).label}", className="mw-note")
