"""Signing in through JupyterHub, as one of its services: OAuth 2, its state bound to the browser, with PKCE."""

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, g, request, session

from dash_app.language import _
from dash_app.signin.answers import here, refusal, see_other, session_needed
from dash_app.signin.hub_api import HubApi, HubAwayError
from dash_app.signin.hub_person import HubPerson, may_enter, person_of
from dash_app.signin.hub_place import CALLBACK_PATH, HubPlace
from dash_app.signin.hub_state import Journey, Journeys
from dash_app.signin.sees_all import viewer_of
from dash_app.signin.sessions import Sessions
from dash_app.urls import link
from maxwatt.config import SigninSettings
from maxwatt.domain.viewer import Viewer

_log = logging.getLogger(__name__)
_BROWSER: Final = "browser"
_NAVIGATES: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class _Known:
    """A signed-in browser: its token of the hub, whose it is, and when the hub last said so [s, monotonic]."""

    token: str
    person: HubPerson
    asked_s: float


def current_hub_token() -> str | None:
    """The hub's token of who asks, to act at the hub in their name; None when they came another way."""
    token: str | None = g.get("hub_token")
    return token


class HubSignIn:
    """People come back from the hub with a code; their name, groups and scopes are asked for again now and then.

    Args:
        place: where the hub is.
        secret: this server's own, for what travels through the browser.
        clock: seconds of a monotonic clock.
    """

    open_paths = frozenset({CALLBACK_PATH})
    ambient = True

    def __init__(
        self, place: HubPlace, settings: SigninSettings, secret: bytes, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._place, self._settings, self._clock = place, settings, clock
        self._api, self._journeys = HubApi(place, clock), Journeys(secret)
        self._sessions = Sessions[_Known](settings.session_hours * 3600, clock)

    def routes(self, server: Flask) -> None:
        """Where the hub sends people back to."""
        server.add_url_rule(CALLBACK_PATH, "oauth_callback", self._arrive)

    def check(self) -> Viewer | Response:
        """The person of the session as the hub knows them, or the way to the hub."""
        known = self._sessions.current()
        try:
            known = self._confirmed(known) if known else None
        except HubAwayError as error:
            return self._away(error)
        if known is None:
            return self._depart()
        if not may_enter(known.person, self._place.access_scopes):
            return self._not_allowed()
        g.hub_token = known.token
        return self._viewer(known.person)

    def sign_out(self) -> Response:
        """End our session; the hub's own goes on, so the next visit needs no password."""
        self._sessions.close()
        text = _("You are signed out here. The hub still knows you: sign out there too on a shared computer.")
        return refusal(200, _("Signed out"), text, _("To the hub"), f"{self._place.public_url}/home")

    def _viewer(self, person: HubPerson) -> Viewer:
        return viewer_of(self._settings, person.name, admin=person.admin, groups=person.groups, scopes=person.scopes)

    def _confirmed(self, known: _Known) -> _Known | None:
        """What is known, asked for anew when it is old; None where the hub has revoked the token."""
        if self._clock() - known.asked_s < self._settings.hub_check_s:
            return known
        person = person_of(self._api.user(known.token) or {})
        if person is None or person.name != known.person.name:
            self._sessions.close()
            return None
        newer = _Known(known.token, person, self._clock())
        self._sessions.replace(newer)
        return newer

    def _depart(self) -> Response:
        if request.method not in _NAVIGATES or _is_background():
            return session_needed()
        browser = session.setdefault(_BROWSER, secrets.token_urlsafe(16))
        journey = self._journeys.begin(browser, here(request))
        query = {
            "client_id": self._place.client_id,
            "redirect_uri": self._place.callback_url,
            "response_type": "code",
            "state": journey.state,
            "code_challenge": journey.challenge,
            "code_challenge_method": "S256",
        }
        return see_other(f"{self._place.public_url}/api/oauth2/authorize?{urlencode(query)}")

    def _arrive(self) -> Response:
        journey = self._journeys.end(session.get(_BROWSER, ""), request.args.get("state", ""))
        if journey is None:
            text = _("This sign-in was not begun in this browser, or it took too long. Cookies must be allowed.")
            return refusal(403, _("Not signed in"), text, _("Try again"), link("/"))
        try:
            return self._let_in(journey, request.args.get("code", ""))
        except HubAwayError as error:
            return self._away(error)

    def _let_in(self, journey: Journey, code: str) -> Response:
        token = self._api.token_for(code, journey.verifier) if code else None
        person = person_of(self._api.user(token) or {}) if token else None
        if token is None or person is None:
            text = _("The hub did not let you in here. If that should be so no longer, ask who runs it.")
            return refusal(403, _("Not signed in"), text, _("Try again"), link(journey.target))
        if not may_enter(person, self._place.access_scopes):
            return self._not_allowed()
        self._sessions.open(_Known(token, person, self._clock()))
        return see_other(link(journey.target))

    def _not_allowed(self) -> Response:
        text = _("The hub knows you, but does not allow you to see these pages. Ask who runs it.")
        return refusal(403, _("Not allowed"), text, _("To the hub"), f"{self._place.public_url}/home")

    def _away(self, error: HubAwayError) -> Response:
        _log.warning("sign-in: %s", error)
        text = _("The hub that signs people in does not answer right now. Please try again in a minute.")
        return refusal(503, _("The hub is away"), text, _("Try again"), link(here(request)))


def _is_background() -> bool:
    """Whether a script of a page asks, not a person who can be led elsewhere."""
    return request.path.startswith(("/_dash-", "/api/")) or request.headers.get("Sec-Fetch-Mode", "") in {
        "cors",
        "same-origin",
        "no-cors",
    }
