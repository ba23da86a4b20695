"""Accounts of our own, for the demo and small sites: name and password."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, request

from dash_app.signin import passwords
from dash_app.signin.answers import here, safe_target, see_other, wait
from dash_app.signin.forms import LOGIN_PATH, password_form
from dash_app.signin.sees_all import viewer_of
from dash_app.signin.sessions import Sessions
from dash_app.signin.users_file import Account, read_accounts
from dash_app.throttle import Throttle
from dash_app.urls import link
from maxwatt.config import SigninSettings
from maxwatt.domain.viewer import Viewer


class LocalSignIn:
    """People give name and password; the file of accounts is read at each request, so changes count at once.

    Args:
        path: file of accounts, see `users_file`.
        throttle: counts failures by address and name.
        clock: seconds of a monotonic clock.

    Raises:
        ConfigError: the file cannot be used.
    """

    open_paths = frozenset({LOGIN_PATH})
    ambient = True

    def __init__(
        self,
        path: Path,
        settings: SigninSettings,
        throttle: Throttle | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._settings, self._throttle = path, settings, throttle or Throttle()
        self._sessions = Sessions[Account](settings.session_hours * 3600, clock)
        read_accounts(path)

    def routes(self, server: Flask) -> None:
        """The form."""
        server.add_url_rule(LOGIN_PATH, "login", self._login, methods=["GET", "POST"])

    def check(self) -> Viewer | Response:
        """The user of the session, or the form. A new password or a removed account ends the session."""
        then = self._sessions.current()
        now = read_accounts(self._path).get(then.name) if then else None
        if then is None or now is None or now.password != then.password:
            return password_form(here(request), status=401)
        return viewer_of(self._settings, now.name, admin=now.admin)

    def sign_out(self) -> Response:
        """End the session."""
        self._sessions.close()
        return see_other(link(LOGIN_PATH))

    def _login(self) -> Response:
        target = safe_target(request.values.get("next", "/"))
        if request.method != "POST":
            return password_form(target, status=200)
        name, password = request.form.get("user", "").strip(), request.form.get("password", "")
        return self._attempt(name, password, target)

    def _attempt(self, name: str, password: str, target: str) -> Response:
        who = f"{request.remote_addr} {hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}"
        wait_s = self._throttle.wait_s(who)
        if wait_s > 0:
            return wait(wait_s, password_form(target, status=429, wait_s=wait_s))
        account = read_accounts(self._path).get(name)
        if not passwords.matches(password, account.password if account else passwords.NOBODYS) or account is None:
            self._throttle.fail(who)
            return password_form(target, status=401, wrong=True)
        self._throttle.forget(who)
        self._sessions.open(account)
        return see_other(link(target))
