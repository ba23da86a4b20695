"""How well one's own jobs, or those of one's group, used what they reserved; what they drew, and what is usual here."""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html

from aggregator.queries.equivalents import equivalents
from dash_app.auth import current_viewer
from dash_app.components.attributes import aria
from dash_app.components.charts import card
from dash_app.components.own_parts import compared, equivalents_part, own_tiles, parts_table, weeks_part
from dash_app.components.states import empty, waiting
from dash_app.context import PageContext
from dash_app.language import _, marked
from dash_app.ports import PageQueries
from dash_app.urls import query_values
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import Viewer

NAME: Final = marked("Me and my group")
PATHS: Final = ("/me",)
PLACE: Final = "user"
MYSELF: Final = "(me)"
"""Value of the choice that stands for one's own jobs; others are names of accounts, and none can be called so."""

ACCOUNTS_MS: Final = 90 * DAY_MS
"""Who sees all is offered the accounts with energy in this time [ms]."""

_GROUPS: Final = {"names": marked("Job name"), "accounts": marked("Account"), "partitions": marked("Partition")}


def layout(context: PageContext) -> html.Div:
    """The frame with the choice of whose jobs; its parts follow as soon as they are read."""
    names = accounts_of(context.viewer, context.queries, context.now_ms)
    chosen = query_values(context.search).get("of", MYSELF)
    start = chosen if chosen in names else MYSELF if context.viewer.user or not names else names[0]
    return html.Div(
        [
            dcc.Store(id="me-address"),
            html.Div(
                [
                    html.H1(_("Me and my group") if names else _("My use")),
                    html.Span(_("the last four weeks"), className="mw-count"),
                    _whose(names, start, context.viewer),
                ],
                className="mw-title-row",
            ),
            html.Div([waiting(96), waiting(200), waiting(320)], id="me-sums", className="mw-stack"),
            card(_("Energy by"), html.Div(waiting(260), id="me-parts"), _group_choice()),
            card(_("Compared with what is usual here"), html.Div(waiting(170), id="me-usual")),
        ],
        className="mw-stack mw-me",
    )


def register(app: Dash, queries: PageQueries) -> None:
    """Callbacks of the page. The usual comes on its own: it is looked up among everybody's jobs."""

    @app.callback(Output("me-sums", "children"), Input("me-of", "value"))
    def sums(of: str | None) -> Any:
        viewer = current_viewer()
        whose = scope(viewer, of)
        if whose is None:
            return _not_yours()
        status, use = queries.status(viewer), queries.own_use(whose)
        if not any(use.weeks):
            return html.Div(empty(_("No job started in the last weeks"), _("Figures appear with the first of them.")))
        as_much = equivalents_part(equivalents(use.recent.energy_j, use.recent.co2_g))
        return [
            own_tiles(use.recent, status.currency),
            card(_("As much as"), as_much),
            card(_("Efficiency by week, weighted by energy"), weeks_part(use, status.timezone)),
        ]

    @app.callback(Output("me-parts", "children"), Input("me-of", "value"), Input("me-group", "value"))
    def parts(of: str | None, group: str | None) -> Any:
        whose = scope(current_viewer(), of)
        chosen = group if group in _GROUPS else "names"
        return parts_table(getattr(queries.own_use(whose), chosen), _(_GROUPS[chosen])) if whose else None

    @app.callback(Output("me-usual", "children"), Input("me-of", "value"))
    def usual(of: str | None) -> Any:
        viewer = current_viewer()
        whose = scope(viewer, of)
        return compared(queries.own_use(whose).recent, queries.usual_use(viewer)) if whose else None

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
        ClientsideFunction("me", "choose"),
        Output("me-address", "data"),
        Input("me-of", "value"),
        prevent_initial_call=True,
    )


def scope(viewer: Viewer, of: str | None) -> Viewer | None:
    """Who sees just the jobs that are asked for: one's own, or those of an account; None where they may not be seen."""
    return viewer.of_account(of) if of and of != MYSELF else viewer.alone


def accounts_of(viewer: Viewer, queries: PageQueries, until_ms: int) -> list[str]:
    """The accounts that a viewer may look at as a whole."""
    if not viewer.sees_all:
        return sorted(viewer.accounts)
    rows = queries.energy_by(viewer, "account", until_ms - ACCOUNTS_MS, until_ms)
    return sorted(row.name for row in rows if row.name and row.jobs)


def _whose(names: list[str], start: str, viewer: Viewer) -> html.Div:
    """The choice; there but hidden for who may only see their own."""
    own = [{"value": MYSELF, "label": _("My own jobs")}] if viewer.user or not names else []
    select = dmc.Select(
        id="me-of",
        data=[*own, *({"value": name, "label": _("Account {name}", name=name)} for name in names)],
        value=start,
        allowDeselect=False,
        searchable=len(names) > 8,
        size="sm",
        **aria(label=_("Whose jobs")),
    )
    return html.Div(select, hidden=not names, className="mw-me-whose")


def _group_choice() -> dmc.SegmentedControl:
    data = [{"value": key, "label": _(label)} for key, label in _GROUPS.items()]
    return dmc.SegmentedControl(id="me-group", value="names", data=data, size="xs", **aria(label=_("Group by")))


def _not_yours() -> html.Div:
    return html.Div(empty(_("Not yours to see"), _("Only who coordinates an account sees its jobs as a whole.")))
