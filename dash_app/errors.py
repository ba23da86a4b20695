"""What a person sees when a callback fails: a sentence, never a traceback; the traceback goes to the log."""

import logging
from typing import Any

from dash import ctx, no_update, set_props

from dash_app.components.states import problem, unreadable
from dash_app.language import _
from maxwatt.domain.errors import MaxwattError

MESSAGE_ID = "page-message"
"""Where the sentence stands: above the page's content."""

_log = logging.getLogger(__name__)


def sentence_of(error: Exception) -> tuple[str, str]:
    """Title and sentence for an error: our own errors speak to people, others stay in the log."""
    if isinstance(error, MaxwattError):
        return _("This could not be read."), str(error)
    return (
        _("Something went wrong on the server."),
        _("What you see may be incomplete. The server's log says more."),
    )


def log_error(error: Exception) -> None:
    """The traceback, for who runs the server."""
    _log.error("a callback failed", exc_info=error)


def on_error(error: Exception) -> Any:
    """Dash's hook for errors in callbacks. Log; what was to come for the first time says in its place why it does not.

    Later the sentence stands above the page, and what is shown stays: it was right a moment ago.
    """
    log_error(error)
    outputs = ctx.outputs_list
    places = [one for one in _listed(outputs) if isinstance(one, dict) and one["property"] == "children"]
    if ctx.triggered_id or not places:
        set_props(MESSAGE_ID, {"children": problem(*sentence_of(error))})
        return None
    said = unreadable(" ".join(sentence_of(error)))
    return [said if one is places[0] else no_update for one in outputs] if isinstance(outputs, list) else said


def in_each_place(error: Exception) -> list[Any]:
    """The same where the outputs of a callback stand apart from each other: each says it."""
    log_error(error)
    return [unreadable(" ".join(sentence_of(error))) for _output in _listed(ctx.outputs_list)]


def _listed(outputs: Any) -> list[Any]:
    return outputs if isinstance(outputs, list) else [outputs]
