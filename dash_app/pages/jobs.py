"""The job table: filters above, every job below, read from the server as one scrolls."""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from aggregator.queries.models import EnergyRow, Grouping, JobFilter, JobPage
from dash_app.auth import current_viewer
from dash_app.components.attributes import aria
from dash_app.components.job_grid import job_grid, row_data, sort_of
from dash_app.components.job_state import state_label
from dash_app.components.states import empty
from dash_app.context import PageContext
from dash_app.errors import on_error
from dash_app.language import marked
from dash_app.ports import PageQueries
from dash_app.text import plural
from dash_app.urls import job_filter, link
from maxwatt.domain.clock import now_ms
from maxwatt.domain.jobs import JobState
from maxwatt.domain.units import DAY_MS

NAME: Final = marked("Jobs")
PATHS: Final = ("/jobs", "/")
REFRESH_MS: Final = 60_000
SUGGEST_DAYS: Final = 30
"""Users, accounts and partitions with energy in this time are offered in the filters [days]."""

_STATES: Final = tuple(state for state in JobState if state not in {JobState.PENDING, JobState.UNKNOWN})
_SUGGESTED: Final[tuple[Grouping, ...]] = ("user", "account", "partition")
_FILTERS: Final = ("state", "user", "account", "partition", "q")


def layout(context: PageContext) -> html.Div:
    """Filters as the address says, and the empty table that fills itself."""
    chosen = job_filter(context.search)
    return html.Div(
        [
            dcc.Store(id="jobs-address"),
            dcc.Store(id="jobs-start", data=0),
            dcc.Interval(id="jobs-refresh", interval=REFRESH_MS),
            html.Div(
                [html.H1("Jobs"), html.Span(id="jobs-count", className="mw-count", role="status")],
                className="mw-title-row",
            ),
            _filters(chosen),
            html.Div(
                [job_grid("jobs-grid", context.status.timezone), html.Div(id="jobs-empty")], className="mw-grid-frame"
            ),
        ],
        className="mw-jobs",
    )


def register(app: Dash, queries: PageQueries) -> None:
    """Callbacks of the table."""
    filters = [State(f"jobs-{name}", "value") for name in _FILTERS]

    @app.callback(
        Output("jobs-grid", "getRowsResponse"),
        Output("jobs-count", "children"),
        Output("jobs-empty", "children"),
        Input("jobs-grid", "getRowsRequest"),
        *filters,
        on_error=_failed,
    )
    def rows(request: dict[str, Any] | None, *values: str | None) -> tuple[Any, Any, Any]:
        if not request:
            return no_update, no_update, no_update
        chosen = filter_of(*values)
        viewer = current_viewer()
        page = _slice(queries, request, chosen)
        zone = queries.status(viewer).timezone
        response = {"rowData": [row_data(row, zone) for row in page.rows], "rowCount": page.total}
        return response, _count(page), None if page.total else _no_jobs(chosen)

    def _slice(queries: PageQueries, request: dict[str, Any], chosen: JobFilter) -> JobPage:
        start, end = int(request.get("startRow", 0)), int(request.get("endRow", 100))
        sort, descending = sort_of(request)
        return queries.jobs(current_viewer(), chosen, sort, descending, start, max(0, min(end - start, 500)))

    @app.callback(*[Output(f"jobs-{name}", "data") for name in _SUGGESTED], Input("jobs-start", "data"))
    def suggestions(_start: int) -> list[list[str]]:
        until_ms = now_ms()
        since_ms = until_ms - SUGGEST_DAYS * DAY_MS
        return [_names(queries.energy_by(current_viewer(), name, since_ms, until_ms)) for name in _SUGGESTED]

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
        ClientsideFunction("maxwatt", "filterJobs"),
        Output("jobs-address", "data"),
        *[Input(f"jobs-{name}", "value") for name in _FILTERS],
        prevent_initial_call=True,
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
        ClientsideFunction("maxwatt", "refreshJobs"),
        Output("jobs-address", "data", allow_duplicate=True),
        Input("jobs-refresh", "n_intervals"),
        prevent_initial_call=True,
    )


def filter_of(*values: str | None) -> JobFilter:
    """The filter that the inputs state, user, account, partition and text stand for."""
    state, user, account, partition, text = ((value or "").strip() for value in values)
    return JobFilter(user=user, account=account, partition=partition, state=state, text=text)


def _filters(chosen: JobFilter) -> html.Div:
    search = dmc.TextInput(
        id="jobs-q",
        value=chosen.text,
        placeholder="Job id, name or node",
        size="sm",
        debounce=300,
        className="mw-filter-wide",
        **aria(label="Search job id, name or node"),
    )
    state = dmc.Select(
        id="jobs-state",
        value=chosen.state or None,
        placeholder="Any state",
        data=[{"value": state, "label": state_label(state)} for state in _STATES],
        size="sm",
        clearable=True,
        **aria(label="State"),
    )
    others = [_suggesting(name, getattr(chosen, name)) for name in _SUGGESTED]
    return html.Div([search, state, *others], className="mw-filters", role="search", **aria(label="Filter jobs"))


def _suggesting(name: str, value: str) -> dmc.Autocomplete:
    return dmc.Autocomplete(
        id=f"jobs-{name}",
        value=value,
        placeholder=f"Any {name}",
        size="sm",
        clearable=True,
        debounce=300,
        limit=12,
        **aria(label=name.capitalize()),
    )


def _count(page: JobPage) -> str:
    return plural(page.total, "job") if page.total else ""


def _no_jobs(chosen: JobFilter) -> html.Div:
    if chosen == JobFilter():
        return empty("No jobs yet", "Jobs appear here as soon as Slurm's records have been read.")
    way = dcc.Link("Show all jobs", href=link("/jobs"), className="mw-button")
    return empty("No job matches", "No job has all of this together: state, user, account, partition and text.", way)


def _failed(error: Exception) -> tuple[Any, Any, Any]:
    on_error(error)
    return {"rowData": [], "rowCount": 0}, None, None


def _names(rows: tuple[EnergyRow, ...]) -> list[str]:
    return sorted({row.name for row in rows if row.name})
