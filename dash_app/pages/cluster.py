"""The whole cluster, for who sees all: power now and over time, its nodes, the grid, who used and wasted most."""

from collections.abc import Mapping
from typing import Any, Final, cast, get_args

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, dcc, html, no_update

from aggregator.queries.cluster_models import Split
from dash_app.auth import current_viewer
from dash_app.components.attributes import aria
from dash_app.components.charts import card
from dash_app.components.cluster_parts import (
    booked_note,
    components_bar,
    kinds_bar,
    largest_waste,
    latest,
    now_tiles,
    quality_part,
    top_users,
)
from dash_app.components.energy_parts import nothing_booked, power_chart
from dash_app.components.node_map import COLOURINGS, Colouring, map_data, map_legend, node_table
from dash_app.components.node_panel import node_panel
from dash_app.components.outlook_parts import outlook_part
from dash_app.components.states import empty, waiting
from dash_app.context import PageContext
from dash_app.errors import in_each_place
from dash_app.language import _, marked
from dash_app.ports import PageQueries
from dash_app.urls import DEFAULT_RANGE, PRESETS, TimeRange, query_values, time_range
from maxwatt.config import Settings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import Viewer

NAME: Final = marked("Cluster")
PATHS: Final = ("/cluster",)
MAX_POINTS: Final = 240
FAST_MS: Final = 15_000
SLOW_MS: Final = 120_000
TABLE: Final = "table"

_RANGES: Final = (("24h", marked("24 h")), ("7d", marked("7 days")), ("30d", marked("30 days")))
_SPLITS: Final[dict[Split, str]] = {
    "kind": marked("Use"),
    "component": marked("Component"),
    "partition": marked("Partition"),
    "account": marked("Account"),
    "user": marked("User"),
}


def shown_to(viewer: Viewer, _settings: Settings) -> bool:
    """It names everybody's jobs."""
    return viewer.sees_all


def layout(context: PageContext) -> html.Div:
    """The frame; every part follows as soon as it is read."""
    if not context.viewer.sees_all:
        return html.Div(
            empty(
                _("Not for everybody"),
                _("This page names other people's jobs: it is shown to administrators."),
                level=1,
            )
        )
    values = query_values(context.search)
    return html.Div(
        [
            dcc.Store(id="cluster-address"),
            dcc.Store(id="cluster-cells"),
            dcc.Store(id="cluster-drawn"),
            dcc.Store(id="cluster-node", data={"name": values.get("node", "")}),
            dcc.Interval(id="cluster-fast", interval=FAST_MS),
            dcc.Interval(id="cluster-slow", interval=SLOW_MS),
            html.Div([html.H1(_("Cluster")), _range(values.get("range"))], className="mw-title-row mw-spread"),
            html.Div([waiting(96), waiting(150)], id="cluster-now", className="mw-stack"),
            card(_("Power over time"), html.Div(waiting(400), id="cluster-power"), _split(values.get("by"))),
            card(_("Nodes"), _nodes(), _colouring(values.get("nodes"))),
            card(_("Carbon intensity of the grid"), html.Div(waiting(270), id="cluster-outlook")),
            html.Div(
                [
                    card(_("Top users"), html.Div(waiting(240), id="cluster-users")),
                    card(_("Largest waste"), html.Div(waiting(240), id="cluster-waste")),
                ],
                className="mw-two",
            ),
            card(_("Data quality"), html.Div(waiting(110), id="cluster-quality")),
            dmc.Drawer(id="cluster-drawer", position="right", size="min(560px, 100vw)", title="", opened=False,
                       closeButtonProps=aria(label=_("Close"))),
        ],
        className="mw-stack mw-cluster",
    )  # fmt: skip


def register(app: Dash, queries: PageQueries) -> None:
    """Callbacks of the page: what moves fast, what moves slowly, one node."""
    _register_fast(app, queries)
    _register_slow(app, queries)
    _register_node(app, queries)


def _register_fast(app: Dash, queries: PageQueries) -> None:
    @app.callback(Output("cluster-now", "children"), Input("cluster-fast", "n_intervals"))
    def power_now(_ticks: int | None) -> Any:
        viewer, until_ms = current_viewer(), now_ms()
        now = queries.cluster_now(viewer)
        if now is None:
            return no_update
        day = queries.energy_summary(viewer, until_ms - DAY_MS, until_ms)
        series = queries.energy_series(viewer, until_ms - 3 * BUCKET_MS, until_ms, 4, "kind")
        newest, status = latest(series), queries.status(viewer)
        note = html.Span(booked_note(newest[0], status), className="mw-note") if newest else None
        kinds = kinds_bar(newest[1]) if newest else nothing_booked(status)
        bars = [card(_("By component, now"), components_bar(now.by_component_w)), card(_("By use"), kinds, note)]
        return [now_tiles(now, queries.outlook(viewer), day), html.Div(bars, className="mw-two")]

    @app.callback(
        Output("cluster-cells", "data"),
        Output("cluster-legend", "children"),
        Output("cluster-table", "children"),
        Input("cluster-colouring", "value"),
        Input("cluster-fast", "n_intervals"),
    )
    def nodes(choice: str | None, _ticks: int | None) -> tuple[Any, Any, Any]:
        now = queries.cluster_now(current_viewer())
        if now is None:
            return no_update, no_update, no_update
        if not now.nodes:
            return None, None, empty(_("No node is known yet"), _("Nodes appear with Slurm's answer or their samples."))
        if choice == TABLE:
            return None, None, node_table(now)
        colouring: Colouring = choice if choice in COLOURINGS else "power"
        return map_data(now, colouring), map_legend(now, colouring), None


