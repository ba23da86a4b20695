"""What stands where there is nothing to show, not yet, or where something went wrong."""

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.components.attributes import HIDDEN
from dash_app.language import _


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


def unreadable(sentence: str, *, level: int = 2) -> html.Div:
    """Stands in for what could not be read, a part of a page or with `level` 1 a whole one: why, and a way to go on."""
    title = _("This page could not be read") if level == 1 else _("This could not be read")
    return empty(title, sentence, html.A(_("Try again"), href="", className="mw-button"), level=level)


def interruptions() -> list[html.Div]:
    """Bars that assets/early shows while the server does not answer, and when the session ended but no sign-in came."""
    again = html.A(_("Sign in again"), href="")
    return [
        html.Div(_("The server does not answer. Trying again …"), className="mw-bar-below mw-offline", role="alert"),
        html.Div([_("Your session has ended."), " ", again], className="mw-bar-below mw-expired", role="alert"),
    ]


def waiting(height_px: int) -> dmc.Skeleton:
    """A quiet place holder as high as what will stand there, so that nothing jumps."""
    return dmc.Skeleton(height=height_px, radius="md", **HIDDEN)
