"""Who holds the token that the server printed is its administrator."""

import hmac
from typing import Final

from flask import Flask, Response, request, session

from dash_app.signin.answers import here, of_script, safe_target, see_other, wait, without_token
from dash_app.signin.forms import LOGIN_PATH, token_form
from dash_app.throttle import Throttle
from dash_app.urls import link
from maxwatt.domain.viewer import ADMIN, Viewer

_SIGNED_IN: Final = "signed_in"


class PrintedToken:
    """The token is given in a form or in the address; a session follows.

    Args:
        token: what the server printed.
        throttle: counts failures by address.

    Raises:
        ValueError: the token is empty.
    """

    open_paths = frozenset({LOGIN_PATH})
    ambient = True

    def __init__(self, token: str, throttle: Throttle | None = None) -> None:
        if not token:
            raise ValueError("the access token must not be empty")
        self._token, self._throttle = token.encode(), throttle or Throttle()

    def routes(self, server: Flask) -> None:
        """The form."""
        server.add_url_rule(LOGIN_PATH, "login", self._login, methods=["GET", "POST"])

    def check(self) -> Viewer | Response:
        """The administrator, or the form; a token in the address is tried and taken out of it, for people only."""
        if request.method == "GET" and "token" in request.args and not of_script(request):
            return self._attempt(request.args["token"], without_token(request))
        return ADMIN if session.get(_SIGNED_IN) is True else token_form(here(request), status=401)

    def sign_out(self) -> Response:
        """Forget the session."""
        session.clear()
        return see_other(link(LOGIN_PATH))

    def _login(self) -> Response:
        target = safe_target(request.values.get("next", "/"))
        if request.method == "POST":
            return self._attempt(request.form.get("token", ""), target)
        return token_form(target, status=200)

    def _attempt(self, token: str, target: str) -> Response:
        address = request.remote_addr or ""
        wait_s = self._throttle.wait_s(address)
        if wait_s > 0:
            return wait(wait_s, token_form(target, status=429, wait_s=wait_s))
        if not hmac.compare_digest(token.strip().encode(), self._token):
            self._throttle.fail(address)
            return token_form(target, status=401, wrong=True)
        self._throttle.forget(address)
        session.clear()
        session.permanent = True
        session[_SIGNED_IN] = True
        return see_other(link(target))