def _register_slow(app: Dash, queries: PageQueries) -> None:
    @app.callback(
        Output("cluster-power", "children"),
        Input("cluster-range", "value"),
        Input("cluster-split", "value"),
        Input("cluster-slow", "n_intervals"),
    )
    def power(name: str | None, split: str | None, _ticks: int | None) -> Any:
        viewer, chosen = current_viewer(), chosen_range(name)
        if not viewer.sees_all:
            return no_update
        series = queries.energy_series(viewer, chosen.since_ms, chosen.until_ms, MAX_POINTS, split_of(split))
        status = queries.status(viewer)
        if latest(series) is None:
            return nothing_booked(status)
        return power_chart(series, status.timezone, split_of(split))

    @app.callback(
        Output("cluster-users", "children"),
        Output("cluster-waste", "children"),
        Input("cluster-range", "value"),
        Input("cluster-slow", "n_intervals"),
        on_error=in_each_place,
    )
    def users(name: str | None, _ticks: int | None) -> tuple[Any, Any]:
        viewer, chosen = current_viewer(), chosen_range(name)
        if not viewer.sees_all:
            return no_update, no_update
        rows = queries.energy_by(viewer, "user", chosen.since_ms, chosen.until_ms)
        return top_users(rows, queries.status(viewer).currency), largest_waste(rows)

    @app.callback(Output("cluster-outlook", "children"), Input("cluster-slow", "n_intervals"))
    def grid(_ticks: int | None) -> Any:
        viewer = current_viewer()
        if not viewer.sees_all:
            return no_update
        return outlook_part(queries.outlook(viewer), now_ms(), queries.timezone)

    @app.callback(Output("cluster-quality", "children"), Input("cluster-slow", "n_intervals"))
    def quality(_ticks: int | None) -> Any:
        viewer, until_ms = current_viewer(), now_ms()
        now = queries.cluster_now(viewer)
        if now is None:
            return no_update
        return quality_part(queries.health(viewer), now, queries.energy_summary(viewer, until_ms - DAY_MS, until_ms))


def _register_node(app: Dash, queries: PageQueries) -> None:
    @app.callback(
        Output("cluster-drawer", "children"),
        Output("cluster-drawer", "title"),
        Output("cluster-drawer", "opened"),
        Input("cluster-node", "data"),
    )
    def node(chosen: dict[str, str] | None) -> tuple[Any, Any, Any]:
        name = (chosen or {}).get("name")
        if not name:
            return no_update, no_update, no_update
        viewer = current_viewer()
        detail = queries.node(viewer, name)
        return node_panel(detail, now_ms(), queries.timezone), name[:80], True

    for function, output, inputs in (
        ("draw", Output("cluster-drawn", "data"), [Input("cluster-cells", "data")]),
        (
            "choose",
            Output("cluster-address", "data"),
            [
                Input("cluster-range", "value"),
                Input("cluster-split", "value"),
                Input("cluster-colouring", "value"),
                Input("cluster-drawer", "opened"),
                Input("cluster-drawer", "title"),
            ],
        ),
    ):
        app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
            ClientsideFunction("cluster", function), output, *inputs, prevent_initial_call=True
        )


def chosen_range(name: str | None) -> TimeRange:
    """The window of a preset's name, the default's where it is none."""
    return time_range(name or DEFAULT_RANGE, None, None, now_ms(), "UTC")


def split_of(value: str | None) -> Split:
    """The split that a choice or an address names; by use when it names none."""
    return cast("Split", value) if value in get_args(Split) else "kind"


def _range(value: str | None) -> dmc.SegmentedControl:
    chosen = value if value is not None and value in PRESETS else DEFAULT_RANGE
    return _switch("cluster-range", chosen, dict(_RANGES), _("Time range"), "sm")


def _split(value: str | None) -> dmc.SegmentedControl:
    return _switch("cluster-split", split_of(value), _SPLITS, _("Split by"))


def _colouring(value: str | None) -> dmc.SegmentedControl:
    choices = dict[str, str](**COLOURINGS, table=marked("Table"))
    return _switch(
        "cluster-colouring", value if value is not None and value in choices else "power", choices, _("Colour by")
    )


def _switch(
    switch_id: str, value: str, choices: Mapping[Any, str], label: str, size: str = "xs"
) -> dmc.SegmentedControl:
    data = [{"value": key, "label": _(words)} for key, words in choices.items()]
    return dmc.SegmentedControl(id=switch_id, value=value, data=data, size=size, **aria(label=label))


def _nodes() -> list[Any]:
    hint = _("Arrow keys move between nodes, Enter opens one.")
    return [
        html.Div(id="cluster-legend", className="mw-node-legend"),
        html.Div(id="cluster-map", className="mw-node-map", role="group", **aria(label=_("Nodes") + ". " + hint)),
        html.Div(id="cluster-table"),
    ]
