"""The grid of jobs, and a job or several folded ones as a row of it."""

from collections.abc import Mapping
from typing import Any, Final

import dash_ag_grid as dag

from aggregator.queries.folded import FoldedRow
from aggregator.queries.models import JobRow
from dash_app.components.job_columns import FIELDS, column_definitions
from dash_app.components.job_state import state_code, state_kind, state_label
from dash_app.job_view import NO_FOLD, view_path
from dash_app.language import _, _n
from dash_app.text import format_count, format_duration, format_kwh, format_number, format_share, unknown
from dash_app.urls import job_path
from maxwatt.domain.formatting import local_time

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
    model = request.get("sortModel")
    first = model[0] if isinstance(model, list) and model and isinstance(model[0], dict) else {}
    field = str(first.get("colId"))
    return (field, first.get("sort") == "desc") if field in FIELDS else DEFAULT_SORT


def slice_of(request: dict[str, Any]) -> tuple[int, int]:
    """First row and number of rows that a grid asks for; at most 500, whatever the request says."""
    first, last = (value if isinstance(value, int) else 0 for value in (request.get("startRow"), request.get("endRow")))
    first = min(max(first, 0), 10**9)
    return first, max(0, min(last - first, 500))


def row_data(row: JobRow, zone: str) -> dict[str, Any]:
    """A job as the grid shows it: everything spelled out here, so that there is one spelling."""
    return {
        **_figures(row, zone),
        "job_id": row.shown_id,
        "href": job_path(row.job_id, row.start_ms),
        "state": state_data(row.state),
        "node_count": format_count(row.node_count),
        "node_list": row.node_list,
        "tags": " ".join(row.tags),
        "energy_j": format_kwh(row.energy_j),
        "waste_j": format_kwh(row.waste_j),
        "co2_g": format_number(row.co2_g),
        "cost": format_number(row.cost),
    }


def folded_data(row: FoldedRow, zone: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Several jobs as one row, which opens to all of them.

    Args:
        values: of the address, which the row's own is made from.
    """
    array = row.fold == "array"
    mine = {"array": str(row.job_id)} if array else {"name": row.name, "user": row.user}
    sums = {name: _at_least(row, name) for name in ("energy_j", "waste_j", "co2_g", "cost")}
    several = _n("{n} task", "{n} tasks", row.count) if array else _n("{n} job", "{n} jobs", row.count)
    return {
        **_figures(row, zone),
        **sums,
        "job_id": str(row.job_id) if array else several,
        "several": f"×{format_count(row.count)}" if array else "",
        "folded": several,
        "href": view_path({**values, **mine, "fold": NO_FOLD}),
        "state": _states_data(row),
        "node_count": format_count(row.node_count),
        "tags": "",
    }


def _figures(row: JobRow | FoldedRow, zone: str) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("name", "user", "account", "partition", "qos")},
        "cpus": format_count(row.cpus),
        "gpu_count": format_count(row.gpu_count),
        "start_ms": f"{local_time(row.start_ms, zone):%Y-%m-%d %H:%M}",
        "elapsed_s": format_duration(row.elapsed_s),
        "cpu_efficiency": share_data(row.cpu_efficiency),
        "memory_efficiency": share_data(row.memory_efficiency),
    }


def _at_least(row: FoldedRow, name: str) -> str:
    """A sum; `≥` where some jobs are not known."""
    spell = format_kwh if name.endswith("_j") else format_number
    value = getattr(row, name)
    return f"≥ {spell(value)}" if value is not None and row.unknown[name] else spell(value)


def state_data(state: str) -> dict[str, Any]:
    """A state for its badge: words, Slurm's short code, kind."""
    return {"text": state_label(state), "code": state_code(state), "kind": state_kind(state)}


def _states_data(row: FoldedRow) -> dict[str, Any]:
    if len(row.states) == 1:
        return state_data(row.state)
    counts = " · ".join(f"{format_count(count)} {state_label(state)}" for state, count in row.states.items())
    codes = " ".join(f"{count}{state_code(state)}" for state, count in list(row.states.items())[:2])
    return {"text": counts, "code": codes, "kind": "plain"}


def share_data(ratio: float | None) -> dict[str, Any]:
    """A ratio for the grid's small bar: width in percent, words, and whether it is unknown or a fault."""
    if ratio is None:
        return {"text": unknown(), "width": 0, "kind": "unknown"}
    return {
        "text": format_share(ratio),
        "width": round(min(max(100 * ratio, 0.0), 100.0), 1),
        "kind": "fault" if ratio > 1.0 + 1e-9 else "known",
    }


def job_grid(grid_id: str, zone: str) -> dag.AgGrid:
    """The empty grid; it asks the server for rows as one scrolls."""
    return dag.AgGrid(
        id=grid_id,
        rowModelType="infinite",
        columnDefs=column_definitions(zone),
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
            "localeText": _grid_words(),
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


def _grid_words() -> dict[str, str]:
    """What the grid says by itself, most of it to screen readers."""
    return {
        "loadingOoo": _("Loading …"),
        "loadingError": _("Not read"),
        "noRowsToShow": _("No jobs"),
        "ariaSortableColumn": _("Press Enter to sort"),
        "ariaLabelTooltip": _("Tooltip"),
    }
