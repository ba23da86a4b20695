"""On a job's page: the session that the job is."""

from dash import dcc, html

from aggregator.queries.models import Status
from dash_app.components.session_cards import idle_sentence, session_actions
from dash_app.components.session_dialog import session_dialog
from dash_app.language import _
from dash_app.launcher.seen import SeenSession
from dash_app.urls import link
from maxwatt.domain.viewer import Viewer


def session_slot() -> html.Div:
    """Where a job's page says which session it is, and asks before that is stopped."""
    return html.Div([session_dialog(), html.Div(id="job-session")], className="mw-session-slot")


def session_note(seen: SeenSession, status: Status, now_ms: int, viewer: Viewer) -> html.Div:
    """The session's name, open and stop, and what it cost while nobody worked in it."""
    name = dcc.Link(_("Session {title}", title=seen.title), href=link("/sessions"))
    idle = idle_sentence(seen, status, now_ms)
    actions = session_actions(seen.session, seen.title, viewer)
    return html.Div([html.Strong(name), html.Span(idle) if idle else None, actions], className="mw-session-note")
