"""The gate before every route: who is asking? The configured way to sign in answers, see `dash_app.signin`."""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSessionInterface

from dash_app.language import _
from dash_app.signin.answers import of_api, of_script, refusal, session_needed
from dash_app.signin.bearers import Bearers
from dash_app.signin.coordinators import AccountsOf
from dash_app.signin.cross_site import from_elsewhere
from dash_app.signin.method import Method
from maxwatt.domain.errors import MaxwattError
from maxwatt.domain.viewer import Viewer

OPEN_PATHS: Final = frozenset({"/health", "/_favicon.ico", "/public"})
"""Answered without a sign-in; the configured method adds its own."""

PUSH_PATH: Final = "/api/v2/write"
"""Where agents push, with a token of their own; every other method there is a page's."""

OPEN_PREFIXES: Final = ("/assets/", "/_dash-component-suites/")
"""Scripts and styles: the same for everybody, no data in them."""

LOGOUT_PATH: Final = "/logout"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class NotSignedInError(MaxwattError):
    """The request comes from nobody who is known."""


def current_viewer() -> Viewer:
    """Who asks in the request being handled, as the gate found out.

    Raises:
        NotSignedInError: nobody who is known.
    """
    viewer: Viewer | None = g.get("viewer")
    if viewer is None:
        raise NotSignedInError("Sign in first.")
    return viewer


def signed_in() -> bool:
    """Whether the gate knows who asks in the request being handled."""
    return "viewer" in g


@dataclass(frozen=True, slots=True)
class Gate:
    """What decides who asks.

    Args:
        method: the way people sign in.
        bearers: reads the tokens of scripts; None: there are none.
        accounts_of: the accounts that a user coordinates.
    """

    method: Method
    bearers: Bearers | None = None
    accounts_of: AccountsOf = lambda _user: frozenset()


def protect(server: Flask, gate: Gate, secret: bytes, session_hours: float, base_path: str = "") -> None:
    """Put the gate before every route of `server`, those added later included.

    Args:
        secret: signs the sessions' cookies, so a new one ends them all.
        session_hours: how long a cookie lasts [h].
        base_path: path below which the app lives.
    """
    server.secret_key = secret
    server.session_interface = _Cookies()
    # Cookies know no port: the name keeps two servers on one host from signing each other's people out.
    server.config.update(
        SESSION_COOKIE_NAME=f"maxwatt_{hashlib.sha256(secret).hexdigest()[:8]}",
        SESSION_COOKIE_PATH=f"{base_path}/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # Strict would lose the session on links from a mail or the hub
        PERMANENT_SESSION_LIFETIME=timedelta(hours=session_hours),
    )
    server.before_request_funcs.setdefault(None, []).insert(0, lambda: _check(gate))
    server.add_url_rule(LOGOUT_PATH, "logout", gate.method.sign_out, methods=["POST"])
    gate.method.routes(server)


def session_secret(access_token: str) -> bytes:
    """The server's own secret, derived from the token that it printed."""
    return hashlib.blake2b(access_token.encode(), person=b"maxwatt session").digest()


class _Cookies(SecureCookieSessionInterface):
    """Cookies for encrypted connections only, where the browser has one: a proxy says so."""

    def get_cookie_secure(self, app: Flask) -> bool:
        del app
        return request.is_secure or request.headers.get("X-Forwarded-Proto", "").startswith("https")


def _check(gate: Gate) -> Response | None:
    """Flask's hook before a request: None lets it pass."""
    if _is_open(request):
        return None
    answer = gate.bearers.check(request) if gate.bearers and of_api(request) else None
    if answer is None:
        answer = _of_person(gate.method)
    if isinstance(answer, Viewer):
        g.viewer = answer if answer.sees_all else replace(answer, accounts=gate.accounts_of(answer.user))
        return None
    return answer


def _of_person(method: Method) -> Viewer | Response | None:
    """Who asks by what their browser sends; None on a path that is open to everybody."""
    if method.ambient and request.method not in _SAFE_METHODS and from_elsewhere(request.headers):
        return refusal(403, _("Not from here"), _("A page of another site sent this request: nothing was changed."))
    if request.path in {LOGOUT_PATH, *method.open_paths}:
        return None
    answer = method.check()
    if isinstance(answer, Response) and of_script(request) and answer.status_code <= 401:
        return session_needed()
    return answer


def _is_open(request: Request) -> bool:
    pushes = request.method == "POST" and request.path == PUSH_PATH
    return pushes or request.path in OPEN_PATHS or request.path.startswith(OPEN_PREFIXES)
