"""Who answers requests: pages and pushes have threads of their own, so that neither waits for the other."""

from typing import Final

from waitress.channel import HTTPChannel
from waitress.task import ThreadedTaskDispatcher

from aggregator.ingest.http import WRITE_PATH

PAGE_THREADS: Final = 8
"""Of these, few compute at once (`dash_app.turns`); the others wait for their turn, or for a hub."""

PUSH_THREADS: Final = 128
"""A push mostly waits for its commit, and a waiting thread costs little: with 1,400 agents there are up to 60."""


class TwoPools:
    """A task dispatcher, as waitress has them, made of two: one for pushes, one for everything else."""

    def __init__(self) -> None:
        self._pages, self._pushes = ThreadedTaskDispatcher(), ThreadedTaskDispatcher()
        self._pages.set_thread_count(PAGE_THREADS)
        self._pushes.set_thread_count(PUSH_THREADS)

    def add_task(self, channel: HTTPChannel) -> None:
        """Queue the oldest request of a connection."""
        pool = self._pushes if _is_push(channel) else self._pages
        pool.add_task(channel)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Stop all threads; what still waits is cancelled."""
        ended = [pool.shutdown(cancel_pending, timeout) for pool in (self._pushes, self._pages)]
        return any(ended)


def _is_push(channel: HTTPChannel) -> bool:
    request = channel.requests[0]
    path: str = getattr(request, "path", "")  # one that could not be read has none
    return path.endswith(WRITE_PATH)
