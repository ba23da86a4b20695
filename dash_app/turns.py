"""Pages take turns at computing.

The interpreter computes for one thread at a time. Threads that read rows of a database let go of it at every row, and
get it back only after others have had it for some milliseconds each: eight pages at once take many times as long as the
same pages two by two (`benchmarks/app.py --parts load`).
"""

import contextlib
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TURNS: Final = 2
"""So many pages compute at once: one goes on while another one waits for its disk."""

_MINE = threading.local()


def taking_turns(app: "WSGIApplication", free_paths: tuple[str, ...] = (), turns: int = TURNS) -> "WSGIApplication":
    """The same app, of which at most `turns` requests are answered at once; the others wait.

    Args:
        free_paths: ends of paths that need no turn, as what they do is mostly to wait.
    """
    free = threading.Semaphore(turns)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").endswith(free_paths):
            return app(environ, start_response)
        with free:
            _MINE.turn = free
            try:
                return app(environ, start_response)
            finally:
                _MINE.turn = None

    return answer


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """While this thread waits for another server, it is somebody else's turn."""
    turn: threading.Semaphore | None = getattr(_MINE, "turn", None)
    if turn is None:
        yield
        return
    turn.release()
    try:
        yield
    finally:
        turn.acquire()
