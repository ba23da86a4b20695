"""The columns of the job table: their names, widths, and which of them are shown until somebody chooses."""

from dataclasses import dataclass
from typing import Any, Final

import dash_mantine_components as dmc
from dash import html

from dash_app.components.attributes import aria
from dash_app.language import _, marked


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        field: what the server sorts by.
        name, tip: English; the tip says more where the name is short.
        renderer: the browser's function that draws a cell; empty: plain text.
        shown: until somebody chooses columns.
    """

    field: str
    name: str
    width: int
    tip: str = ""
    renderer: str = ""
    number: bool = False
    sortable: bool = True
    shown: bool = True


COLUMNS: Final = (
    Column("job_id", marked("Job"), 128, renderer="JobLink"),
    Column("name", marked("Name"), 84),
    Column("user", marked("User"), 96),
    Column("account", marked("Account"), 104, shown=False),
    Column("state", marked("State"), 144, renderer="StateBadge"),
    Column("partition", marked("Partition"), 104),
    Column("qos", marked("QOS"), 92, shown=False),
    Column("node_count", marked("Nodes"), 78, number=True),
    Column("cpus", marked("CPUs"), 78, number=True, shown=False),
    Column("gpu_count", marked("GPUs"), 78, number=True, shown=False),
    Column("start_ms", marked("Start"), 146),
    Column("elapsed_s", marked("Elapsed"), 112, number=True),
    Column("cpu_efficiency", marked("CPU"), 112, marked("CPU time used of CPU time reserved"), "UseBar"),
    Column("memory_efficiency", marked("Memory"), 112, marked("Peak of memory used of memory reserved"), "UseBar"),
    Column("energy_j", marked("kWh"), 92, renderer="Figure", number=True),
    Column("waste_j", marked("kWh wasted"), 104, marked("Energy of what was reserved but not used"), "Figure", True,
           shown=False),
    Column("co2_g", marked("g CO₂"), 92, marked("CO₂ equivalent in grams"), "Figure", True),
    Column("cost", marked("Cost"), 92, renderer="Figure", number=True, shown=False),
    Column("tags", marked("Tags"), 150, marked("Comment words key=value or #word"), sortable=False, shown=False),
)  # fmt: skip
FIELDS: Final = frozenset(column.field for column in COLUMNS if column.sortable)
DEFAULT: Final = tuple(column.field for column in COLUMNS if column.shown)
ALWAYS: Final = ("job_id", "name")
"""Columns that cannot be hidden."""


def column_definitions(zone: str) -> list[dict[str, Any]]:
    """Columns in order, as the grid wants them."""
    return [_definition(column, zone) for column in COLUMNS]


def column_choice() -> html.Details:
    """A button that opens the list of columns; the choice is kept in the browser."""
    boxes = [dmc.Checkbox(value=one.field, label=_(one.name), size="xs") for one in COLUMNS if one.field not in ALWAYS]
    group = dmc.CheckboxGroup(
        dmc.Stack(boxes, gap=7),
        id="jobs-columns",
        value=[field for field in DEFAULT if field not in ALWAYS],
        persistence=True,
        persistence_type="local",
        **aria(label=_("Columns")),
    )
    button = html.Summary(_("Columns"), className="mw-plain-button", role="button")
    return html.Details([button, html.Div(group, className="mw-panel mw-columns")], className="mw-pop mw-closes")


def _definition(column: Column, zone: str) -> dict[str, Any]:
    found: dict[str, Any] = {"field": column.field, "headerName": _(column.name), "width": column.width}
    if column.field == "name":
        found |= {"minWidth": column.width, "flex": 3, "tooltipField": "name"}
    if column.field == "node_count":
        found["tooltipField"] = "node_list"
    if column.field == "start_ms":
        found["headerTooltip"] = _("On the clock of {zone}", zone=zone)
    if column.tip:
        found["headerTooltip"] = _(column.tip)
    if column.renderer:
        found["cellRenderer"] = column.renderer
    if not column.shown:
        found["initialHide"] = True
    if column.number:
        found["type"] = "rightAligned"
    return found if column.sortable else found | {"sortable": False}
