"""A job beside the user's last ones of its kind."""

from collections.abc import Callable
from typing import Any, Final

from dash import html

from aggregator.queries.job_models import Comparison, Quartiles
from dash_app.components.attributes import HIDDEN
from dash_app.components.charts import card
from dash_app.components.tables import table
from dash_app.language import _, _n, marked
from dash_app.text import format_duration, format_energy, format_share

_FIGURES: Final[dict[str, tuple[str, Callable[[float | None], str]]]] = {
    "energy_j": (marked("Energy"), format_energy),
    "elapsed_s": (marked("Elapsed"), format_duration),
    "cpu_efficiency": (marked("CPU used"), format_share),
    "memory_efficiency": (marked("Memory used"), format_share),
}


def similar_card(found: Comparison) -> html.Section:
    """A table: this job, the median, the middle half as a band with this job marked in it."""
    title = _("Beside jobs of its kind")
    if not found.figures:
        text = _n("Of its kind there is {n} other job: too few to compare.",
                  "Of its kind there are {n} other jobs: too few to compare.", found.count)  # fmt: skip
        return card(title, html.P([text, " ", _kind()], className="mw-note"))
    rows = [_row(figure) for figure in found.figures]
    head = ["", _("This job"), _("Median"), _("Middle half"), ""]
    note = _n("last {n} job of the same name, partition and account",
              "last {n} jobs of the same name, partition and account", found.count)  # fmt: skip
    return card(title, table(head, rows, title), html.Span(note, className="mw-note"), class_name="mw-similar")


def _kind() -> str:
    return _("Alike are jobs of one user with the same name, partition and account that have ended.")


def _row(figure: Quartiles) -> list[Any]:
    name, spell = _FIGURES[figure.name]
    return [
        _(name),
        html.Strong(spell(figure.this)),
        spell(figure.median),
        f"{spell(figure.lower)} – {spell(figure.upper)}",
        _strip(figure),
    ]


def _strip(figure: Quartiles) -> html.Div:
    """From 0 to beyond the largest: a band for the middle half, a line for the median, a dot for this job."""
    top = 1.12 * max(figure.upper, figure.median, figure.this or 0.0) or 1.0

    def place(value: float) -> str:
        return f"{100 * max(value, 0.0) / top:.1f}%"

    band = {"left": place(figure.lower), "width": place(figure.upper - figure.lower)}
    parts = [
        html.Span(className="mw-strip-band", style=band),
        html.Span(className="mw-strip-median", style={"left": place(figure.median)}),
    ]
    if figure.this is not None:
        parts.append(html.Span(className="mw-strip-this", style={"left": place(figure.this)}))
    return html.Div(parts, className="mw-strip", **HIDDEN)
