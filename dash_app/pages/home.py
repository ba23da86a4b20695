"""My jobs: what runs now, this week and this month, each day, and what wasted most; for admins also everybody's."""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from aggregator.queries.home_models import Overview
from aggregator.queries.models import Status
from dash_app.auth import current_viewer
from dash_app.components.attributes import aria
from dash_app.components.charts import card
from dash_app.components.home_running import running_count, running_list
from dash_app.components.home_sums import compared_table, first_visit, trend, wasteful
from dash_app.components.home_waiting import waiting_card
from dash_app.components.states import waiting
from dash_app.context import PageContext
from dash_app.job_view import view_path
from dash_app.language import _, marked
from dash_app.ports import PageQueries
from dash_app.urls import query_values
from maxwatt.domain.clock import now_ms
from maxwatt.domain.viewer import Viewer

NAME: Final = marked("My jobs")
PATHS: Final = ("/",)
LIVE_REFRESH_MS: Final = 20_000
SUMS_REFRESH_MS: Final = 120_000
SHOWN: Final = 12
"""Running jobs that are shown; the others are linked."""

EVERYBODY: Final = "everybody"
MINE: Final = "mine"


def layout(context: PageContext) -> html.Div:
    """Frames as high as what will stand in them; their content follows as soon as it is read."""
    everybody = of_everybody(context.viewer, query_values(context.search).get("of"))
    return html.Div(
        [
            dcc.Interval(id="home-live", interval=LIVE_REFRESH_MS),
            dcc.Interval(id="home-slow", interval=SUMS_REFRESH_MS),
            dcc.Store(id="home-address"),
            html.Div(
                [html.H1(_("Jobs of everybody") if everybody else _("My jobs"), id="home-title"),
                 _scope_choice(context.viewer, everybody)],
                className="mw-title-row mw-spread",
            ),
            card(
                _("Running now"),
                html.Div(waiting(150), id="home-running"),
                html.Span(id="home-running-count", className="mw-note"),
            ),
            html.Div(id="home-waiting"),
            html.Div([waiting(230), waiting(280)], id="home-sums", className="mw-stack"),
        ],
        className="mw-stack mw-home",
    )  # fmt: skip


def register(app: Dash, queries: PageQueries) -> None:
    """Callbacks of the page."""

    @app.callback(
        Output("home-running", "children"),
        Output("home-running-count", "children"),
        Output("home-waiting", "children"),
        Input("home-live", "n_intervals"),
        Input("home-scope", "value"),
    )
    def running(_ticks: int | None, scope: str | None) -> tuple[Any, str, Any]:
        viewer = current_viewer()
        everybody = of_everybody(viewer, scope)
        found = queries.running_jobs(viewer, everybody, SHOWN)
        shown = running_list(found, "" if everybody else viewer.user, now_ms(), named=everybody)
        pending = queries.waiting_jobs(viewer, everybody, SHOWN)
        return shown, running_count(found), waiting_card(pending, now_ms(), named=everybody)

    @app.callback(
        Output("home-sums", "children"),
        Output("home-title", "children"),
        Input("home-slow", "n_intervals"),
        Input("home-scope", "value"),
    )
    def sums(_ticks: int | None, scope: str | None) -> tuple[list[Any], str]:
        viewer = current_viewer()
        everybody = of_everybody(viewer, scope)
        found = queries.overview(viewer, everybody)
        user = "" if everybody else viewer.user
        return _sections(found, queries.status(viewer), user), _("Jobs of everybody") if everybody else _("My jobs")

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
        ClientsideFunction("maxwattHome", "chooseScope"),
        Output("home-address", "data"),
        Input("home-scope", "value"),
        prevent_initial_call=True,
    )


def of_everybody(viewer: Viewer, scope: str | None) -> bool:
    """Whether everybody's jobs are meant: where that is asked for, and for an administrator without a user's name."""
    return viewer.sees_all and (scope == EVERYBODY or not viewer.user)


def _sections(found: Overview, status: Status, user: str) -> list[Any]:
    if not found.has_jobs:
        return [html.Div(first_visit(user, status.cluster), className="mw-card")]
    week = card(_("This week"), compared_table(found.week, _("At this point last week"), status.currency))
    month = card(_("This month"), compared_table(found.month, _("At this point last month"), status.currency))
    table = dcc.Link(_("All jobs"), href=view_path({"user": user}))
    return [
        html.Div([week, month], className="mw-two"),
        html.Div(
            [
                card(_("Last 30 days"), trend(found, status.timezone), table),
                card(_("What wasted most"), wasteful(found.wasteful, user)),
            ],
            className="mw-two",
        ),
    ]


def _scope_choice(viewer: Viewer, everybody: bool) -> html.Div:
    """Mine or everybody's, where there is a choice."""
    control = dmc.SegmentedControl(
        id="home-scope",
        value=EVERYBODY if everybody else MINE,
        data=[{"value": MINE, "label": _("Mine")}, {"value": EVERYBODY, "label": _("Everybody's")}],
        size="sm",
        **aria(label=_("Whose jobs")),
    )
    return html.Div(control, hidden=not (viewer.sees_all and viewer.user))
