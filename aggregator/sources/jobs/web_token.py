"""Web tokens that tell slurmrestd who asks: JWT, RFC 7519, signed with HS256 (RFC 7515)."""

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Final

from aggregator.sources.private_file import read_filled
from maxwatt.config import SlurmSettings
from maxwatt.domain.errors import SourceError

LIFE_S: Final = 300
"""Life of a token made here [s]: each request gets a new one; the clocks of two machines may differ by minutes."""

_TOKEN = re.compile(rb"(?:SLURM_JWT=)?([A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+)\s*")


def token_headers(settings: SlurmSettings, now_s: int) -> dict[str, str]:
    """Headers of a request to slurmrestd; none where neither a key nor a token is configured, as on a Unix socket.

    Args:
        settings: where the key or the token is. Both files are read anew, so that a site may replace them.
        now_s: the present [epoch s UTC].

    Raises:
        SourceError: the file cannot be read, is open to others, or holds no key or token.
    """
    if settings.rest_token_file:
        content = read_filled(Path(settings.rest_token_file), "slurm.rest_token_file")
        match = _TOKEN.fullmatch(content)
        if not match:
            raise SourceError(f"{settings.rest_token_file} holds no web token such as `scontrol token` prints")
        return _headers(settings.rest_user, match[1].decode("ascii"))
    if settings.rest_key_file:
        key = read_filled(Path(settings.rest_key_file), "slurm.rest_key_file")
        return _headers(settings.rest_user, mint(key, settings.rest_user, now_s))
    return {}


def mint(key: bytes, user: str, now_s: int) -> str:
    """A token that says, until `LIFE_S` after now, that its bearer is this user of Slurm.

    Args:
        key: the cluster's `jwt_hs256.key`.
        user: name of a Unix user (Slurm's claim `sun`).
        now_s: the present [epoch s UTC].
    """
    head = _part({"alg": "HS256", "typ": "JWT"})
    claims = _part({"exp": now_s + LIFE_S, "iat": now_s, "sun": user})
    signature = hmac.new(key, head + b"." + claims, hashlib.sha256).digest()
    return b".".join((head, claims, _base64(signature))).decode("ascii")


def _headers(user: str, token: str) -> dict[str, str]:
    return {"X-SLURM-USER-NAME": user, "X-SLURM-USER-TOKEN": token}


def _part(content: dict[str, object]) -> bytes:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
