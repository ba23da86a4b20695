"""One job: what it used of what it reserved, its energy, what to change, and how it went on each of its nodes."""

from collections.abc import Sequence
from typing import Any, Final

from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from aggregator.queries.job_models import JobNodes
from aggregator.queries.models import JobHead, Status
from aggregator.queries.series_models import NodeSeries
from dash_app.auth import current_viewer
from dash_app.components.advice import advice_card
from dash_app.components.job_choices import all_nodes, node_choices
from dash_app.components.job_downloads import download_menu
from dash_app.components.job_explained import explained, explained_drawer
from dash_app.components.job_head import WHY, job_head
from dash_app.components.job_overview import overview
from dash_app.components.job_statistics import statistics_card, statistics_of_series
from dash_app.components.job_waiting import no_job, waiting_page
from dash_app.components.live import GRAPH, PART, new_values, part_id
from dash_app.components.node_charts import Choice, node_charts, nodes_per_page, points_of, shown_nodes
from dash_app.components.node_figures import OPENER, TABLE, node_figures
from dash_app.components.session_note import session_slot
from dash_app.components.similar import similar_card
from dash_app.components.states import waiting
from dash_app.context import PageContext
from dash_app.language import _, marked
from dash_app.ports import PageQueries
from dash_app.urls import job_key, link
from maxwatt.domain.clock import now_ms
from maxwatt.domain.jobs import ACTIVE_STATES
from maxwatt.domain.viewer import Viewer

NAME: Final = marked("Job")
PATHS: Final = ("/job/",)
PLACE: Final = "/jobs"
REFRESH_MS: Final = 20_000
WAITING: Final = "job-waiting"
MAX_STEPS: Final = 120
"""Steps of the picture of a large job."""

Key = dict[str, int]
"""`job_id` and `start_ms` of the attempt that the page was opened for, and whether it is `large`: has more nodes than
the charts show at once.
"""


def layout(context: PageContext) -> html.Div:
    """The job of the address: its head at once, the rest as soon as it is read."""
    key = job_key(context.pathname, context.search)
    detail = context.queries.job_head(context.viewer, *key) if key else None
    if detail is None:
        return _not_started(context, key)
    of_job = JobNodes.of(detail.nodes, detail.row.gpu_count)
    return html.Div(
        [
            dcc.Store(id="job-key", data=_key(detail, large=_is_large(of_job))),
            dcc.Interval(id="job-refresh", interval=REFRESH_MS, disabled=not _active(detail)),
            html.Div(
                [
                    dcc.Link(_("All jobs"), href=link("/jobs"), className="mw-back"),
                    download_menu(detail.row.job_id, detail.row.start_ms),
                ],
                className="mw-job-top",
            ),
            session_slot(),
            html.Div(_head(context.queries, context.viewer, detail, context.status, context.now_ms), id="job-head"),
            html.Div(waiting(240), id="job-change", className="mw-two mw-change"),
            html.Div(
                [
                    html.H2(_("Over time"), className="mw-section-title"),
                    node_choices(of_job.names, nodes_per_page(len(of_job.names), of_job.boards)),
                ],
                className="mw-section-head",
            ),
            html.Div(waiting(640), id="job-charts", className="mw-charts"),
            all_nodes(shown=_is_large(of_job)),
            explained_drawer(),
        ]
    )


def register(app: Dash, queries: PageQueries) -> None:
    """Callbacks of the job page."""
    _register_parts(app, queries)
    _register_live(app, queries)
    _register_figures(app, queries)
    _register_why(app, queries)
    _register_waiting(app, queries)


