"""What the launcher asks of a JupyterHub: which servers there are, start one, stop one."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import quote, urlencode

from dash_app.language import _, marked
from dash_app.launcher.session import Session, sessions_of
from dash_app.signin.hub_api import OPENER, PAUSE_S, TIMEOUT_S, HubAwayError
from dash_app.signin.hub_place import HubPlace
from dash_app.turns import elsewhere
from maxwatt.domain.errors import MaxwattError

ACT_TIMEOUT_S: Final = 20.0
"""A hub answers a start or a stop after ten seconds at the latest, whether or not it has come to its end."""

PAGE: Final = 200
MAX_USERS: Final = 10_000
_MAX_BYTES: Final = 16 << 20
_WORDS: Final = {
    401: marked("The hub does not know this sign-in any more: sign out and in again."),
    403: marked("The hub does not let you do this."),
    404: marked("The hub knows no such user, or no such session of theirs."),
    429: marked("The hub is starting many sessions just now: try again in a minute."),
}


class HubRefusedError(MaxwattError):
    """The hub will not, and says why."""


class HubServers:
    """Servers of one hub. What is only looked at is asked in our own name; a start or stop in that of who wants it.

    Args:
        clock: seconds of a monotonic clock.
    """

    def __init__(self, place: HubPlace, clock: Callable[[], float] = time.monotonic) -> None:
        self._place, self._clock = place, clock
        self._away_until_s = float("-inf")

    def of_user(self, user: str) -> tuple[Session, ...]:
        """Servers of one user; none of one whom the hub does not know.

        Raises:
            HubAwayError: no answer, or none of a hub.
            HubRefusedError: it does not let us look.
        """
        try:
            record = self._look(_user(user))
        except HubRefusedError as error:
            if isinstance(error.__cause__, urllib.error.HTTPError) and error.__cause__.code == 404:
                return ()
            raise
        return sessions_of(_record(record))

    def of_everybody(self) -> tuple[Session, ...]:
        """Servers of all users, by user; of at most MAX_USERS of those who have some. Raises as `of_user`."""
        found: list[Session] = []
        for offset in range(0, MAX_USERS, PAGE):
            query = urlencode({"state": "active", "offset": offset, "limit": PAGE})
            records = self._look(f"/users?{query}")
            if not isinstance(records, list):
                raise HubAwayError(_("What answers is no hub."))
            found += [session for record in records for session in sessions_of(_record(record))]
            if len(records) < PAGE:
                break
        return tuple(sorted(found, key=lambda session: (session.owner, session.name)))

    def start(self, token: str, user: str, server: str, title: str, options: Mapping[str, str]) -> None:
        """Start a server; it may still be starting when this returns. Raises as `of_user`.

        Args:
            token: of the person who wants it: the hub judges what they may.
        """
        self._ask("POST", _server(user, server), token, {"display_name": title, "user_options": dict(options)})

    def stop(self, token: str, user: str, server: str) -> None:
        """Stop a server; it may still be stopping when this returns. Arguments and errors as of `start`."""
        self._ask("DELETE", _server(user, server), token)

    def _look(self, path: str) -> Any:
        """An answer to a question; while the hub is away nobody waits for it again and again."""
        if self._clock() < self._away_until_s:
            raise HubAwayError(_("The hub does not answer."))
        try:
            return self._ask("GET", path, self._place.api_token, timeout_s=TIMEOUT_S)
        except HubAwayError:
            self._away_until_s = self._clock() + PAUSE_S
            raise

    def _ask(
        self,
        method: str,
        path: str,
        token: str,
        body: Mapping[str, Any] | None = None,
        timeout_s: float = ACT_TIMEOUT_S,
    ) -> Any:
        request = urllib.request.Request(  # noqa: S310  the administrator's own setting
            self._place.api_url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {token}", "Accept": "application/json", "User-Agent": "maxwatt"},
            method=method,
        )
        try:
            with elsewhere(), OPENER.open(request, timeout=timeout_s) as response:
                text = response.read(_MAX_BYTES)
            return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise _refusal(error) from error
        except (OSError, HTTPException, ValueError) as error:
            raise HubAwayError(_("The hub does not answer.")) from error


def _user(user: str) -> str:
    return f"/users/{quote(user, safe='')}"


def _server(user: str, server: str) -> str:
    return f"{_user(user)}/servers/{quote(server, safe='')}" if server else f"{_user(user)}/server"


def _record(record: Any) -> Mapping[str, Any]:
    if not isinstance(record, dict):
        raise HubAwayError(_("What answers is no hub."))
    return record


def _refusal(error: urllib.error.HTTPError) -> MaxwattError:
    """What people read: our word where a status has one, with what the hub says."""
    said = _message(error)
    if error.code in {502, 503, 504}:
        return HubAwayError(_("The hub does not answer."))
    if error.code in _WORDS:
        return HubRefusedError(_(_WORDS[error.code]))
    if error.code >= 500:
        return HubRefusedError(_("The hub could not do it; its log says why."))
    return HubRefusedError(_("The hub refuses: {said}", said=said or f"{error.code}"))


def _message(error: urllib.error.HTTPError) -> str:
    """The sentence in a hub's refusal, shortened; it may come cut off or be none."""
    try:
        with error:
            content = json.loads(error.read(4096))
    except (OSError, HTTPException, ValueError):
        return ""
    message = content.get("message") if isinstance(content, dict) else None
    return " ".join(message.split())[:300] if isinstance(message, str) else ""
