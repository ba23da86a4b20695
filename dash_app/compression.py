"""gzip for what is large: the scripts shrink to a third, which is felt through a tunnel."""

import gzip
from functools import lru_cache
from typing import Final

from flask import Flask, Response, request

MIN_BYTES: Final = 2048
_TYPES: Final = ("text/", "application/json", "application/javascript", "image/svg+xml")


@lru_cache(maxsize=128)
def _compress_static(path: str, body: bytes) -> bytes:
    del path  # the key is path and content: a static file is compressed once
    return gzip.compress(body, compresslevel=6)


def add_compression(server: Flask) -> None:
    """Compress answers of `server` for clients that take gzip."""

    def compress(response: Response) -> Response:
        if not _worthwhile(response):
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) < MIN_BYTES:
            return response
        static = "/_dash-component-suites/" in request.path or request.path.startswith("/assets/")
        response.set_data(_compress_static(request.path, body) if static else gzip.compress(body, compresslevel=3))
        response.headers["Content-Encoding"] = "gzip"
        response.vary.add("Accept-Encoding")
        return response

    server.after_request(compress)


def _worthwhile(response: Response) -> bool:
    return (
        response.status_code == 200
        and (response.direct_passthrough or not response.is_streamed)  # what is made while it is sent has no end yet
        and request.method in {"GET", "POST"}
        and "Content-Encoding" not in response.headers
        and (response.mimetype or "").startswith(_TYPES)
        and request.accept_encodings["gzip"] > 0
    )
