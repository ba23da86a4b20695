"""Who is signed in, kept here: the browser holds only a number that nobody can guess. A restart ends them all."""

import secrets
import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from flask import session

T = TypeVar("T")
_ID: Final = "id"


class Sessions(Generic[T]):
    """What is known of each signed-in browser; safe to use from several threads.

    Args:
        life_s: time after which one has to sign in again [s].
        clock: seconds of a monotonic clock.
    """

    MAX_SESSIONS = 10_000

    def __init__(self, life_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._life_s, self._clock = life_s, clock
        self._known: dict[str, tuple[float, T]] = {}
        self._lock = threading.Lock()

    def open(self, value: T) -> None:
        """Begin a session for the browser of the request being handled; an earlier one of it ends."""
        self.close()
        key = secrets.token_urlsafe(32)
        with self._lock:
            if len(self._known) >= self.MAX_SESSIONS:
                self._known.pop(next(iter(self._known)))  # the oldest: memory stays bounded
            self._known[key] = (self._clock() + self._life_s, value)
        session.permanent = True
        session[_ID] = key

    def current(self) -> T | None:
        """What is known of the browser of the request being handled; None without a session."""
        with self._lock:
            until_s, value = self._known.get(session.get(_ID, ""), (0.0, None))
        return value if value is not None and self._clock() < until_s else None

    def replace(self, value: T) -> None:
        """Note something newer about the browser of the request being handled, if its session still lasts."""
        key = session.get(_ID, "")
        with self._lock:
            if key in self._known:
                self._known[key] = (self._known[key][0], value)

    def close(self) -> None:
        """End the session of the request being handled, on both sides."""
        with self._lock:
            self._known.pop(session.get(_ID, ""), None)
        session.clear()
