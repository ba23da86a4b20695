"""On a job's page: the session that the job is."""

from dash import dcc, html

from aggregator.queries.models import Status
from aggregator.queries.recent import RecentUse
from dash_app.components.session_cards import idle_sentence, session_actions
from dash_app.components.session_dialog import session_dialog
from dash_app.language import _
from dash_app.launcher.session import Session
from dash_app.urls import link


def session_slot() -> html.Div:
    """Where a job's page says which session it is, and asks before that is stopped."""
    return html.Div([session_dialog(), html.Div(id="job-session")], className="mw-session-slot")


def session_note(
    session: Session, title: str, use: RecentUse | None, idle_since_ms: int | None, status: Status, now_ms: int
) -> html.Div:
    """The session's name, open and stop, and what it cost while nobody worked in it."""
    idle = None
    if idle_since_ms is not None:
        idle = html.Span(idle_sentence(idle_since_ms, use.since if use else None, status, now_ms))
    name = dcc.Link(_("Session {title}", title=title), href=link("/sessions"))
    actions = html.Div(session_actions(session, title), className="mw-session-actions")
    return html.Div([html.Strong(name), idle, actions], className="mw-session-note")
