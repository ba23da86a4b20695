"""Where in the nodes energy went: by component, static and dynamic apart."""

from collections.abc import Mapping
from typing import Any, Final

from dash import html

from dash_app.components.bars import Slice, share_strip, swatch
from dash_app.components.charts import card
from dash_app.components.tables import table
from dash_app.figures.theme import COMPONENT_COLOURS, COMPONENT_LABELS, STATIC_ALPHA, rgba
from dash_app.language import _, marked
from dash_app.text import format_energy, format_share

_ALPHAS: Final = {marked("static"): STATIC_ALPHA, marked("dynamic"): 0.85}


def component_card(energy_j: Mapping[str, float]) -> html.Section:
    """A bar and a table.

    Args:
        energy_j: ledger columns such as `cpu_static_j` [J], with a sum above zero.
    """
    total_j = sum(energy_j.values())
    shown = [one for one in COMPONENT_COLOURS if any(energy_j.get(f"{one}_{part}_j") for part in _ALPHAS)]
    sums = {part: sum(energy_j.get(f"{one}_{part}_j", 0.0) for one in shown) for part in _ALPHAS}
    rows: list[list[Any]] = [
        *([_(COMPONENT_LABELS[one]), *_cells(one, energy_j), *_sum(_of(one, energy_j), total_j)] for one in shown),
        [_("Sum"), format_energy(sums["static"]), format_energy(sums["dynamic"]), *_sum(total_j, total_j)],
    ]
    strip = share_strip(component_slices(energy_j))
    head = ["", _("Static"), _("Dynamic"), _("Both"), _("Share")]
    return card(
        _("Where the energy went"),
        [strip, table(head, rows, _("Energy by component"), stacks=False)],
        html.Span(_("static: for being there · dynamic: for working"), className="mw-note"),
        class_name="mw-components",
    )


def component_slices(energy_j: Mapping[str, float]) -> list[Slice]:
    """Slices of a bar from ledger columns [J]; none when there is no energy."""
    total_j = sum(energy_j.values())
    return [
        Slice(
            f"{_(COMPONENT_LABELS[one])}, {_(part)}", amount_j / total_j, rgba(colour, alpha), format_energy(amount_j)
        )
        for one, colour in COMPONENT_COLOURS.items()
        for part, alpha in _ALPHAS.items()
        if total_j > 0 and (amount_j := energy_j.get(f"{one}_{part}_j", 0.0)) > 0
    ]


def _of(component: str, energy_j: Mapping[str, float]) -> float:
    return sum(energy_j.get(f"{component}_{part}_j", 0.0) for part in _ALPHAS)


def _cells(component: str, energy_j: Mapping[str, float]) -> list[html.Span]:
    colour = COMPONENT_COLOURS[component]
    return [
        html.Span(
            [swatch(rgba(colour, alpha), colour), format_energy(energy_j.get(f"{component}_{part}_j", 0.0))],
            className="mw-swatched",
        )
        for part, alpha in _ALPHAS.items()
    ]


def _sum(amount_j: float, total_j: float) -> list[str]:
    return [format_energy(amount_j), format_share(amount_j / total_j)]
