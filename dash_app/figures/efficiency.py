"""Efficiency over time: a point for each week, gaps where nothing is known."""

from collections.abc import Mapping, Sequence

from dash_app.figures.plain import Figure, figure, line
from dash_app.figures.theme import BLUE, GREEN, VERMILION, axis, base_layout, time_axis
from dash_app.figures.timeline import clock_at
from dash_app.language import _, marked

LINES = (
    ("cpu_efficiency", marked("CPU"), BLUE, "circle", "solid"),
    ("memory_efficiency", marked("Memory"), GREEN, "square", "dash"),
    ("waste_share", marked("Waste"), VERMILION, "diamond", "dot"),
)
"""Field of a use, its name, and how its line looks; colour, mark and dashes each tell them apart."""


def efficiency_figure(
    week_ms: Sequence[int], values: Mapping[str, Sequence[float | None]], zone: str, height_px: int = 260
) -> Figure:
    """Shares 0..1 in percent by week.

    Args:
        week_ms: starts of the weeks [epoch ms UTC].
        values: by field of LINES, as long as `week_ms`.
        zone: the site's time zone.
    """
    top = max((value for line in values.values() for value in line if value is not None), default=0.0)
    scale = axis(ticksuffix=" %", range=[0, max(100.0, 105 * top)])
    layout = base_layout(height_px, xaxis=time_axis(hoverformat="%d %b", nticks=6), yaxis=scale)
    xs = [clock_at(start, zone).shift(start) for start in week_ms]
    return figure(
        layout,
        [
            line(
                x=xs,
                y=[None if value is None else round(100 * value, 1) for value in values[field]],
                name=_(label),
                mode="lines+markers",
                connectgaps=False,
                line={"color": colour, "width": 2, "dash": dash},
                marker={"symbol": symbol, "size": 8, "color": colour},
                hovertemplate=f"%{{y:.0f}} %<extra>{_(label)}</extra>",
            )
            for field, label, colour, symbol, dash in LINES
        ],
    )
