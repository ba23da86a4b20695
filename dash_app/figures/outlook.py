"""The grid's intensity by the hour: bars, the cleanest of the hours ahead in another colour, forecasts paler."""

from collections.abc import Sequence
from typing import Any

from aggregator.queries.cluster_models import IntensityHour
from dash_app.figures.plain import Figure, bars, figure
from dash_app.figures.theme import BLUE, GREEN, GREY, axis, base_layout, rgba, time_axis
from dash_app.figures.timeline import clock_at
from dash_app.language import _
from dash_app.text import plotly_day


def outlook_figure(hours: Sequence[IntensityHour], now_ms: int, zone: str, height_px: int = 220) -> Figure:
    """Intensity of each hour [g/kWh] with a line at the present.

    Args:
        hours: in order.
        now_ms: epoch ms UTC.
        zone: the site's time zone.
    """
    shift = clock_at(now_ms, zone).shift
    now = shift(now_ms)
    layout = base_layout(
        height_px,
        bargap=0.12,
        hovermode="x",
        margin={"l": 8, "r": 8, "t": 20, "b": 8},
        xaxis=time_axis(hoverformat=f"%a {plotly_day()}, %H:%M"),
        yaxis=axis(title={"text": "g/kWh", "standoff": 8}),
        shapes=[_now_line(now)],
        annotations=[_now_word(now)],
    )
    trace = bars(
        x=[shift((hour.start_ms + hour.end_ms) // 2) for hour in hours],
        y=[round(hour.g_per_kwh, 1) for hour in hours],
        width=[hour.end_ms - hour.start_ms - 300_000 for hour in hours],
        marker={
            "color": [rgba(*bar_colour(hour)) for hour in hours],
            "pattern": {"shape": ["/" if hour.cleanest else "" for hour in hours], "fgcolor": GREEN, "size": 6},
        },
        customdata=[hour.state for hour in hours],
        hovertemplate="%{y:.0f} g/kWh · %{customdata}<extra></extra>",
    )
    return figure(layout, [trace])


def _now_line(x: int) -> dict[str, Any]:
    line = {"color": GREY, "width": 1.5, "dash": "dash"}
    return {"type": "line", "xref": "x", "x0": x, "x1": x, "yref": "y domain", "y0": 0, "y1": 1, "line": line}


def _now_word(x: int) -> dict[str, Any]:
    place = {"x": x, "y": 1, "yref": "paper", "yanchor": "bottom"}
    return {**place, "text": _("now"), "showarrow": False, "font": {"size": 11}}


def bar_colour(hour: IntensityHour) -> tuple[str, float]:
    """Colour and opacity of an hour's bar."""
    if hour.cleanest:
        return GREEN, 0.8
    return (BLUE, 0.4) if hour.state == "forecast" else (BLUE, 0.85)
