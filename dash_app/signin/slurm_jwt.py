"""Web tokens of Slurm (`scontrol token`): JWT, RFC 7519, signed with the cluster's own key, HS256 (RFC 7515)."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any, Final

MAX_CHARS: Final = 4096
MIN_KEY_BYTES: Final = 16


def user_of(token: str, key: bytes, now_s: float) -> str | None:
    """The user a token names (claim `sun`); None where it is forged, has expired or is none.

    Only HS256 is read: what a token says of its own algorithm chooses nothing.

    Args:
        key: the cluster's `jwt_hs256.key`.
        now_s: the present [epoch s UTC].

    Raises:
        ValueError: the key is too short to sign anything.
    """
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"a key of {len(key)} bytes signs nothing")
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_CHARS or not token.isascii():
        return None
    head, claims = _content(parts[0]), _content(parts[1])
    signature = hmac.digest(key, f"{parts[0]}.{parts[1]}".encode(), hashlib.sha256)
    if head is None or claims is None or head.get("alg") != "HS256":
        return None
    if not hmac.compare_digest(_bytes(parts[2]), signature):
        return None
    return _user(claims) if _is_now(claims, now_s) else None


def _is_now(claims: dict[str, Any], now_s: float) -> bool:
    expires, begins = _number(claims.get("exp")), _number(claims.get("nbf", 0))
    return expires is not None and begins is not None and begins <= now_s < expires


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _user(claims: dict[str, Any]) -> str | None:
    user = claims.get("sun")
    return user if isinstance(user, str) and user and user.isprintable() else None


def _content(part: str) -> dict[str, Any] | None:
    try:
        found = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _bytes(part: str) -> bytes:
    """Base64 of RFC 7515; nothing where it is none."""
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
