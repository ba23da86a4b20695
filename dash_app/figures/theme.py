"""How all charts look: colours that colour-blind people can tell apart, on light and on dark ground alike.

Text and grid take their colour from the style sheet, so a chart need not be drawn anew when the scheme changes.
"""

from collections.abc import Mapping
from typing import Any, Final

from dash_app.figures.plain import Layout
from dash_app.language import marked
from dash_app.text import THIN, decimal_mark, plotly_day

BLUE: Final = "#0072b2"
VERMILION: Final = "#d55e00"
GREEN: Final = "#009e73"
PURPLE: Final = "#cc79a7"
GREY: Final = "#606b78"

COMPONENT_COLOURS: Final[Mapping[str, str]] = {"cpu": BLUE, "dram": GREEN, "gpu": VERMILION, "rest": GREY}
COMPONENT_LABELS: Final[Mapping[str, str]] = {
    "cpu": marked("CPU"),
    "dram": marked("Memory"),
    "gpu": marked("GPU"),
    "rest": marked("Rest of node"),
}

ACCOUNT_COLOURS: Final[Mapping[str, str]] = {
    "jobs": BLUE,
    "sessions": PURPLE,
    "system": GREEN,
    "idle": GREY,
    "drained": GREY,
    "down": GREY,
    "powered_off": GREY,
    "booting": GREY,
    "unattributed": VERMILION,
}
ACCOUNT_LABELS: Final[Mapping[str, str]] = {
    "jobs": marked("Jobs"),
    "sessions": marked("Sessions"),
    "system": marked("System"),
    "idle": marked("Idle"),
    "drained": marked("Drained"),
    "down": marked("Down"),
    "powered_off": marked("Powered off"),
    "booting": marked("Booting"),
    "unattributed": marked("Unattributed"),
}
ACCOUNT_PATTERNS: Final[Mapping[str, str]] = {"drained": "/", "down": "x", "powered_off": ".", "booting": "-"}
"""Kinds of idle share a colour; their hatching, named as plotly names it, tells them apart for every eye."""

EVIDENCE_COLOURS: Final[Mapping[str, str]] = {
    "counted": BLUE,
    "integrated": GREEN,
    "interpolated": PURPLE,
    "accounted": GREY,
    "modelled": VERMILION,
}

STATIC_ALPHA: Final = 0.38
"""Static energy has the hue of its component, but paler, under its dynamic energy."""

LIGHT_GROUND: Final = "#ffffff"
DARK_GROUND: Final = "#1c2128"
"""Grounds that the colours are tested against; the style sheet's cards have these colours."""

_HOVER_GROUND: Final = "#20262e"


def rgba(colour: str, alpha: float) -> str:
    """A `#rrggbb` colour with an opacity 0..1, as CSS writes it."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


def base_layout(height_px: int, **more: Any) -> Layout:
    """The layout all charts start from: no frame, no legend (pages draw it as text), calm grid, one hover label."""
    return {
        "height": height_px,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "inherit", "size": 12, "color": GREY},
        "showlegend": False,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": _HOVER_GROUND, "bordercolor": GREY, "font": {"color": "#f1f3f5", "size": 12}},
        "dragmode": "zoom",
        "separators": decimal_mark() + THIN,
        **more,
    }


def power_scale(largest_w: float) -> tuple[float, str]:
    """Divisor and unit for an axis that reaches `largest_w` [W]."""
    return next(((size, unit) for size, unit in ((1e6, "MW"), (1e3, "kW")) if largest_w >= 2 * size), (1.0, "W"))


def axis(**more: Any) -> dict[str, Any]:
    """A value axis: thin grid, no frame, from zero."""
    return {
        "rangemode": "tozero",
        "gridcolor": rgba(GREY, 0.25),
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        "nticks": 5,
        **more,
    }


def time_axis(*, labels: bool = True, **more: Any) -> dict[str, Any]:
    """A time axis: no grid, quiet ticks, with or without the times below it."""
    day = plotly_day()
    return {
        **({"tickformatstops": _time_formats(day)} if labels else {"showticklabels": False}),
        "type": "date",
        "showgrid": False,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": rgba(GREY, 0.5),
        "automargin": True,
        "nticks": 7,
        "hoverformat": f"%a {day}, %H:%M:%S",
        **more,
    }


def _time_formats(day: str) -> list[dict[str, Any]]:
    return [
        {"dtickrange": [None, 59_999], "value": f"%H:%M:%S\n{day}"},
        {"dtickrange": [60_000, 86_399_999], "value": f"%H:%M\n{day}"},
        {"dtickrange": [86_400_000, None], "value": f"{day}\n%Y"},
    ]
