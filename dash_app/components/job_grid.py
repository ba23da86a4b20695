"""The grid of jobs: its columns, and a job as a row of it."""

from typing import Any, Final

import dash_ag_grid as dag

from aggregator.queries.models import JobRow
from dash_app.components.job_state import state_code, state_kind, state_label
from dash_app.text import format_count
from dash_app.urls import job_path
from maxwatt.domain.formatting import UNKNOWN, format_duration, format_kwh, format_number, format_share, local_time

DEFAULT_SORT: Final = ("start_ms", True)
GRID_THEME: Final = (
    "themeQuartz.withParams({backgroundColor: 'var(--mw-card)', foregroundColor: 'var(--mw-text)', "
    "borderColor: 'var(--mw-line)', headerBackgroundColor: 'var(--mw-card)', headerTextColor: 'var(--mw-dim)', "
    "headerFontWeight: 600, rowHoverColor: 'var(--mw-hover)', fontFamily: 'inherit', fontSize: 13.5, "
    "headerFontSize: 12.5, rowHeight: 38, headerHeight: 40, cellHorizontalPadding: 12, wrapperBorder: false, "
    "wrapperBorderRadius: 0, headerColumnBorder: false, headerColumnResizeHandleColor: 'transparent', "
    "accentColor: 'var(--mw-accent)'})"
)


def sort_of(request: dict[str, Any]) -> tuple[str, bool]:
    """Field and direction of a grid's request; newest first when none is asked for or it is none of ours."""
    model = request.get("sortModel") or [{}]
    field = model[0].get("colId")
    known = {column["field"] for column in columns("UTC") if column.get("sortable", True)}
    return (field, model[0].get("sort") == "desc") if field in known else DEFAULT_SORT


def row_data(row: JobRow, zone: str) -> dict[str, Any]:
    """A job as the grid shows it: everything spelled out here, so that there is one spelling."""
    return {
        "job_id": row.shown_id,
        "href": job_path(row.job_id, row.start_ms),
        "name": row.name,
        "user": row.user,
        "state": {"text": state_label(row.state), "code": state_code(row.state), "kind": state_kind(row.state)},
        "partition": row.partition,
        "node_count": format_count(row.node_count),
        "node_list": row.node_list,
        "start_ms": f"{local_time(row.start_ms, zone):%Y-%m-%d %H:%M}",
        "elapsed_s": format_duration(row.elapsed_s),
        "cpu_efficiency": share_data(row.cpu_efficiency),
        "memory_efficiency": share_data(row.memory_efficiency),
        "energy_j": format_kwh(row.energy_j),
        "co2_g": format_number(row.co2_g),
    }


def share_data(ratio: float | None) -> dict[str, Any]:
    """A ratio for the grid's small bar: width in percent, words, and whether it is unknown or a fault."""
    if ratio is None:
        return {"text": UNKNOWN, "width": 0, "kind": "unknown"}
    return {
        "text": format_share(ratio),
        "width": round(min(max(100 * ratio, 0.0), 100.0), 1),
        "kind": "fault" if ratio > 1.0 + 1e-9 else "known",
    }


def columns(zone: str) -> list[dict[str, Any]]:
    """Columns in order; `field` is the JobRow field that the server sorts by."""
    number = {"type": "rightAligned"}
    return [
        {"field": "job_id", "headerName": "Job", "cellRenderer": "JobLink", "width": 118, "flex": 0},
        {"field": "name", "headerName": "Name", "minWidth": 84, "flex": 3, "tooltipField": "name"},
        {"field": "user", "headerName": "User", "width": 96},
        {"field": "state", "headerName": "State", "cellRenderer": "StateBadge", "width": 144},
        {"field": "partition", "headerName": "Partition", "width": 104},
        {"field": "node_count", "headerName": "Nodes", "width": 78, "tooltipField": "node_list", **number},
        {"field": "start_ms", "headerName": "Start", "width": 146, "headerTooltip": f"On the clock of {zone}"},
        {"field": "elapsed_s", "headerName": "Elapsed", "width": 108, **number},
        {
            "field": "cpu_efficiency",
            "headerName": "CPU",
            "headerTooltip": "CPU time used of CPU time reserved",
            "cellRenderer": "UseBar",
            "width": 118,
        },
        {
            "field": "memory_efficiency",
            "headerName": "Memory",
            "headerTooltip": "Peak of memory used of memory reserved",
            "cellRenderer": "UseBar",
            "width": 118,
            "sortable": False,
        },
        {"field": "energy_j", "headerName": "kWh", "width": 92, "cellRenderer": "Figure", **number},
        {
            "field": "co2_g",
            "headerName": "g CO₂",
            "headerTooltip": "CO₂ equivalent in grams",
            "width": 92,
            "cellRenderer": "Figure",
            **number,
        },
    ]


def job_grid(grid_id: str, zone: str) -> dag.AgGrid:
    """The empty grid; it asks the server for rows as one scrolls."""
    return dag.AgGrid(
        id=grid_id,
        rowModelType="infinite",
        columnDefs=columns(zone),
        defaultColDef={"sortable": True, "resizable": True, "suppressHeaderMenuButton": True, "cellDataType": False,
                       "sortingOrder": ["desc", "asc", None], "suppressMovable": True},
        dashGridOptions={
            "theme": {"function": GRID_THEME},
            "cacheBlockSize": 100,
            "maxBlocksInCache": 20,
            "infiniteInitialRowCount": 1,
            "maxConcurrentDatasourceRequests": 1,  # the grid's Dash side keeps only one request at a time
            "animateRows": False,
            "tooltipShowDelay": 400,
            "suppressCellFocus": False,
            "rowClass": "mw-grid-row",
            "ensureDomOrder": True,
        },
        eventListeners={
            "cellClicked": ["openJob(params)"],
            "cellKeyDown": ["openJobByKey(params)"],
            "gridSizeChanged": ["fitJobColumns(params)"],
            "firstDataRendered": ["fitJobColumns(params)"],
        },
        style={"height": "100%", "width": "100%"},
        className="mw-grid",
    )  # fmt: skip
