"""A real server on loopback that takes lines, fails when told to, and remembers what it was sent."""

import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import pytest


class Receiver:
    """Answers with `status`; what it answered 204 to, or 400, stands in `stored`."""

    def __init__(self) -> None:
        self.status, self.said = 204, b""
        self.stored: list[bytes] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.max_bytes = 1 << 30
        self._lock = Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.take(self.path, dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(receiver.said)))
                self.end_headers()
                self.wfile.write(receiver.said)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        with self._lock:
            self.requests.append((path, headers))
            lines = zlib.decompress(body, wbits=31) if headers.get("Content-Encoding") == "gzip" else body
            status = 413 if len(lines) > self.max_bytes else self.status
            if status in {204, 400}:
                self.stored.append(lines)
            return status

    @property
    def lines(self) -> list[bytes]:
        """Every line stored, in order of arrival."""
        with self._lock:
            return [line for body in self.stored for line in body.splitlines()]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
