"""Tokens of those who may push samples: kept as digests, compared in constant time."""

import hashlib
import hmac
from collections.abc import Sequence


def digest(token: str) -> str:
    """SHA-256 of a token in hex; tokens are long and random, so that no salt is needed."""
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def matches(token: str, digests: Sequence[str]) -> bool:
    """Whether `token` is one of those digested; no token is none. Takes as long for a near miss as for a far one."""
    given = digest(token).encode("ascii")
    found = False
    for known in digests:
        found |= hmac.compare_digest(given, known.strip().lower().encode("utf-8"))
    return found and bool(token)
