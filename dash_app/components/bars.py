"""Bars: what was used of what was reserved, and how a whole is shared out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dash import html

from dash_app.components.attributes import HIDDEN, aria
from dash_app.language import _
from dash_app.text import format_share, unknown

HATCHES: Final[Mapping[str, str]] = {"/": "slash", "x": "cross", ".": "dots", "-": "lines"}
"""Patterns as charts name them, to the name that the style sheet has for them."""


def use_bar(label: str, ratio: float | None, text: str) -> html.Div:
    """A bar of use against reservation. Unknown is hatched, not empty; over 100 % is a fault and says so.

    Args:
        label: what is measured, such as `CPU`.
        ratio: used / reserved, None when unknown.
        text: both amounts in words, such as `12 of 16 GiB`.
    """
    if ratio is None:
        track = html.Div(
            className="mw-bar mw-bar-unknown", role="img", **aria(label=_("{label}: unknown", label=label))
        )
        return _bar_row(label, unknown(), text, track, "mw-unknown")
    fault = ratio > 1.0 + 1e-9
    percent = min(max(100 * ratio, 0.0), 100.0)
    track = html.Div(
        html.Div(className="mw-bar-fill mw-bar-fault" if fault else "mw-bar-fill", style={"width": f"{percent:.2f}%"}),
        className="mw-bar",
        role="meter",
        **aria(
            label=label,
            valuemin="0",
            valuemax="100",
            valuenow=f"{percent:.0f}",
            valuetext=f"{format_share(ratio)}, {text}",
        ),
    )
    note = _("{text} – more than was reserved: the records disagree", text=text) if fault else text
    return _bar_row(label, format_share(ratio), note, track, "mw-fault" if fault else "")


def _bar_row(label: str, share: str, text: str, track: html.Div, class_name: str) -> html.Div:
    head = html.Div(
        [html.Span(label, className="mw-bar-label"), html.Span(share, className=f"mw-bar-share {class_name}")],
        className="mw-bar-head",
    )
    return html.Div([head, track, html.Div(text, className="mw-bar-note")], className="mw-bar-row")


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a whole: its share 0..1, colour (any CSS colour), amount in words, and hatching (see `hatched`)."""

    label: str
    share: float
    colour: str
    text: str
    pattern: str = ""


def share_bar(slices: Sequence[Slice], label: str) -> html.Div:
    """One bar shared out in colours, with a legend that says every part in words."""
    return html.Div([share_strip(slices), _share_legend(slices, label)])


def share_strip(slices: Sequence[Slice]) -> html.Div:
    """The bar alone, where a table beside it names its parts."""
    shown = [one for one in slices if one.share > 0]
    segments = [
        html.Div(
            title=one.label,
            className=hatched("mw-share-part", one.pattern),
            style={"flexGrow": one.share, "backgroundColor": one.colour},
        )
        for one in shown
    ]
    return html.Div(segments, className="mw-share", **HIDDEN)


def _share_legend(slices: Sequence[Slice], label: str) -> html.Ul:
    items = [
        html.Li(
            [
                swatch(one.colour, pattern=one.pattern),
                html.Span(one.label, className="mw-legend-label"),
                html.Span(one.text, className="mw-legend-text"),
            ]
        )
        for one in slices
    ]
    return html.Ul(items, className="mw-share-legend", **aria(label=label))


def swatch(colour: str, edge: str = "", pattern: str = "") -> html.Span:
    """A small square of a colour, with an edge where the colour is pale."""
    style = {"backgroundColor": colour, **({"boxShadow": f"inset 0 0 0 1px {edge}"} if edge else {})}
    return html.Span(className=hatched("mw-swatch", pattern), style=style, **HIDDEN)


def hatched(class_name: str, pattern: str) -> str:
    """Classes of something hatched with a pattern of HATCHES, or plain where it is empty."""
    return f"{class_name} mw-hatch-{HATCHES[pattern]}" if pattern else class_name
