"""So many compute at once; who waits for another server lets others on."""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dash_app.turns import elsewhere, taking_turns

WAIT_S = 20
SHORT_S = 0.2


class App:
    """Says who is in it; `/hub` waits for another server, `/fails` raises."""

    def __init__(self) -> None:
        self.inside, self.most, self._lock = 0, 0, threading.Lock()
        self.entered, self.go = threading.Semaphore(0), threading.Event()

    def __call__(self, environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/fails":
            raise ValueError
        if environ["PATH_INFO"] == "/hub":
            with elsewhere():
                self._wait()
            return [b"hub"]
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self._wait()
        with self._lock:
            self.inside -= 1
        return [b"page"]

    def _wait(self) -> None:
        self.entered.release()
        assert self.go.wait(WAIT_S)


def ask(app: Any, path: str) -> Iterable[bytes]:
    return app({"PATH_INFO": path}, lambda *_: None)  # type: ignore[no-any-return]


def test_no_more_than_the_turns_compute_at_once() -> None:
    app = App()
    turned = taking_turns(app, turns=2)  # type: ignore[arg-type]
    with ThreadPoolExecutor(6) as people:
        waiting = [people.submit(ask, turned, "/") for _ in range(6)]
        assert all(app.entered.acquire(timeout=WAIT_S) for _ in range(2))
        assert not app.entered.acquire(timeout=SHORT_S)
        app.go.set()
        assert [answer.result() for answer in waiting] == [[b"page"]] * 6
    assert app.most == 2


def test_who_waits_for_another_server_holds_up_nobody() -> None:
    app = App()
    turned = taking_turns(app, turns=1)  # type: ignore[arg-type]
    with ThreadPoolExecutor(3) as people:
        waiting = [people.submit(ask, turned, path) for path in ("/hub", "/hub", "/")]
        assert all(app.entered.acquire(timeout=WAIT_S) for _ in range(3))
        app.go.set()
        assert [answer.result() for answer in waiting] == [[b"hub"], [b"hub"], [b"page"]]
    assert app.most == 1


def test_free_paths_need_no_turn() -> None:
    app = App()
    turned = taking_turns(app, ("/api/v2/write",), turns=1)  # type: ignore[arg-type]
    with ThreadPoolExecutor(2) as people:
        waiting = [people.submit(ask, turned, path) for path in ("/", "/below/api/v2/write")]
        assert all(app.entered.acquire(timeout=WAIT_S) for _ in range(2))
        app.go.set()
        assert all(answer.result() for answer in waiting)


def test_a_fault_gives_the_turn_back() -> None:
    app = App()
    app.go.set()
    turned = taking_turns(app, turns=1)  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(ValueError, match=r"^$"):
            ask(turned, "/fails")
    assert ask(turned, "/") == [b"page"]


def test_without_turns_nothing_is_let_go() -> None:
    with elsewhere():
        pass
