"""Ends what sources wait for, so that a stopping server need not wait for Slurm."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from maxwatt.domain.errors import StoppedError


class Interrupt:
    """Set once, from another thread: it ends every wait under way, and every later one at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: list[Callable[[], None]] = []
        self._is_set = False

    @property
    def is_set(self) -> bool:
        """Whether there was an interrupt."""
        return self._is_set

    @contextmanager
    def ends(self, end: Callable[[], None]) -> Iterator[None]:
        """Within this, an interrupt calls `end`, which must end the wait.

        Raises:
            StoppedError: there was an interrupt; what the wait itself raised then does not count.
        """
        with self._lock:
            self._ends.append(end)
            if self._is_set:
                end()
        try:
            yield
        except Exception as error:
            if self._is_set:
                raise StoppedError("stopped while waiting for Slurm") from error
            raise
        finally:
            with self._lock:
                self._ends.remove(end)
        if self._is_set:
            raise StoppedError("stopped while waiting for Slurm")

    def set(self) -> None:
        """End all waits."""
        with self._lock:
            self._is_set = True
            for end in self._ends:
                end()
