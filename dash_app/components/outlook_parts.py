"""The grid's carbon intensity on a page: its chart, and the cleanest hours in words."""

from collections.abc import Sequence
from typing import Any, Final

from dash import html

from aggregator.queries.cluster_models import IntensityHour, Outlook
from dash_app.components.charts import chart, legend
from dash_app.components.tables import behind_chart
from dash_app.figures.outlook import outlook_figure
from dash_app.figures.stack import Layer
from dash_app.figures.theme import BLUE, GREEN
from dash_app.language import _, marked
from dash_app.text import format_moment, format_number
from maxwatt.domain.formatting import local_time

STATES: Final = {
    "measured": marked("measured"),
    "estimated": marked("estimated"),
    "forecast": marked("forecast"),
    "fallback": marked("carried on"),
    "static": marked("yearly figure"),
}

_LAYERS: Final = (
    Layer("told", marked("told"), BLUE, 0.85),
    Layer("forecast", marked("forecast"), BLUE, 0.4),
    Layer("clean", marked("cleanest hours ahead"), GREEN, 0.8, pattern="/"),
)


def outlook_part(outlook: Outlook, now_ms: int, zone: str) -> html.Div:
    """Chart, cleanest hours and table; a sentence where only a yearly figure is known."""
    if not outlook.hours:
        text = _("The site uses a yearly figure, {origin}: it says nothing about hours.", origin=outlook.origin)
        return html.Div(html.P(text if outlook.now else _("No figure is known."), className="mw-note"))
    rows = [
        [format_moment(hour.start_ms, zone), format_number(hour.g_per_kwh), _(STATES.get(hour.state, hour.state)),
         _("yes") if hour.cleanest else ""]
        for hour in outlook.hours
    ]  # fmt: skip
    head = [_("From"), "g/kWh", _("How known"), _("Cleanest")]
    figures = behind_chart(head, rows, _("carbon intensity by the hour"))
    label = _("Carbon intensity of the last day and of the hours that are forecast")
    return html.Div(
        [
            html.Div([legend(_LAYERS), _advice(outlook.hours, zone)], className="mw-charts-head"),
            chart(outlook_figure(outlook.hours, now_ms, zone), label, figures),
        ]
    )


def intensity_note(outlook: Outlook) -> str:
    """How the present figure is known, and who says so."""
    if outlook.now is None:
        return outlook.origin
    return f"{_(STATES.get(outlook.now.state, outlook.now.state))}: {outlook.origin}"


def spans(hours: Sequence[IntensityHour]) -> list[tuple[int, int]]:
    """Start and end [epoch ms UTC] of each run of cleanest hours."""
    found: list[tuple[int, int]] = []
    for hour in (one for one in hours if one.cleanest):
        if found and found[-1][1] == hour.start_ms:
            found[-1] = (found[-1][0], hour.end_ms)
        else:
            found.append((hour.start_ms, hour.end_ms))
    return found


def _advice(hours: Sequence[IntensityHour], zone: str) -> Any:
    runs = spans(hours)
    if not runs:
        return html.Span(_("Nothing is forecast for the hours ahead, or they are all alike."), className="mw-note")
    words = [f"{format_moment(start, zone)} – {local_time(end, zone):%H:%M}" for start, end in runs]
    return html.Span(_("Cleanest: {hours}", hours=", ".join(words)), className="mw-note")
