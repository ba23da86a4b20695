"""Tokens that people make for their scripts. The text is told once; what is kept is its digest."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "mwt_"
"""What such a token begins with, so that it is known for one, in logs and scans for secrets too."""

MAX_DAYS: Final = 366
MAX_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as its owner sees it. Times are epoch ms UTC.

    Args:
        user: whose jobs it shows; empty for the local administrator.
        sees_all: shows everybody's jobs.
        name: what its owner calls it.
        used_ms: last use, to an hour; None: never used.
    """

    token_id: int
    user: str
    name: str
    sees_all: bool
    created_ms: int
    expires_ms: int
    used_ms: int | None


def new_token() -> str:
    """A new token: 256 random bits as text."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token. Without salt and in one step: nobody can guess 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
