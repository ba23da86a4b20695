"""All nodes of a large job at once: the picture of nodes over time, and their statistics."""

from typing import Final

import dash_mantine_components as dmc
from dash import html

from aggregator.queries.job_models import JobWindows
from dash_app.components.attributes import aria
from dash_app.components.charts import card, chart
from dash_app.components.job_statistics import statistics_card, statistics_of_windows
from dash_app.figures.node_heat import MAX_ROWS, heat_figure
from dash_app.figures.timeline import clock_at
from dash_app.language import _, marked
from dash_app.text import format_age

METRICS: Final = {"power": marked("Power"), "cpu": marked("CPU"), "memory": marked("Memory")}


def metric_choice() -> dmc.SegmentedControl:
    """What the picture shows."""
    return dmc.SegmentedControl(
        id="job-metric",
        data=[{"value": name, "label": _(label)} for name, label in METRICS.items()],
        value="power",
        size="sm",
        **aria(label=_("What the picture shows")),
    )


def overview(windows: JobWindows | None, metric: str, zone: str) -> html.Div:
    """Picture and statistics; says so where nothing is booked."""
    if windows is None:
        return html.Div(html.P(_("Nothing is booked for its nodes yet."), className="mw-note"), className="mw-card")
    name = metric if metric in METRICS else "power"
    step = format_age(windows.step_ms / 1000)
    shared = _(" Some nodes share a row.") if len(windows.nodes) > MAX_ROWS else ""
    clock = clock_at(windows.start_ms[-1], zone).label
    note = _("Steps of {step}, times are {zone}.", step=step, zone=clock) + shared
    label = _("{metric} of each node over time; the statistics below hold the figures", metric=_(METRICS[name]))
    picture = card(
        _("{metric}, node by node", metric=_(METRICS[name])),
        chart(heat_figure(windows, name, zone), label, live="picture"),
        html.Span(note, className="mw-note"),
    )
    table = statistics_card(statistics_of_windows(windows), _("of means of {step}", step=step), len(windows.nodes))
    return html.Div([picture, table], className="mw-stack")
