"""How a job's figures are known: their evidence, grams and money in numbers, and the story of each node."""

import re
from collections.abc import Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import dcc, html

from aggregator.queries.explain import Explanation, NodeExplanation
from aggregator.queries.explain_words import closing_lines, node_lines
from aggregator.queries.figure_words import mean_value, origin_text
from aggregator.queries.models import FigureUse, JobHead, JobRow
from dash_app.components.attributes import aria
from dash_app.components.evidence import evidence_content
from dash_app.components.figure_facts import figure_facts
from dash_app.language import _, _n
from dash_app.text import format_co2, format_cost, format_energy, format_number
from dash_app.urls import link
from maxwatt.domain.carbon import Quantity

MOST_NODES: Final = 12
"""Nodes that are told of, those with the most energy; the command line tells of all."""


def explained_drawer() -> dmc.Drawer:
    """Where it is told how a figure is known; filled when somebody asks."""
    return dmc.Drawer(
        html.Div(id="job-why-content"),
        id="job-why",
        title=_("How do we know?"),
        position="right",
        size="lg",
        opened=False,
        closeButtonProps=aria(label=_("Close")),
    )


def explained(detail: JobHead, found: Explanation | None, currency: str) -> html.Div:
    """What stands in the drawer."""
    parts: list[Any] = [evidence_content(detail.row.evidence, figure_facts(detail.figures, currency))]
    parts += _products(detail.row, detail.figures, currency)
    if found is not None and found.nodes:
        parts += _nodes(found, detail.row.job_id)
    parts.append(html.P(dcc.Link(_("The method, with its formulas"), href=link("/method"))))
    return html.Div(parts, className="mw-explained")


def _products(row: JobRow, figures: Sequence[FigureUse], currency: str) -> list[Any]:
    """Grams and money as products in numbers; nothing where they are not known."""
    pue = mean_value(figures, Quantity.PUE)
    lines = [
        _product(row, figures, Quantity.INTENSITY, "g/kWh", format_co2(row.co2_g), pue)
        if row.co2_g is not None
        else None,
        _product(row, figures, Quantity.MARKET, "g/kWh", format_co2(row.co2_market_g), pue)
        if row.co2_market_g is not None
        else None,
        _product(row, figures, Quantity.PRICE, f"{currency}/kWh", format_cost(row.cost, currency), pue)
        if row.cost is not None
        else None,
    ]
    known = [html.Li(line, lang="en") for line in lines if line]
    return [html.H3(_("CO₂ and cost")), html.Ul(known)] if known else []


def _product(
    row: JobRow, figures: Sequence[FigureUse], quantity: Quantity, unit: str, result: str, pue: float | None
) -> str:
    mean = mean_value(figures, quantity)
    if mean is None:
        return ""
    whole = f" × PUE {format_number(pue)}" if pue is not None else ""
    said = f"{format_energy(row.energy_j)}{whole} × {format_number(mean)} {unit} = {result}"
    return f"{said}: {origin_text(figures, quantity)}"


def _nodes(found: Explanation, job_id: int) -> list[Any]:
    ranked = sorted(found.nodes, key=lambda node: -sum(node.share.energy_j.values()))
    shown = ranked[:MOST_NODES]
    more = []
    if len(ranked) > len(shown):
        text = _n(
            "The {n} node with the most energy; of all:", "The {n} nodes with the most energy; of all:", len(shown)
        )
        more = [html.P([text, " ", html.Code(f"maxwatt job {job_id} --explain")], className="mw-note")]
    return [
        html.H3(_("Node by node")),
        *more,
        *(_node(node) for node in shown),
        html.Ul([html.Li(line) for line in closing_lines(found)], lang="en"),
    ]


def _node(node: NodeExplanation) -> html.Section:
    return html.Section(
        [html.H4(node.share.node), html.Ul([html.Li(_line(line)) for line in node_lines(node)], lang="en")]
    )


def _line(line: str) -> list[Any]:
    """A sentence; where it stands in columns (what, how much, why) the first two stand out."""
    first, *rest = re.split(r" {2,}", line)
    if not rest:
        return [first]
    return [html.Strong(first), " ", html.Strong(rest[0]), ": ", " ".join(rest[1:])]
