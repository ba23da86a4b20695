"""The body of a request, unpacked within bounds."""

import zlib
from typing import Final

from maxwatt.domain.errors import InputError

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
"""Largest body, as sent and unpacked."""

_GZIP: Final = 31  # zlib's word for a gzip header and trailer around the widest window


class TooLargeError(InputError):
    """The body is larger than is taken."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is larger than {limit} bytes, as sent or unpacked; send it in parts")


def unpacked(data: bytes, encoding: str, limit: int = MAX_BODY_BYTES) -> bytes:
    """The body behind its Content-Encoding.

    Args:
        data: as sent.
        encoding: `gzip`, `identity` or nothing.
        limit: most bytes, before and after [B].

    Raises:
        TooLargeError: more than `limit`.
        InputError: unknown encoding, or damaged data.
    """
    if len(data) > limit:
        raise TooLargeError(limit)
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return data
    if name != "gzip":
        raise InputError(f"unknown Content-Encoding {encoding[:40]!r}; known: gzip, identity")
    try:
        return _gunzip(data, limit)
    except zlib.error as error:
        raise InputError(f"the body is no gzip: {error}") from error


def _gunzip(data: bytes, limit: int) -> bytes:
    parts, size = [], 0
    while data:  # a gzip may be several, one after the other
        member = zlib.decompressobj(_GZIP)
        part = member.decompress(data, limit - size + 1)
        size += len(part)
        if size > limit:
            raise TooLargeError(limit)
        if not member.eof:
            raise InputError("the body is a gzip that ends too soon")
        parts.append(part)
        data = member.unused_data
    return b"".join(parts)
