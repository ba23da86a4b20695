"""Tiles: one figure with its name."""

from collections.abc import Sequence
from typing import Any

from dash import html

from dash_app.components.attributes import aria


def tile(label: str, value: str, note: Any = None, *, unknown: bool = False) -> html.Div:
    """One figure.

    Args:
        label: its name.
        value: the figure with its unit.
        note: a line below, text or component.
        unknown: shown quietly: there is no figure.
    """
    classes = "mw-tile-value mw-unknown" if unknown else "mw-tile-value"
    return html.Div(
        [
            html.Dt(label, className="mw-tile-label"),
            html.Dd(value, className=classes),
            html.Dd(note, className="mw-tile-note") if note is not None else None,
        ],
        className="mw-tile",
    )


def tiles(children: Sequence[html.Div], label: str) -> html.Div:
    """A row of tiles that wraps where it is narrow."""
    return html.Div(html.Dl(list(children), className="mw-tiles"), role="group", **aria(label=label))
