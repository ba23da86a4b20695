"""What travels with a person to the hub and back: where they wanted to go, sealed, and bound to their browser."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer

from dash_app.signin.answers import safe_target

LIFE_S: Final = 600
"""Time to sign in at the hub [s]."""


@dataclass(frozen=True, slots=True)
class Journey:
    """One way to the hub and back.

    Args:
        state: what the hub gives back.
        verifier: the secret of PKCE (RFC 7636), never sent before the code is there.
        target: path to go to after signing in.
    """

    state: str
    verifier: str
    target: str

    @property
    def challenge(self) -> str:
        """What the hub is told beforehand of the verifier (`S256`)."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())


class Journeys:
    """Makes and reads them; nothing is kept here, so nobody can fill the memory.

    Args:
        secret: this server's own.
    """

    def __init__(self, secret: bytes) -> None:
        self._seal = URLSafeTimedSerializer(secret, salt="hub sign-in")
        self._key = hmac.digest(secret, b"hub verifier", "sha256")

    def begin(self, browser: str, target: str) -> Journey:
        """A journey of the browser that has this number to `target`."""
        nonce = secrets.token_urlsafe(16)
        state = self._seal.dumps([nonce, self._mark(browser), target])
        return Journey(state, self._verifier(nonce), target)

    def end(self, browser: str, state: str) -> Journey | None:
        """The journey that `state` seals; None where it is forged, too old, or another browser's."""
        try:
            nonce, mark, target = self._seal.loads(state, max_age=LIFE_S)
        except (BadData, ValueError, TypeError):
            return None
        if not browser or not hmac.compare_digest(str(mark), self._mark(browser)):
            return None
        return Journey(state, self._verifier(str(nonce)), safe_target(str(target)))

    def _mark(self, browser: str) -> str:
        return _text(hmac.digest(self._key, b"browser " + browser.encode(), "sha256"))

    def _verifier(self, nonce: str) -> str:
        return _text(hmac.digest(self._key, b"verifier " + nonce.encode(), "sha256"))


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
