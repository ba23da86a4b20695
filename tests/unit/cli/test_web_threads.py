"""Pages and pushes do not wait for each other."""

import socket
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from flask import Flask
from waitress.server import create_server

from aggregator.ingest.http import WRITE_PATH
from maxwatt.cli._web_threads import PAGE_THREADS, PUSH_THREADS, TwoPools

WAIT_S = 20


class Slow:
    """A server whose answers at `/slow` and to pushes that ask for it come when `go` is set."""

    def __init__(self) -> None:
        self.go, self.begun = threading.Event(), threading.Semaphore(0)
        app = Flask("slow")
        app.add_url_rule("/slow", view_func=self._wait, endpoint="slow")
        app.add_url_rule(WRITE_PATH, view_func=self._wait, endpoint="held", methods=["POST"])
        app.add_url_rule("/", view_func=lambda: "page", endpoint="page")
        app.add_url_rule(f"/below{WRITE_PATH}", view_func=lambda: "push", endpoint="push", methods=["POST"])
        self.server = create_server(app, host="127.0.0.1", port=0, _dispatcher=TwoPools(), connection_limit=400)
        self.url = f"http://127.0.0.1:{self.server.effective_port}"
        self._thread = threading.Thread(target=self.server.run)
        self._thread.start()

    def _wait(self) -> str:
        self.begun.release()
        return str(self.go.wait(WAIT_S))

    def ask(self, path: str, body: bytes | None = None) -> str:
        with urllib.request.urlopen(f"{self.url}{path}", data=body, timeout=WAIT_S) as answer:
            return str(answer.read().decode())

    def close(self) -> None:
        self.go.set()
        with suppress(OSError):
            self.server.trigger.pull_trigger(self.server.close)
        self._thread.join()


@pytest.fixture
def slow() -> Iterator[Slow]:
    server = Slow()
    yield server
    server.close()


def test_a_push_is_taken_while_every_page_is_slow(slow: Slow) -> None:
    with ThreadPoolExecutor(PAGE_THREADS) as readers:
        waiting = [readers.submit(slow.ask, "/slow") for _ in range(PAGE_THREADS)]
        assert all(slow.begun.acquire(timeout=WAIT_S) for _ in waiting)
        assert slow.ask(f"/below{WRITE_PATH}", b"x") == "push"
        slow.go.set()
        assert {answer.result() for answer in waiting} == {"True"}


def test_a_page_comes_while_every_push_waits(slow: Slow) -> None:
    with ThreadPoolExecutor(PUSH_THREADS) as agents:
        waiting = [agents.submit(slow.ask, WRITE_PATH, b"x") for _ in range(PUSH_THREADS)]
        assert all(slow.begun.acquire(timeout=WAIT_S) for _ in waiting)
        assert slow.ask("/") == "page"
        slow.go.set()
        assert {answer.result() for answer in waiting} == {"True"}


def test_what_is_no_request_is_refused_and_harms_nobody(slow: Slow) -> None:
    with socket.create_connection(("127.0.0.1", slow.server.effective_port), timeout=WAIT_S) as line:
        line.sendall(b"NONSENSE\r\n\r\n")
        assert b" 400 " in line.recv(4096)
    assert slow.ask("/") == "page"
