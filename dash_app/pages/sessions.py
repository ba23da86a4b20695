"""Sessions: what people run through the hub, each with its job; start one, open it, stop it."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update

from dash_app.auth import current_viewer
from dash_app.components.session_cards import START, STOP, application_cards, session_cards
from dash_app.components.session_dialog import (
    CHANGED,
    CONFIRM,
    MESSAGE,
    NO,
    TARGET,
    WORDS,
    YES,
    said,
    session_dialog,
    stop_words,
)
from dash_app.components.session_note import session_note
from dash_app.components.states import empty, problem, waiting
from dash_app.context import PageContext
from dash_app.language import _, marked
from dash_app.launcher.client import HubRefusedError
from dash_app.launcher.launcher import Launcher, current_launcher, title_of
from dash_app.launcher.seen import seen, session_of_job
from dash_app.launcher.session import Phase, Session
from dash_app.ports import PageQueries
from dash_app.signin.hub import current_hub_token
from dash_app.signin.hub_api import HubAwayError
from maxwatt.config import Settings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.viewer import Viewer

NAME: Final = marked("Sessions")
PATHS: Final = ("/sessions",)
QUICK_MS: Final = 3_000
"""How often it is looked while something starts or stops."""
SLOW_MS: Final = 20_000
HUB_ERRORS: Final = (HubAwayError, HubRefusedError)


def shown_to(_viewer: Viewer, settings: Settings) -> bool:
    """Offered where there is something to start."""
    return bool(settings.applications)


def layout(context: PageContext) -> html.Div:  # noqa: ARG001  the page's frame is the same for everybody
    """The frame; the sessions are asked for as soon as it stands."""
    if current_launcher() is None:
        text = _("This site starts nothing from here: no application is configured.")
        return html.Div(empty(_("No sessions here"), text, level=1))
    return html.Div(
        [
            html.Div([html.H1(_(NAME)), session_dialog()], className="mw-title-row"),
            dcc.Interval(id="sessions-tick", interval=SLOW_MS),
            html.Div(waiting(420), id="sessions-body", className="mw-sessions-body"),
        ]
    )


def register(app: Dash, queries: PageQueries) -> None:
    """Callbacks of the page, and of the session on a job's page."""
    _register_looks(app, queries)
    _register_start(app)
    _register_stop(app)


def _register_looks(app: Dash, queries: PageQueries) -> None:
    @app.callback(
        Output("sessions-body", "children"),
        Output("sessions-tick", "interval"),
        Input("sessions-tick", "n_intervals"),
        Input(CHANGED, "data"),
    )
    def show(_ticks: int | None, _changed: Any) -> tuple[Any, int]:
        viewer, launcher = current_viewer(), current_launcher()
        if launcher is None:
            return None, SLOW_MS
        try:
            sessions = launcher.sessions(viewer)
        except HUB_ERRORS as error:
            return problem(_("The sessions cannot be read."), str(error)), SLOW_MS
        unsettled = any(session.phase is not Phase.RUNNING for session in sessions)
        return _body(launcher, queries, viewer, sessions), QUICK_MS if unsettled else SLOW_MS

    @app.callback(
        Output("job-session", "children"),
        Input("job-key", "data"),
        Input("job-refresh", "n_intervals"),
        Input(CHANGED, "data"),
    )
    def of_job(key: dict[str, int] | None, _ticks: int | None, _changed: Any) -> Any:
        viewer, launcher, moment_ms = current_viewer(), current_launcher(), now_ms()
        if launcher is None or not key:
            return None
        try:
            found = session_of_job(launcher, queries, viewer, int(key["job_id"]), moment_ms)
        except HUB_ERRORS:
            return None  # a job's page has enough to say; the sessions' own tells what is wrong with the hub
        return session_note(found, queries.status(viewer), moment_ms, viewer) if found else None


def _register_start(app: Dash) -> None:
    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash types it not
        ClientsideFunction("sessions", "asked"),
        Output({"type": START, "name": MATCH}, "disabled"),
        Input({"type": START, "name": MATCH}, "n_clicks"),
        prevent_initial_call=True,
    )

    @app.callback(
        Output(MESSAGE, "children", allow_duplicate=True),
        Output(CHANGED, "data", allow_duplicate=True),
        Input({"type": START, "name": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def start(_clicks: Sequence[int | None]) -> tuple[Any, Any]:
        launcher, asked = current_launcher(), _clicked()
        if launcher is None or asked is None:
            return no_update, no_update
        viewer, token, name = current_viewer(), current_hub_token(), str(asked["name"])
        return _done(lambda: launcher.start(viewer, token, name), _("Started: its job is in Slurm's hands."))


def _register_stop(app: Dash) -> None:
    @app.callback(
        Output(CONFIRM, "opened"),
        Output(WORDS, "children"),
        Output(TARGET, "data"),
        Input({"type": STOP, "owner": ALL, "name": ALL}, "n_clicks"),
        Input(NO, "n_clicks"),
        prevent_initial_call=True,
    )
    def ask(_clicks: Sequence[int | None], _no: int | None) -> tuple[Any, Any, Any]:
        launcher, asked = current_launcher(), _clicked()
        if launcher is None or asked is None:
            return (False if ctx.triggered_id == NO else no_update), no_update, no_update
        owner, name = str(asked["owner"]), str(asked["name"])
        application = launcher.application(name)
        title = title_of(application) if application else name or _("Server")
        words = stop_words(title, owner, own=owner == current_viewer().user)
        return True, words, {"owner": owner, "name": name}

    @app.callback(
        Output(CONFIRM, "opened", allow_duplicate=True),
        Output(MESSAGE, "children", allow_duplicate=True),
        Output(CHANGED, "data", allow_duplicate=True),
        Input(YES, "n_clicks"),
        State(TARGET, "data"),
        prevent_initial_call=True,
    )
    def stop(clicks: int | None, target: dict[str, str] | None) -> tuple[bool, Any, Any]:
        launcher = current_launcher()
        if launcher is None or not clicks or not target:
            return False, no_update, no_update
        token, owner, name = current_hub_token(), str(target.get("owner", "")), str(target.get("name", ""))
        return False, *_done(lambda: launcher.stop(token, owner, name), _("Stopped."))


def _body(launcher: Launcher, queries: PageQueries, viewer: Viewer, sessions: Sequence[Session]) -> list[Any]:
    """What can be started, and what runs."""
    moment_ms = now_ms()
    own = {session.name: session.phase for session in sessions if session.owner == viewer.user}
    found = seen(launcher, queries, viewer, sessions, moment_ms)
    return [
        application_cards(launcher.applications, own, current_hub_token() is not None),
        html.H2(_("Running"), className="mw-section-title"),
        session_cards(found, queries.status(viewer), moment_ms, viewer),
    ]


def _clicked() -> dict[str, Any] | None:
    """The id of the button that was pressed; None when buttons were only drawn anew."""
    asked, cause = ctx.triggered_id, ctx.triggered
    return asked if isinstance(asked, dict) and cause and cause[0]["value"] else None


def _done(act: Callable[[], None], text: str) -> tuple[Any, Any]:
    """What is said after a start or a stop, and the sign that the list is to be read again."""
    try:
        act()
    except HUB_ERRORS as error:
        return problem(_("That did not work."), str(error)), now_ms()
    return said(text), now_ms()
