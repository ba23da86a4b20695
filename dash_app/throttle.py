"""Slows down guessing: after some failures an address has to wait."""

import threading
import time
from collections import deque
from collections.abc import Callable


class Throttle:
    """Counts failures by address in a sliding window; safe to use from several threads.

    Args:
        limit: failures allowed in the window.
        window_s: length of the window [s].
        clock: seconds of a monotonic clock.
    """

    MAX_ADDRESSES = 10_000

    def __init__(self, limit: int = 10, window_s: float = 300.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._window_s, self._clock = limit, window_s, clock
        self._failures: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def wait_s(self, address: str) -> float:
        """Seconds until `address` may try again; 0 when it may now."""
        with self._lock:
            recent = self._recent(address)
            return recent[0] + self._window_s - self._clock() if len(recent) >= self._limit else 0.0

    def fail(self, address: str) -> None:
        """Note a failure of `address`."""
        with self._lock:
            if address not in self._failures and len(self._failures) >= self.MAX_ADDRESSES:
                self._failures.pop(next(iter(self._failures)))  # the oldest: memory stays bounded
            self._failures.setdefault(address, deque(maxlen=self._limit)).append(self._clock())

    def forget(self, address: str) -> None:
        """A success: earlier failures of `address` no longer count."""
        with self._lock:
            self._failures.pop(address, None)

    def _recent(self, address: str) -> deque[float]:
        recent = self._failures.get(address, deque())
        while recent and recent[0] <= self._clock() - self._window_s:
            recent.popleft()
        return recent
