"""Charts of a job on its nodes: CPU, memory and power, one card a node, some nodes a page."""

from collections.abc import Sequence
from typing import Final

from dash import html

from aggregator.queries.models import NodeSeries
from dash_app.components.charts import card, chart, legend
from dash_app.components.states import empty
from dash_app.components.tables import behind_chart
from dash_app.figures.node import cpu_figure, has_power, memory_figure, power_figure, power_layers
from dash_app.figures.timeline import clock_at
from maxwatt.domain.formatting import UNKNOWN, format_bytes, format_number, format_power, local_time

NODES_PER_PAGE: Final = 8
_HEIGHTS: Final = {"wide": (220, 220, 260), "small": (130, 130, 170)}


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
    """One node."""
    cpu_px, memory_px, power_px = _HEIGHTS[size]
    node = series.node
    charts = [
        _named("CPUs in use", chart(cpu_figure(series, zone, cpu_px), f"CPUs in use on {node} over time")),
        _named("Memory", chart(memory_figure(series, zone, memory_px), f"Memory of the job on {node} over time")),
        _named("Power", chart(power_figure(series, zone, power_px), f"Power of the job on {node} over time"))
        if has_power(series)
        else html.P("The power of this node is not known.", className="mw-note"),
    ]
    return card(node, [*charts, _figures(series, zone)], class_name="mw-node", level=3)


def _named(name: str, figure: html.Figure) -> html.Div:
    return html.Div([html.H4(name, className="mw-chart-name"), figure])


def _figures(series: NodeSeries, zone: str) -> html.Details:
    rows = [
        [
            f"{local_time(end_ms, zone):%d %b %H:%M:%S}",
            format_number(series.cpu_used[i]),
            format_bytes(series.memory_bytes[i]),
            format_power(_total(series, i, "_static_w")),
            format_power(_total(series, i, "_dynamic_w")),
        ]
        for i, end_ms in enumerate(series.ts_ms)
    ]
    head = ("Until", "CPUs in use", "Memory", "Static power", "Dynamic power")
    return behind_chart(head, rows, f"{series.node} over time")


def _total(series: NodeSeries, index: int, ending: str) -> float | None:
    """Sum over components; unknown as soon as one that is ever known is unknown here."""
    ever = [
        values for key, values in series.power_w.items() if key.endswith(ending) and any(v is not None for v in values)
    ]
    values = [one[index] for one in ever]
    return None if not values or None in values else sum(value or 0.0 for value in values)


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
