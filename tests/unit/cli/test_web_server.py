"""What listens ends: answers under way come, connections that nobody uses keep nobody waiting."""

import contextlib
import socket
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from maxwatt.cli._web_server import listening

WAIT_S = 20


class Held:
    """An app whose answers at `/held` come when `go` is set."""

    def __init__(self) -> None:
        self.go, self.begun, self.answered = threading.Event(), threading.Event(), threading.Event()
        self.app = Flask("held")
        self.app.add_url_rule("/held", view_func=self._hold, endpoint="held")
        self.app.add_url_rule("/", view_func=lambda: "page", endpoint="page")

    def _hold(self) -> str:
        self.begun.set()
        self.go.wait(WAIT_S)
        self.answered.set()
        return "x" * 1000


def ask(url: str) -> str:
    with urllib.request.urlopen(url, timeout=WAIT_S) as answer:
        return str(answer.read().decode())


def kept(url: str) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", urlsplit(url).port), timeout=WAIT_S)
    line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert line.recv(12) == b"HTTP/1.1 200"
    return line


def test_connections_that_are_kept_open_keep_nobody_waiting() -> None:
    with contextlib.ExitStack() as lines:
        with listening(Held().app, "127.0.0.1", 0, answers_s=WAIT_S) as url:
            for _ in range(5):
                lines.enter_context(kept(url))
            started = time.monotonic()
        assert time.monotonic() - started < WAIT_S / 2
    with pytest.raises(urllib.error.URLError):
        ask(url)


def test_an_answer_under_way_still_comes() -> None:
    held = Held()
    with ThreadPoolExecutor(1) as pool:
        with listening(held.app, "127.0.0.1", 0, answers_s=WAIT_S) as url:
            answer = pool.submit(ask, f"{url}/held")
            assert held.begun.wait(WAIT_S)
            threading.Timer(0.5, held.go.set).start()
        assert answer.result() == "x" * 1000


def test_an_answer_that_comes_too_late_is_written_into_no_file(tmp_path: Path) -> None:
    held = Held()
    with contextlib.ExitStack() as files, ThreadPoolExecutor(1) as pool:
        with listening(held.app, "127.0.0.1", 0, answers_s=0.5) as url:
            answer = pool.submit(ask, f"{url}/held")
            assert held.begun.wait(WAIT_S)
        for number in range(50):  # they get the numbers of what the server closed
            files.enter_context((tmp_path / str(number)).open("wb"))
        held.go.set()
        with contextlib.suppress(OSError):
            answer.result()
        assert held.answered.wait(WAIT_S)
        time.sleep(0.5)  # the thread that answered wakes the one that sends
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.stat().st_size} == {}
