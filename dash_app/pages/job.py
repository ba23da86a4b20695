"""One job: what it used of what it reserved, its energy, and how it went on each of its nodes."""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update

from aggregator.queries.models import JobDetail, NodeSeries
from dash_app.auth import current_viewer
from dash_app.components.attributes import aria
from dash_app.components.job_head import job_head
from dash_app.components.node_charts import NODES_PER_PAGE, node_charts
from dash_app.components.states import empty, waiting
from dash_app.context import PageContext
from dash_app.language import marked
from dash_app.ports import PageQueries
from dash_app.urls import job_key, link
from maxwatt.domain.clock import now_ms
from maxwatt.domain.jobs import ACTIVE_STATES

NAME: Final = marked("Job")
PATHS: Final = ("/job/",)
PLACE: Final = "/jobs"
REFRESH_MS: Final = 20_000
MAX_POINTS: Final = 300
"""Intervals a node over the width of a chart: about one for two pixels."""


def layout(context: PageContext) -> html.Div:
    """The job of the address: its head at once, its charts as soon as they are read."""
    key = job_key(context.pathname, context.search)
    detail = queries_job(context, key) if key else None
    if key is None or detail is None:
        return _no_job(context.pathname, key)
    head = job_head(detail, context.queries.job_attempts(context.viewer, key[0]), context.status, context.now_ms)
    return html.Div(
        [
            dcc.Store(id="job-key", data={"job_id": key[0], "start_ms": detail.row.start_ms}),
            dcc.Interval(id="job-refresh", interval=REFRESH_MS, disabled=not _active(detail)),
            dcc.Link("All jobs", href=link("/jobs"), className="mw-back"),
            html.Div(head, id="job-head"),
            html.Div(
                [html.H2("Over time", className="mw-section-title"), _node_choice(detail)], className="mw-section-head"
            ),
            html.Div(waiting(640), id="job-charts", className="mw-charts"),
        ]
    )


def queries_job(context: PageContext, key: tuple[int, int | None]) -> JobDetail | None:
    """The job of an address, if this viewer may see it."""
    return context.queries.job(context.viewer, key[0], key[1])


def register(app: Dash, queries: PageQueries) -> None:
    """Callbacks of the job page."""

    @app.callback(
        Output("job-charts", "children"),
        Input("job-key", "data"),
        Input("job-nodes", "value"),
        Input("job-node", "value"),
        Input("job-refresh", "n_intervals"),
    )
    def charts(key: dict[str, int] | None, page: int | None, node: str | None, _ticks: int | None) -> Any:
        if not key:
            return no_update
        viewer = current_viewer()
        series = queries.job_series(viewer, key["job_id"], key["start_ms"], MAX_POINTS)
        return node_charts(shown_nodes(series, page, node), queries.status(viewer).timezone, len(series))

    @app.callback(
        Output("job-head", "children"),
        Output("job-refresh", "disabled"),
        Input("job-refresh", "n_intervals"),
        State("job-key", "data"),
        prevent_initial_call=True,
    )
    def refresh(_ticks: int, key: dict[str, int] | None) -> tuple[Any, Any]:
        viewer = current_viewer()
        detail = queries.job(viewer, key["job_id"], key["start_ms"]) if key else None
        if detail is None:
            return no_update, True
        attempts = queries.job_attempts(viewer, detail.row.job_id)
        return job_head(detail, attempts, queries.status(viewer), now_ms()), not _active(detail)


def shown_nodes(series: tuple[NodeSeries, ...], page: int | None, node: str | None) -> tuple[NodeSeries, ...]:
    """The nodes to draw: the one chosen, else one page of them (pages count from 1)."""
    if node:
        return tuple(one for one in series if one.node == node)
    first = (max(page or 1, 1) - 1) * NODES_PER_PAGE
    return series[first : first + NODES_PER_PAGE]


def _node_choice(detail: JobDetail) -> html.Div:
    """Choice of one node and of a page of nodes; there but hidden where the job has a single node."""
    names = [node.node for node in detail.nodes]
    pages = -(-len(names) // NODES_PER_PAGE) or 1
    return html.Div(
        [
            dmc.Select(
                id="job-node",
                data=names,
                placeholder=f"All {len(names)} nodes",
                clearable=True,
                searchable=True,
                size="sm",
                limit=50,
                nothingFoundMessage="No such node",
                **aria(label="Show one node"),
            ),
            dmc.Pagination(id="job-nodes", total=pages, value=1, size="sm", hideWithOnePage=True),
        ],
        className="mw-node-choice",
        hidden=len(names) < 2,
    )


def _active(detail: JobDetail) -> bool:
    return detail.row.end_ms is None and detail.row.state in ACTIVE_STATES


def _no_job(pathname: str, key: tuple[int, int | None] | None) -> html.Div:
    way = dcc.Link("To the jobs", href=link("/jobs"), className="mw-button")
    if key is None:
        text = f"“{pathname.removeprefix('/job/')[:60]}” is no job number."
        return empty("There is no such job", text, way)
    text = (
        "It never started, it is older than what is kept, Slurm's records have not been read yet, or it is not yours."
    )
    return empty(f"Job {key[0]} is not known here", text, way)
