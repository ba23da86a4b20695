"""`How do we know?`: what a figure says about itself, one click away from it."""

from collections.abc import Sequence
from typing import Final

import dash_mantine_components as dmc
from dash import dcc, html

from aggregator.queries.models import Evidence
from dash_app.components.bars import Slice, share_bar
from dash_app.components.facts import Fact, facts
from dash_app.figures.theme import EVIDENCE_COLOURS
from maxwatt.domain.formatting import format_share

MARKS: Final = "/method#what-each-mark-means"
"""Where every mark is explained."""

_MEANING: Final = {
    "counted": "Counted by the hardware",
    "integrated": "Integrated from power readings",
    "interpolated": "Bridged over a gap",
    "accounted": "From Slurm's accounting",
    "modelled": "From the model of the node",
}


def evidence_popover(
    evidence: Evidence | None, more: Sequence[Fact] = (), question: str = "How do we know?"
) -> dmc.Popover:
    """A quiet button that opens shares of evidence, coverage, uncertainty and method.

    Args:
        evidence: None when nothing is booked yet.
        more: further facts, such as the carbon factor.
        question: the button's text.
    """
    button = html.Button(question, type="button", className="mw-ask")
    return dmc.Popover(
        [
            dmc.PopoverTarget(button, boxWrapperProps={"style": {"display": "inline-block"}}),
            dmc.PopoverDropdown(_content(evidence, more), className="mw-evidence"),
        ],
        width=340,
        position="bottom-start",
        withArrow=True,
        shadow="md",
        trapFocus=False,
        returnFocus=True,
    )


def evidence_note(evidence: Evidence | None, more: Sequence[Fact] = ()) -> html.Span:
    """The line below a figure: its uncertainty, and the button that says more."""
    if evidence is None:
        return html.Span("not booked yet")
    return html.Span([html.Span(uncertainty_text(evidence)), evidence_popover(evidence, more)], className="mw-note-row")


def uncertainty_text(evidence: Evidence | None) -> str:
    """`± 4 %`, and `still open` while a window of the figure is not closed."""
    if evidence is None:
        return "not booked yet"
    return f"± {format_share(evidence.uncertainty)}" + (", still open" if evidence.provisional else "")


def _content(evidence: Evidence | None, more: Sequence[Fact]) -> html.Div:
    if evidence is None:
        return html.Div("Nothing is booked for this yet, so there is nothing to show.")
    slices = [
        Slice(_MEANING.get(kind, kind), share, EVIDENCE_COLOURS.get(kind, "gray"), format_share(share))
        for kind, share in sorted(evidence.shares.items(), key=lambda item: -item[1])
        if share > 0
    ]
    rows: list[Fact] = [
        ("Samples cover", f"{format_share(evidence.coverage)} of the time"),
        ("Uncertainty", f"± {format_share(evidence.uncertainty)}"),
        ("State", "provisional: a window is still open" if evidence.provisional else "closed"),
        ("Method", dcc.Link(f"version {evidence.method_version}", href="/method")),
        *more,
    ]
    marks = dcc.Link("What these words mean", href=MARKS)
    return html.Div(
        [html.H3("Where the energy figure comes from"), share_bar(slices, "Kinds of evidence"), facts(rows), marks]
    )
