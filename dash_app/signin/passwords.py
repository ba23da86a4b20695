"""Passwords as they are kept: scrypt (RFC 7914), which costs a guesser 32 MiB and a tenth of a second each."""

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from typing import Final

MIN_CHARS: Final = 10
MAX_CHARS: Final = 256

_N, _R, _P = 1 << 15, 8, 1
_MEMORY_BYTES: Final = 128 * 1024 * 1024
_ONE_AT_A_TIME: Final = threading.Lock()  # each takes 32 MiB, and guesses come in crowds


NOBODYS: Final = f"scrypt${_N}${_R}${_P}${'A' * 22}==${'A' * 43}="
"""Compared with where there is no such user, so that the answer takes as long; of no password known."""


def kept(password: str) -> str:
    """What is kept of a password: `scrypt$n$r$p$salt$hash`."""
    salt = secrets.token_bytes(16)
    return "$".join(("scrypt", str(_N), str(_R), str(_P), _text(salt), _text(_scrypt(password, salt, _N, _R, _P))))


def matches(password: str, known: str) -> bool:
    """Whether a password is the one that this was kept of; takes as long where it is not."""
    try:
        kind, n, r, p, salt, digest = known.split("$")
        found = _scrypt(password[:MAX_CHARS], base64.b64decode(salt), int(n), int(r), int(p))
        return kind == "scrypt" and hmac.compare_digest(found, base64.b64decode(digest))
    except (ValueError, binascii.Error):
        return False


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    with _ONE_AT_A_TIME:
        return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY_BYTES, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
