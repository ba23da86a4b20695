"""Who may see the pages. Until there is a sign-in: who holds the token that the server printed."""

import hashlib
import hmac
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Request, Response, redirect, request, session

from dash_app.api.problems import PREFIX, UNAUTHORIZED, response_of
from dash_app.login_page import login_page
from dash_app.throttle import Throttle
from maxwatt.domain.errors import MaxwattError
from maxwatt.domain.viewer import ADMIN, Viewer

OPEN_PATHS: Final = frozenset({"/health", "/_favicon.ico"})
"""Answered without the token."""

PUSH_PATH: Final = "/api/v2/write"
"""Where agents push, with a token of their own; every other method there is a page's."""

OPEN_PREFIXES: Final = ("/assets/", "/_dash-component-suites/")
"""Scripts and styles: the same for everybody, no data in them."""

LOGIN_PATH: Final = "/login"
LOGOUT_PATH: Final = "/logout"
_SIGNED_IN: Final = "signed_in"
_LIFETIME: Final = timedelta(days=7)


class NotSignedInError(MaxwattError):
    """The request carries no valid session."""


def viewer_of(request: Request) -> Viewer:
    """Who is asking. The only place that decides this.

    Raises:
        NotSignedInError: the request has no valid session.
    """
    del request  # a later sign-in reads its headers; the token's session says all there is today
    if signed_in():
        return ADMIN
    raise NotSignedInError("Sign in with the token that the server printed.")


def signed_in() -> bool:
    """Whether the request being handled carries a valid session."""
    return session.get(_SIGNED_IN) is True


def current_viewer() -> Viewer:
    """Who asks in the request being handled.

    Raises:
        NotSignedInError: the request has no valid session.
    """
    return viewer_of(request)


def protect(server: Flask, access_token: str, throttle: Throttle | None = None) -> None:
    """Put the gate before every route of `server`, those added later included.

    Args:
        access_token: what the server printed; the key of the sessions is derived from it, so a new token ends them all.
        throttle: counts failures by address.

    Raises:
        ValueError: the token is empty.
    """
    if not access_token:
        raise ValueError("the access token must not be empty")
    gate = _Gate(access_token, throttle or Throttle())
    digest = hmac.digest(access_token.encode(), b"maxwatt session", hashlib.sha256)
    server.secret_key = digest
    # Cookies know no port: the name keeps two servers on one host from signing each other's people out.
    server.config.update(
        SESSION_COOKIE_NAME=f"maxwatt_{hashlib.sha256(digest).hexdigest()[:8]}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # Strict would lose the session on links from a mail or the hub
        PERMANENT_SESSION_LIFETIME=_LIFETIME,
    )
    server.before_request_funcs.setdefault(None, []).insert(0, gate.check)
    server.add_url_rule(LOGIN_PATH, "login", gate.login, methods=["GET", "POST"])
    server.add_url_rule(LOGOUT_PATH, "logout", _logout, methods=["POST"])


def safe_target(target: str) -> str:
    """`target` when it is a path on this server, else the start page: no redirect leads elsewhere."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if plain and target.isprintable() and "\\" not in target else "/"


class _Gate:
    """Checks every request; knows the token."""

    def __init__(self, token: str, throttle: Throttle) -> None:
        self._token, self._throttle = token.encode(), throttle

    def check(self) -> Response | None:
        """Flask's hook before a request: None lets it pass."""
        if _is_open(request):
            return None
        of_api = request.path.startswith(f"{PREFIX}/")
        if request.method == "GET" and "token" in request.args and not of_api:
            return self._attempt(request.args["token"], _without_token(request))
        if request.path in {LOGIN_PATH, LOGOUT_PATH}:
            return None
        try:
            viewer_of(request)
        except NotSignedInError:
            return response_of(UNAUTHORIZED) if of_api else login_page(safe_target(_here(request)), status=401)
        return None

    def login(self) -> Response:
        """The form and its answer."""
        target = safe_target(request.values.get("next", "/"))
        if request.method == "POST":
            return self._attempt(request.form.get("token", ""), target)
        return login_page(target, status=200)

    def _attempt(self, token: str, target: str) -> Response:
        address = request.remote_addr or ""
        wait_s = self._throttle.wait_s(address)
        if wait_s > 0:
            return login_page(target, status=429, wait_s=wait_s)
        if not hmac.compare_digest(token.strip().encode(), self._token):
            self._throttle.fail(address)
            return login_page(target, status=401, wrong=True)
        self._throttle.forget(address)
        session.clear()
        session.permanent = True
        session[_SIGNED_IN] = True
        return _see_other(target)


def _is_open(request: Request) -> bool:
    pushes = request.method == "POST" and request.path == PUSH_PATH
    return pushes or request.path in OPEN_PATHS or request.path.startswith(OPEN_PREFIXES)


def _logout() -> Response:
    session.clear()
    return _see_other(LOGIN_PATH)


def _see_other(target: str) -> Response:
    response: Response = redirect(target, code=303, Response=Response)  # type: ignore[assignment]  # we pass the class
    response.headers["Cache-Control"] = "no-store"
    return response


def _here(request: Request) -> str:
    query = request.query_string.decode("utf-8", "replace")
    return request.path + (f"?{query}" if query else "")


def _without_token(request: Request) -> str:
    rest = [(key, value) for key, value in request.args.items(multi=True) if key != "token"]
    return safe_target(request.path + (f"?{urlencode(rest)}" if rest else ""))
