"""Asks before a session is stopped, and says how it went: the same on every page that can stop one."""

from typing import Any, Final

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.components.attributes import aria
from dash_app.language import _

CHANGED: Final = "sessions-changed"
CONFIRM: Final = "sessions-confirm"
MESSAGE: Final = "sessions-message"
TARGET: Final = "sessions-target"
WORDS: Final = "sessions-words"
YES: Final = "sessions-yes"
NO: Final = "sessions-no"


def session_dialog() -> html.Div:
    """The dialog, closed, the place of the message, and what the page's callbacks keep."""
    return html.Div(
        [
            dcc.Store(id=TARGET),
            dcc.Store(id=CHANGED),
            html.Div(id=MESSAGE, **aria(live="polite")),
            dmc.Modal(
                [
                    html.P(id=WORDS),
                    html.Div([_button(NO, _("Keep it")), _button(YES, _("Stop it"))], className="mw-ends"),
                ],
                id=CONFIRM,
                title=_("Stop this session?"),
                opened=False,
                centered=True,
                closeButtonProps=aria(label=_("Close")),
            ),
        ]
    )


def stop_words(title: str, owner: str, own: bool) -> str:
    """What is lost when a session is stopped."""
    text = _("{title} ends, and its batch job with it. What is not saved is lost.", title=title)
    return text if own else " ".join([_("It belongs to {owner}, not to you.", owner=owner), text])


def said(text: str) -> html.Div:
    """A message that something was done."""
    return html.Div(text, className="mw-done", role="status")


def _button(name: str, text: str) -> Any:
    return html.Button(text, id=name, type="button", className="mw-button")
