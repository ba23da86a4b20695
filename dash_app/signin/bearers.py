"""Scripts say who they are with a token in each request: one that their owner made here, or one of Slurm."""

from pathlib import Path

from flask import Request, Response

from dash_app.api.problems import Problem, response_of
from dash_app.signin import slurm_jwt
from dash_app.signin.identities import Identities
from dash_app.signin.sees_all import viewer_of
from maxwatt.config import SigninSettings
from maxwatt.config.private_file import read_private
from maxwatt.domain.api_tokens import PREFIX
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.units import MS_PER_S
from maxwatt.domain.viewer import Viewer

_REFUSED = Problem(
    "Not signed in",
    401,
    "The token is none of this server's, was revoked, or has expired.",
    "Make a new one on the page of your tokens.",
)
_SETTING = "signin.slurm_jwt_key_file"


class Bearers:
    """Reads `Authorization: Bearer …` (or `Token …`).

    Raises:
        ConfigError: the file with Slurm's key cannot be used.
    """

    def __init__(self, identities: Identities | None, settings: SigninSettings) -> None:
        self._identities, self._settings = identities, settings
        if settings.slurm_jwt_key_file:
            self._key()  # what is wrong with it is told at the start

    def check(self, request: Request) -> Viewer | Response | None:
        """Who sends a request, or the refusal of its token; None where it carries none."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in {"bearer", "token"}:
            return None
        return self._viewer(token.strip()) or response_of(_REFUSED)

    def _viewer(self, token: str) -> Viewer | None:
        if not token.isascii():
            return None
        if token.startswith(PREFIX):
            owner = self._identities.owner_of(token, now_ms()) if self._identities else None
            return Viewer(owner.user, sees_all=owner.sees_all) if owner else None
        if not self._settings.slurm_jwt_key_file:
            return None
        user = slurm_jwt.user_of(token, self._key(), now_ms() / MS_PER_S)
        return viewer_of(self._settings, user) if user else None

    def _key(self) -> bytes:
        """Slurm's key, read anew, so that a site may replace it."""
        path = Path(self._settings.slurm_jwt_key_file)
        key = read_private(path, _SETTING)
        if len(key) < slurm_jwt.MIN_KEY_BYTES:
            raise ConfigError(f"{path} ({_SETTING}) holds no key: {slurm_jwt.MIN_KEY_BYTES} bytes or more")
        return key
