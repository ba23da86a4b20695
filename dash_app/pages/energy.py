"""The cluster's energy over a time: sums, who it went to, and mean power as it went."""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from aggregator.queries.energy_models import Grouping
from dash_app.auth import current_viewer
from dash_app.components.attributes import aria
from dash_app.components.charts import card
from dash_app.components.energy_parts import (
    accounts_bar,
    nothing_booked,
    power_chart,
    ranking,
    summary_tiles,
)
from dash_app.components.states import waiting
from dash_app.context import PageContext
from dash_app.language import _, marked
from dash_app.ports import PageQueries
from dash_app.urls import CUSTOM, TimeRange, query_values, time_range
from maxwatt.domain.clock import now_ms
from maxwatt.domain.formatting import local_time

NAME: Final = marked("Energy")
PATHS: Final = ("/energy",)
MAX_POINTS: Final = 360
REFRESH_MS: Final = 120_000
_RANGES: Final = (
    ("24h", marked("24 h")),
    ("7d", marked("7 days")),
    ("30d", marked("30 days")),
    (CUSTOM, marked("Custom")),
)
_GROUPS: Final[dict[Grouping, str]] = {
    "user": marked("Users"),
    "account": marked("Accounts"),
    "partition": marked("Partitions"),
}


def layout(context: PageContext) -> html.Div:
    """The range the address asks for; its figures follow as soon as they are read."""
    values = query_values(context.search)
    chosen = time_range(
        values.get("range"), values.get("since"), values.get("until"), context.now_ms, context.status.timezone
    )
    return html.Div(
        [
            dcc.Store(id="energy-address"),
            dcc.Interval(id="energy-refresh", interval=REFRESH_MS),
            html.Div(
                [html.H1(_("Energy")), _range_choice(chosen, context.status.timezone)],
                className="mw-title-row mw-spread",
            ),
            html.Div([waiting(92), waiting(110), waiting(380)], id="energy-sums", className="mw-stack"),
            card(_("Who used it"), html.Div(waiting(420), id="energy-ranking"), _group_choice(values.get("by"))),
        ],
        className="mw-stack",
    )


def register(app: Dash, queries: PageQueries) -> None:
    """Callbacks of the energy page."""

    @app.callback(
        Output("energy-sums", "children"),
        Input("energy-range", "value"),
        Input("energy-days", "value"),
        Input("energy-refresh", "n_intervals"),
    )
    def sums(name: str, days: list[str | None] | None, _ticks: int | None) -> list[Any]:
        viewer = current_viewer()
        status = queries.status(viewer)
        chosen = chosen_range(name, days, status.timezone)
        summary = queries.energy_summary(viewer, chosen.since_ms, chosen.until_ms)
        if summary.total_j == 0:
            return [html.Div(nothing_booked(status), className="mw-card")]
        series = queries.energy_series(viewer, chosen.since_ms, chosen.until_ms, MAX_POINTS)
        return [
            summary_tiles(summary, status),
            card(_("Where it went"), accounts_bar(summary)),
            card(_("Mean power"), power_chart(series, status.timezone)),
        ]

    @app.callback(
        Output("energy-ranking", "children"),
        Input("energy-group", "value"),
        Input("energy-range", "value"),
        Input("energy-days", "value"),
        Input("energy-refresh", "n_intervals"),
    )
    def who(group: str, name: str, days: list[str | None] | None, _ticks: int | None) -> html.Div:
        viewer = current_viewer()
        status = queries.status(viewer)
        chosen = chosen_range(name, days, status.timezone)
        grouping = group_of(group)
        rows = queries.energy_by(viewer, grouping, chosen.since_ms, chosen.until_ms)
        return ranking(rows, grouping, status.currency)

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
        ClientsideFunction("maxwatt", "chooseEnergy"),
        Output("energy-address", "data"),
        Output("energy-days-frame", "hidden"),
        Input("energy-range", "value"),
        Input("energy-days", "value"),
        Input("energy-group", "value"),
        prevent_initial_call=True,
    )


def chosen_range(name: str, days: list[str | None] | None, zone: str) -> TimeRange:
    """The window that the inputs stand for; half a choice of days is the day chosen."""
    known = [day for day in days or [] if day]
    return time_range(name, known[0] if known else None, known[-1] if known else None, now_ms(), zone)


def group_of(value: str | None) -> Grouping:
    """The grouping a choice or an address names; users when it names none."""
    return value if value in _GROUPS else "user"


def _range_choice(chosen: TimeRange, zone: str) -> html.Div:
    days = [
        local_time(chosen.since_ms, zone).date().isoformat(),
        local_time(chosen.until_ms - 1, zone).date().isoformat(),
    ]
    custom = chosen.name == CUSTOM
    return html.Div(
        [
            html.Div(
                dmc.DatePickerInput(
                    id="energy-days",
                    type="range",
                    value=days,
                    valueFormat="D MMM YYYY",
                    allowSingleDateInRange=True,
                    size="sm",
                    **aria(label=_("First and last day")),
                ),
                id="energy-days-frame",
                hidden=not custom,
            ),
            dmc.SegmentedControl(
                id="energy-range",
                value=chosen.name,
                data=[{"value": value, "label": _(label)} for value, label in _RANGES],
                size="sm",
                **aria(label=_("Time range")),
            ),
        ],
        className="mw-range",
    )


def _group_choice(value: str | None) -> dmc.SegmentedControl:
    return dmc.SegmentedControl(
        id="energy-group",
        value=group_of(value),
        data=[{"value": key, "label": _(label)} for key, label in _GROUPS.items()],
        size="xs",
        **aria(label=_("Group by")),
    )