def _register_parts(app: Dash, queries: PageQueries) -> None:
    """What stands below the head, when the page opens or something is chosen."""

    @app.callback(
        Output("job-charts", "children"),
        Output("job-logical-box", "hidden"),
        Input("job-key", "data"),
        Input("job-nodes", "value"),
        Input("job-node", "value"),
        Input("job-logical", "checked"),
    )
    def charts(key: Key | None, page: int | None, node: str | None, logical: bool | None) -> tuple[Any, Any]:
        if not key:
            return no_update, no_update
        return _charts(queries, current_viewer(), key, (page, node, logical is not False))

    @app.callback(Output("job-change", "children"), Input("job-key", "data"))
    def change(key: Key | None) -> Any:
        if not key:
            return no_update
        found = queries.job_change(current_viewer(), key["job_id"], key["start_ms"])
        return [] if found is None else [advice_card(found.advices), similar_card(found.similar)]

    @app.callback(
        Output("job-overview", "children"),
        Input("job-key", "data"),
        Input("job-metric", "value"),
    )
    def all_nodes(key: Key | None, metric: str | None) -> Any:
        return _overview(queries, current_viewer(), key, metric) if key else no_update


def _register_live(app: Dash, queries: PageQueries) -> None:
    """A job that runs is read again, in place."""

    @app.callback(
        Output("job-charts", "children", allow_duplicate=True),
        Output(part_id(ALL), "children"),
        Output(part_id(ALL, GRAPH), "figure"),
        Input("job-refresh", "n_intervals"),
        State("job-key", "data"),
        State("job-nodes", "value"),
        State("job-node", "value"),
        State("job-logical", "checked"),
        State("job-metric", "value"),
        prevent_initial_call=True,
    )
    def live(
        _ticks: int, key: Key | None, page: int | None, node: str | None, logical: bool | None, metric: str | None
    ) -> tuple[Any, list[Any], list[Any]]:
        parts, graphs = ([one["id"]["of"] for one in outputs] for outputs in ctx.outputs_list[1:])
        viewer, same = current_viewer(), ([no_update] * len(parts), [no_update] * len(graphs))
        if not key:
            return no_update, *same
        tree = _charts(queries, viewer, key, (page, node, logical is not False))[0]
        whole = [tree, _overview(queries, viewer, key, metric)]
        texts, figures = new_values(whole, parts, PART), new_values(whole, graphs, GRAPH)
        if texts is None or figures is None:
            return tree, *same
        return no_update, texts, figures

    @app.callback(
        Output("job-head", "children"),
        Output("job-refresh", "disabled"),
        Input("job-refresh", "n_intervals"),
        State("job-key", "data"),
        prevent_initial_call=True,
    )
    def refresh(_ticks: int, key: Key | None) -> tuple[Any, Any]:
        viewer = current_viewer()
        detail = queries.job_head(viewer, key["job_id"], key["start_ms"]) if key else None
        if detail is None:
            return no_update, True
        return _head(queries, viewer, detail, queries.status(viewer), now_ms()), not _active(detail)


def _register_figures(app: Dash, queries: PageQueries) -> None:
    """The table behind the charts of a node: when somebody opens it, and anew while it is open."""

    @app.callback(
        Output(part_id(ALL, TABLE), "children"),
        Input(part_id(ALL, OPENER), "n_clicks"),
        Input("job-refresh", "n_intervals"),
        State("job-key", "data"),
        State("job-nodes", "value"),
        State("job-node", "value"),
        prevent_initial_call=True,
    )
    def figures(
        _clicks: list[int | None], _ticks: int, key: Key | None, page: int | None, node: str | None
    ) -> list[Any]:
        opened = {one["id"]["of"] for one in ctx.inputs_list[0] if (one.get("value") or 0) % 2}
        if isinstance(ctx.triggered_id, dict):
            opened &= {ctx.triggered_id["of"]}
        found = _series(queries, current_viewer(), key, (page, node))[1] if key and opened else ()
        tables = {one.node: node_figures(one, queries.timezone) for one in found if one.node in opened}
        return [tables.get(one["id"]["of"], no_update) for one in ctx.outputs_list]


def _register_why(app: Dash, queries: PageQueries) -> None:
    """How a figure is known, when somebody asks."""

    @app.callback(
        Output("job-why", "opened"),
        Output("job-why-content", "children"),
        Input({"type": WHY, "of": ALL}, "n_clicks"),
        State("job-key", "data"),
        prevent_initial_call=True,
    )
    def explain(clicks: list[int | None], key: Key | None) -> tuple[Any, Any]:
        if not key or not any(clicks) or not ctx.triggered_id:
            return no_update, no_update
        viewer = current_viewer()
        detail = queries.job_head(viewer, key["job_id"], key["start_ms"])
        if detail is None:
            return no_update, no_update
        found = queries.explain(viewer, key["job_id"], key["start_ms"])
        return True, explained(detail, found, queries.status(viewer).currency)


