"""What a job moved on one node over time: network, and the node's own disks."""

from collections.abc import Mapping, Sequence
from typing import Final

from aggregator.queries.series_models import NodeSeries
from dash_app.figures.node import Frame, node_layout, node_line
from dash_app.figures.plain import Figure, figure
from dash_app.figures.theme import BLUE, VERMILION
from dash_app.figures.timeline import scaled
from dash_app.language import _, marked

WAYS: Final[Mapping[str, str]] = {
    "network_received": marked("received"),
    "network_sent": marked("sent"),
    "disk_read": marked("read"),
    "disk_written": marked("written"),
}
LOOKS: Final = ((BLUE, "solid"), (VERMILION, "dash"))
"""Colour and line of what comes in, and of what goes out."""

_UNITS: Final = ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s"))


def known_ways(series: NodeSeries, kind: str) -> tuple[str, ...]:
    """The ways of a kind, `network` or `disk`, of which anything is known."""
    return tuple(name for name in WAYS if name.startswith(kind) and name in series.traffic_bytes_per_s)


def traffic_unit(series: NodeSeries, names: Sequence[str]) -> tuple[str, float]:
    """Unit of a chart's axis and its size [B/s]."""
    top = max((value or 0.0 for name in names for value in series.traffic_bytes_per_s[name]), default=0.0)
    return next(((unit, size) for size, unit in _UNITS if top >= 2 * size), ("B/s", 1.0))


def traffic_figure(series: NodeSeries, frame: Frame, names: Sequence[str]) -> Figure:
    """Mean rates over each interval: what comes in (solid) and what goes out (dashed)."""
    unit, size = traffic_unit(series, names)
    values = [scaled(series.traffic_bytes_per_s[name], size) for name in names]
    traces = [
        node_line(series, frame.zone, rates, colour, f"{_(WAYS[name])}: %{{y:.3~g}} {unit}", dash)
        for name, rates, (colour, dash) in zip(names, values, map(look_of, names), strict=True)
    ]
    top = max(value for rates in values for value in rates if value is not None)
    return figure(node_layout(series, frame, top), traces)


def look_of(name: str) -> tuple[str, str]:
    """Colour and line of a way."""
    return LOOKS[name in {"network_sent", "disk_written"}]
