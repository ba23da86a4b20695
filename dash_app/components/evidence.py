"""`How do we know?`: what a figure says about itself, one click away from it."""

from collections.abc import Sequence
from typing import Final

from dash import dcc, html

from aggregator.queries.models import Evidence
from dash_app.components.bars import Slice, share_bar
from dash_app.components.facts import Fact, facts
from dash_app.figures.theme import EVIDENCE_COLOURS
from dash_app.language import _, marked
from dash_app.text import format_share
from dash_app.urls import link

MARKS: Final = "/method#what-each-mark-means"
"""Where every mark is explained."""

_MEANING: Final = {
    "counted": marked("Counted by the hardware"),
    "integrated": marked("Integrated from power readings"),
    "interpolated": marked("Bridged over a gap"),
    "accounted": marked("From Slurm's accounting"),
    "modelled": marked("From the model of the node"),
}


def evidence_popover(evidence: Evidence | None, more: Sequence[Fact] = (), question: str = "") -> html.Details:
    """A quiet button that opens shares of evidence, coverage, uncertainty and method.

    Args:
        evidence: None when nothing is booked yet.
        more: further facts, such as the carbon factor.
        question: the button's text; how we know, where it is empty.
    """
    summary = html.Summary(question or _("How do we know?"), className="mw-ask", role="button")
    panel = html.Div(evidence_content(evidence, more, html.H2), className="mw-evidence")
    return html.Details([summary, panel], className="mw-pop mw-closes")


def evidence_note(evidence: Evidence | None, more: Sequence[Fact] = ()) -> html.Span:
    """The line below a figure: its uncertainty, and the button that says more."""
    if evidence is None:
        return html.Span(_("not booked yet"))
    return html.Span([html.Span(uncertainty_text(evidence)), evidence_popover(evidence, more)], className="mw-note-row")


def uncertainty_text(evidence: Evidence | None) -> str:
    """`± 4 %`, and `still open` while a window of the figure is not closed."""
    if evidence is None:
        return _("not booked yet")
    share = format_share(evidence.uncertainty)
    return _("± {share}, still open", share=share) if evidence.provisional else f"± {share}"


def evidence_content(
    evidence: Evidence | None, more: Sequence[Fact], heading: type[html.H2 | html.H3] = html.H3
) -> html.Div:
    """Shares of evidence, coverage, uncertainty, method, and what more there is to say."""
    if evidence is None:
        return html.Div(_("Nothing is booked for this yet, so there is nothing to show."))
    slices = [
        Slice(_(_MEANING.get(kind, kind)), share, EVIDENCE_COLOURS.get(kind, "gray"), format_share(share))
        for kind, share in sorted(evidence.shares.items(), key=lambda item: -item[1])
        if share > 0
    ]
    rows: list[Fact] = [
        (_("Samples cover"), _("{share} of the time", share=format_share(evidence.coverage))),
        (_("Uncertainty"), f"± {format_share(evidence.uncertainty)}"),
        (_("State"), _("provisional: a window is still open") if evidence.provisional else _("closed")),
        (_("Method"), dcc.Link(_("version {n}", n=evidence.method_version), href=link("/method"))),
        *more,
    ]
    marks = dcc.Link(_("What these words mean"), href=link(MARKS))
    return html.Div(
        [
            heading(_("Where the energy figure comes from")),
            share_bar(slices, _("Kinds of evidence")),
            facts(rows),
            marks,
        ]
    )