def _register_waiting(app: Dash, queries: PageQueries) -> None:
    """A job that waits is looked at again, until the page is that of a job that runs."""

    @app.callback(
        Output(WAITING, "children"),
        Input("job-look", "n_intervals"),
        State("job-waits", "data"),
        prevent_initial_call=True,
    )
    def look(_ticks: int, job_id: int | None) -> Any:
        viewer = current_viewer()
        page = layout(PageContext(viewer, queries, queries.status(viewer), f"/job/{job_id}", "", now_ms()))
        return page.children if getattr(page, "id", "") == WAITING else page


def _head(queries: PageQueries, viewer: Viewer, detail: JobHead, status: Status, now: int) -> html.Div:
    job_id, start_ms = detail.row.job_id, detail.row.start_ms
    attempts, gpus = queries.job_attempts(viewer, job_id), queries.job_gpus(viewer, job_id, start_ms)
    return job_head(detail, attempts, gpus, status, now)


def _overview(queries: PageQueries, viewer: Viewer, key: Key, metric: str | None) -> html.Div | None:
    """All nodes at once; nothing where the charts show all of them."""
    if not key.get("large"):
        return None
    windows = queries.job_windows(viewer, key["job_id"], key["start_ms"], MAX_STEPS)
    return overview(windows, metric or "", queries.timezone)


def _charts(
    queries: PageQueries, viewer: Viewer, key: Key, chosen: tuple[int | None, str | None, bool]
) -> tuple[Any, bool]:
    """The charts, and whether the switch of logical cores is hidden: it makes no difference, or nobody knows which."""
    page, node, logical = chosen
    of_job, series = _series(queries, viewer, key, (page, node))
    if of_job is None:
        return no_update, True
    intensity = queries.job_intensity(viewer, key["job_id"], key["start_ms"])
    choice = Choice(queries.timezone, len(of_job.names), logical, intensity)
    parts: list[Any] = [node_charts(series, choice)]
    if series and not _is_large(of_job):
        parts.append(statistics_card(statistics_of_series(series), _("of what the charts show"), len(series)))
    return parts, not any(one.threads_per_core > 1 for one in series)


def _series(
    queries: PageQueries, viewer: Viewer, key: Key, chosen: tuple[int | None, str | None]
) -> tuple[JobNodes | None, Sequence[NodeSeries]]:
    """The job's nodes, and how it went on those that are shown; None: there is no such job to see."""
    job_id, start_ms = key["job_id"], key["start_ms"]
    of_job = queries.job_nodes(viewer, job_id, start_ms)
    if of_job is None:
        return None, ()
    nodes = shown_nodes(of_job.names, *chosen, nodes_per_page(len(of_job.names), of_job.boards))
    return of_job, queries.job_series(viewer, job_id, start_ms, points_of(len(nodes), of_job.boards), nodes)


def _key(detail: JobHead, *, large: bool) -> Key:
    return {"job_id": detail.row.job_id, "start_ms": detail.row.start_ms, "large": large}


def _is_large(of_job: JobNodes) -> bool:
    """Whether its nodes do not fit on one page of charts."""
    return len(of_job.names) > nodes_per_page(len(of_job.names), of_job.boards)


def _active(detail: JobHead) -> bool:
    return detail.row.end_ms is None and detail.row.state in ACTIVE_STATES


def _not_started(context: PageContext, key: tuple[int, int | None] | None) -> html.Div:
    """The job waits, and the page looks again, or there is none."""
    waits = context.queries.waiting_job(context.viewer, key[0]) if key and key[1] is None else None
    if waits is None:
        return no_job()
    parts = [
        dcc.Store(id="job-waits", data=waits.job_id),
        dcc.Interval(id="job-look", interval=REFRESH_MS),
        waiting_page(waits, context.status, context.now_ms),
    ]
    return html.Div(parts, id=WAITING)
