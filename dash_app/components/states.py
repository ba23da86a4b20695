"""What stands where there is nothing to show, not yet, or where something went wrong."""

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components.attributes import HIDDEN


def empty(title: str, text: Any, action: Any = None, *, level: int = 2) -> html.Div:
    """Nothing to show, and why; `level` 1 where it stands for the whole page."""
    return html.Div(
        [
            html.Div(className="mw-empty-mark", **HIDDEN),
            (html.H1 if level == 1 else html.H2)(title, className="mw-empty-title"),
            html.P(text),
            action,
        ],
        className="mw-empty",
        role="status",
    )


def problem(title: str, text: str) -> html.Div:
    """Something went wrong; what, and what to do."""
    return html.Div([html.Strong(title), html.Span(text)], className="mw-problem", role="alert")


def waiting(height_px: int) -> dmc.Skeleton:
    """A quiet place holder as high as what will stand there, so that nothing jumps."""
    return dmc.Skeleton(height=height_px, radius="md", **HIDDEN)
