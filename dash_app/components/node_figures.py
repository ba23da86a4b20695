"""The table behind the charts of one node: closed, and asked for when somebody opens it.

Tables of eight nodes took as long as their charts, and hardly anybody opens one.
"""

from collections.abc import Sequence
from typing import Final

from dash import html

from aggregator.queries.series_models import NodeSeries
from dash_app.components.live import part_id
from dash_app.components.tables import figures_heading, plain_table, step_note, thinned
from dash_app.figures.node import total_power_w
from dash_app.language import _, marked
from dash_app.text import format_bytes, format_moment, format_number, format_power, format_rate, format_share

OPENER: Final = "job-figures"
"""Type of what opens a table."""
TABLE: Final = "job-table"
"""Type of the place where it then stands."""

_MOVED: Final = {
    "network_received": marked("Received"),
    "network_sent": marked("Sent"),
    "disk_read": marked("Read"),
    "disk_written": marked("Written"),
}


def closed_figures(series: NodeSeries) -> html.Details:
    """The place of the table, empty yet."""
    return html.Details(
        [
            html.Summary(figures_heading(_caption(series)), id=part_id(series.node, OPENER)),
            html.Div(step_note(thinned(len(series.ts_ms)).step), id=part_id(f"{series.node}/table")),
            html.Div(id=part_id(series.node, TABLE), className="mw-later"),
        ],
        className="mw-details",
    )


def node_figures(series: NodeSeries, zone: str) -> html.Div:
    """Every interval, thinned: CPUs, memory, GPUs where there are any, power, traffic where it is known."""
    static_w, dynamic_w = total_power_w(series, "_static_w"), total_power_w(series, "_dynamic_w")
    moved = [name for name in _MOVED if name in series.traffic_bytes_per_s]
    rows = [
        [
            format_moment(series.ts_ms[i], zone, seconds=True),
            format_number(series.cpu_used[i]),
            format_bytes(series.memory_bytes[i]),
            *_gpu_cells(series, i),
            format_power(static_w[i]),
            format_power(dynamic_w[i]),
            *(format_rate(series.traffic_bytes_per_s[name][i]) for name in moved),
        ]
        for i in thinned(len(series.ts_ms))
    ]
    gpus = [_("GPU, mean"), _("GPU memory")] if series.gpus else []
    head = (_("Until"), _("CPUs in use"), _("Memory"), *gpus, _("Static power"), _("Dynamic power"))
    head = (*head, *(_(_MOVED[name]) for name in moved))
    return plain_table(head, rows, _caption(series))


def _caption(series: NodeSeries) -> str:
    return _("{node} over time", node=series.node)


def _gpu_cells(series: NodeSeries, i: int) -> list[str]:
    if not series.gpus:
        return []
    count = len(series.gpus)
    used, memory = _sum([b.utilisation[i] for b in series.gpus]), _sum([b.memory_bytes[i] for b in series.gpus])
    return [format_share(None if used is None else used / count), format_bytes(memory)]


def _sum(values: Sequence[float | None]) -> float | None:
    return None if None in values else sum(value or 0.0 for value in values)
