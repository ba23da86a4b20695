"""The two questions a service asks a hub: whose token is this, and which token does this code stand for."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlencode

from dash_app.signin.hub_place import HubPlace
from dash_app.turns import elsewhere
from maxwatt.domain.errors import MaxwattError

TIMEOUT_S: Final = 5.0
PAUSE_S: Final = 5.0
"""After a failure nobody waits for the hub again before this time [s]: a request that waits takes a thread."""

_MAX_BYTES: Final = 1 << 20
_REFUSED: Final = frozenset({400, 401, 403, 404})


class HubAwayError(MaxwattError):
    """The hub does not answer, or not as a hub does."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the hub's own address and nowhere else."""

    def redirect_request(self, *_args: Any) -> None:
        return None


OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
"""Asks the hub itself: past no proxy, and where it points elsewhere not there."""


class HubApi:
    """Asks one hub.

    Args:
        clock: seconds of a monotonic clock.
    """

    def __init__(self, place: HubPlace, clock: Callable[[], float] = time.monotonic) -> None:
        self._place, self._clock = place, clock
        self._away_until_s = float("-inf")

    def user(self, token: str) -> dict[str, Any] | None:
        """The hub's record of a token's owner; None where it refuses the token.

        Raises:
            HubAwayError: no answer, or none of a hub.
        """
        return self._ask(f"{self._place.api_url}/user", token)

    def token_for(self, code: str, verifier: str) -> str | None:
        """The token that a code of a sign-in stands for; None where the hub refuses the code.

        Args:
            verifier: of PKCE (RFC 7636).

        Raises:
            HubAwayError: no answer, or none of a hub.
        """
        form = {
            "client_id": self._place.client_id,
            "client_secret": self._place.api_token,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._place.callback_url,
            "code_verifier": verifier,
        }
        answer = self._ask(f"{self._place.api_url}/oauth2/token", self._place.api_token, urlencode(form).encode())
        token = (answer or {}).get("access_token")
        return token if isinstance(token, str) and token else None

    def _ask(self, url: str, token: str, body: bytes | None = None) -> dict[str, Any] | None:
        if self._clock() < self._away_until_s:
            raise HubAwayError("The hub did not answer a moment ago.")
        try:
            return _answer(url, token, body)
        except HubAwayError:
            self._away_until_s = self._clock() + PAUSE_S
            raise


def _answer(url: str, token: str, body: bytes | None) -> dict[str, Any] | None:
    headers = {"Authorization": f"token {token}", "Accept": "application/json", "User-Agent": "maxwatt"}
    try:
        request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  the administrator's own setting
        with elsewhere(), OPENER.open(request, timeout=TIMEOUT_S) as response:
            found = json.loads(response.read(_MAX_BYTES))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in _REFUSED:
            return None
        raise HubAwayError(f"The hub answers {error.code}.") from error
    except (OSError, HTTPException, ValueError) as error:
        raise HubAwayError("The hub does not answer.") from error
    if not isinstance(found, dict):
        raise HubAwayError("What answers is no hub.")
    return found
