"""The job table: filters above, every job below, read from the server as one scrolls. The address holds the view."""

from collections.abc import Mapping
from typing import Any, Final

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from aggregator.queries.folded import FoldedRow
from dash_app.auth import current_viewer
from dash_app.components.job_columns import column_choice
from dash_app.components.job_count import counted, older_jobs
from dash_app.components.job_filters import SUGGESTED, chips, fold_choice, is_set, job_filters, search_row
from dash_app.components.job_grid import folded_data, job_grid, row_data, slice_of, sort_of
from dash_app.components.states import empty
from dash_app.context import PageContext
from dash_app.errors import on_error
from dash_app.job_view import NO_FOLD, RANGES, fold_of, jobs_filter, view_values
from dash_app.language import _, _n, marked
from dash_app.ports import PageQueries
from dash_app.text import format_count
from dash_app.urls import link, query_values
from maxwatt.domain.clock import now_ms
from maxwatt.domain.formatting import local_time

NAME: Final = marked("Jobs")
PATHS: Final = ("/jobs",)
REFRESH_MS: Final = 60_000

_INPUTS: Final = (
    *("q", "state", "user", "account", "partition", "qos", "name", "node", "array", "tag", "range", "days", "fold"),
    *(f"{name}-{end}" for name in RANGES for end in ("low", "high")),
)


def layout(context: PageContext) -> html.Div:
    """Filters as the address says, and the empty table that fills itself."""
    values = view_values(context.search)
    title = [
        html.Div([html.H1(_("Jobs")), html.Span(id="jobs-count", className="mw-count", role="status")],
                 className="mw-title-row"),
        html.Div([fold_choice(fold_of(values) or NO_FOLD), column_choice()], className="mw-job-tools"),
    ]  # fmt: skip
    return html.Div(
        [
            dcc.Store(id="jobs-search", data=context.search),
            dcc.Store(id="jobs-ready"),
            dcc.Store(id="jobs-start", data=0),
            dcc.Interval(id="jobs-refresh", interval=REFRESH_MS),
            html.Div(title, className="mw-title-row mw-spread"),
            search_row(values),
            job_filters(values),
            html.Div(chips(values), id="jobs-chips", className="mw-chips"),
            html.Div(
                [job_grid("jobs-grid", context.status.timezone), html.Div(id="jobs-empty")], className="mw-grid-frame"
            ),
        ],
        className="mw-jobs",
    )


def register(app: Dash, queries: PageQueries) -> None:
    """Callbacks of the table."""

    @app.callback(
        Output("jobs-grid", "getRowsResponse"),
        Output("jobs-count", "children"),
        Output("jobs-empty", "children"),
        Input("jobs-grid", "getRowsRequest"),
        State("jobs-search", "data"),
        on_error=_failed,
    )
    def rows(request: dict[str, Any] | None, search: str | None) -> tuple[Any, Any, Any]:
        if not isinstance(request, dict):
            return no_update, no_update, no_update
        values = view_values(search)
        data, total, count, since = _page(queries, request, values)
        nothing = _no_jobs(values, since) if total == 0 else None
        return {"rowData": data, "rowCount": total}, counted(count, since, values), nothing

    @app.callback(
        Output("jobs-chips", "children"),
        Output("jobs-set", "children"),
        Output("jobs-node", "error"),
        Input("jobs-search", "data"),
    )
    def shown(search: str | None) -> tuple[list[Any], str, str | None]:
        values = view_values(search)
        unread = bool(query_values(search).get("node", "").strip()) and "node" not in values
        found = chips(values)
        return found, str(len(found) - 1) if found else "", _("No host list") if unread else None

    @app.callback(*[Output(f"jobs-{name}", "data") for name in SUGGESTED], Input("jobs-start", "data"))
    def suggestions(_start: int) -> list[list[str]]:
        names = queries.job_names(current_viewer())
        return [list(names[name]) for name in SUGGESTED]

    _register_browser_side(app)


def _register_browser_side(app: Dash) -> None:
    """The inputs make the address, the address makes the rows; the server reads nothing but the address."""
    inputs = [Input(f"jobs-{name}", "value") for name in _INPUTS]
    for name, output, given in (
        ("filterJobs", Output("jobs-search", "data"), inputs),
        ("readAgain", Output("jobs-ready", "data"), [Input("jobs-search", "data")]),
        ("refreshJobs", Output("jobs-ready", "data", allow_duplicate=True), [Input("jobs-refresh", "n_intervals")]),
        ("showColumns", Output("jobs-ready", "data", allow_duplicate=True), [Input("jobs-columns", "value")]),
    ):
        first = name == "showColumns"
        app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
            ClientsideFunction("maxwattJobs", name),
            output,
            *given,
            prevent_initial_call="initial_duplicate" if first else True,
        )


def _page(
    queries: PageQueries, request: dict[str, Any], values: Mapping[str, str]
) -> tuple[list[Any], int | None, str, str]:
    """Rows for the grid, how many there are (None: more than are counted), the count in words, and the day before which
    no job was looked at.
    """
    viewer = current_viewer()
    zone = queries.timezone
    wanted, fold = jobs_filter(values, now_ms(), zone), fold_of(values)
    (sort, descending), (offset, limit) = sort_of(request), slice_of(request)
    if fold is None:
        page = queries.jobs(viewer, wanted, sort, descending, offset, limit)
        last = None if page.more else page.total  # the grid asks on where no last row is told
        return (
            [row_data(row, zone) for row in page.rows],
            last,
            _count(page.total, page.more),
            _day(page.since_ms, zone),
        )
    folded = queries.folded_jobs(viewer, wanted, fold, sort, descending, offset, limit)
    data = [
        folded_data(row, zone, values) if isinstance(row, FoldedRow) else row_data(row, zone) for row in folded.rows
    ]
    return data, folded.total, _count(folded.jobs, folded.more, folded.total), _day(folded.since_ms, zone)


def _day(ts_ms: int | None, zone: str) -> str:
    return "" if ts_ms is None else f"{local_time(ts_ms, zone):%Y-%m-%d}"


def _count(jobs: int, more: bool, rows: int | None = None) -> str:
    if not jobs:
        return ""
    if more and rows is not None:
        text = _("the newest {n} of more jobs", n=format_count(jobs))
    elif more:
        text = _("more than {n} jobs", n=format_count(jobs))
    else:
        text = _n("{n} job", "{n} jobs", jobs, n=format_count(jobs))
    return text if rows in {None, jobs} else _("{jobs} in {rows} rows", jobs=text, rows=format_count(rows or 0))


def _no_jobs(values: Mapping[str, str], since: str) -> html.Div:
    if since:
        text = _("There are older jobs, which were not looked at.")
        return empty(_("No job since {day} matches", day=since), text, older_jobs(values, "mw-button"))
    if not is_set(values):
        return empty(_("No jobs yet"), _("Jobs appear here as soon as Slurm's records have been read."))
    way_out = dcc.Link(_("Show all jobs"), href=link("/jobs"), className="mw-button")
    return empty(_("No job matches"), _("No job has all of this together. Take a filter away."), way_out)


def _failed(error: Exception) -> tuple[Any, Any, Any]:
    on_error(error)
    return {"rowData": [], "rowCount": 0}, None, None
