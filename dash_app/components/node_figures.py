"""The table behind the charts of one node."""

from collections.abc import Sequence
from typing import Final

from dash import html

from aggregator.queries.series_models import NodeSeries
from dash_app.components.tables import behind_chart, thinned
from dash_app.figures.node import total_power_w
from dash_app.language import _, marked
from dash_app.text import format_bytes, format_moment, format_number, format_power, format_rate, format_share

_MOVED: Final = {
    "network_received": marked("Received"),
    "network_sent": marked("Sent"),
    "disk_read": marked("Read"),
    "disk_written": marked("Written"),
}


def node_figures(series: NodeSeries, zone: str) -> html.Details:
    """Every interval, thinned: CPUs, memory, GPUs where there are any, power, traffic where it is known."""
    static_w, dynamic_w = total_power_w(series, "_static_w"), total_power_w(series, "_dynamic_w")
    moved = [name for name in _MOVED if name in series.traffic_bytes_per_s]
    shown = thinned(len(series.ts_ms))
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
        for i in shown
    ]
    gpus = [_("GPU, mean"), _("GPU memory")] if series.gpus else []
    head = (_("Until"), _("CPUs in use"), _("Memory"), *gpus, _("Static power"), _("Dynamic power"))
    head = (*head, *(_(_MOVED[name]) for name in moved))
    return behind_chart(
        head, rows, _("{node} over time", node=series.node), live=f"{series.node}/table", step=shown.step
    )


def _gpu_cells(series: NodeSeries, i: int) -> list[str]:
    if not series.gpus:
        return []
    count = len(series.gpus)
    used, memory = _sum([b.utilisation[i] for b in series.gpus]), _sum([b.memory_bytes[i] for b in series.gpus])
    return [format_share(None if used is None else used / count), format_bytes(memory)]


def _sum(values: Sequence[float | None]) -> float | None:
    return None if None in values else sum(value or 0.0 for value in values)
