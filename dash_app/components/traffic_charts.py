"""Charts of what a job moved on one node, where that is known: network and disks."""

from typing import Any, Final

from dash import html

from aggregator.queries.series_models import NodeSeries
from dash_app.components.charts import chart, line_mark
from dash_app.components.live import part_id
from dash_app.figures.node import Frame
from dash_app.figures.timeline import weighted_mean
from dash_app.figures.traffic import WAYS, known_ways, look_of, traffic_figure, traffic_unit
from dash_app.language import _, marked
from dash_app.text import format_rate

_KINDS: Final = {
    "network": (marked("Network, {unit}"), marked("Network traffic of {node} over time")),
    "disk": (marked("Disk, {unit}"), marked("Disk traffic of the job on {node} over time")),
}


def traffic_charts(series: NodeSeries, frame: Frame) -> list[Any]:
    """Names and charts; nothing where nothing is known, as of the network of a node that other jobs use too."""
    return [part for kind in _KINDS for part in _chart(series, frame, kind)]


def _chart(series: NodeSeries, frame: Frame, kind: str) -> list[Any]:
    names = known_ways(series, kind)
    if not names:
        return []
    (name, label), at = _KINDS[kind], f"{series.node}/{kind}"
    levels = html.Div([_level(series, way) for way in names], className="mw-levels")
    heading = html.Div(
        [html.H4(_(name, unit=traffic_unit(series, names)[0])), levels], id=part_id(at), className="mw-chart-name"
    )
    return [heading, chart(traffic_figure(series, frame, names), _(label, node=series.node), live=at)]


def _level(series: NodeSeries, way: str) -> html.Span:
    mean = weighted_mean(series.start_ms, series.ts_ms, series.traffic_bytes_per_s[way])
    text = _("{way}, mean {rate}", way=_(WAYS[way]), rate=format_rate(mean))
    return html.Span([line_mark(*look_of(way)), text], className="mw-level")
