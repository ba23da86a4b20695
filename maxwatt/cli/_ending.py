"""How a server ends: when it is told to, within a bounded time, and it tells what held it up."""

import faulthandler
import itertools
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

TELL_S: Final = 5.0
"""After so long [s] a stopping server tells what it waits for."""

TOLD_CALLS: Final = 6
"""So many calls of a thread are told, the innermost first."""

_LOG = logging.getLogger(__name__)


class Stop:
    """Set by a signal, whichever thread the signal reaches: a lock would be noticed by the main thread alone."""

    def __init__(self) -> None:
        self._told, self._tell = socket.socketpair()
        self._tell.setblocking(False)
        signal.set_wakeup_fd(self._tell.fileno(), warn_on_full_buffer=False)

    def wait(self) -> None:
        """Return after the first signal."""
        self._told.recv(1)


def stop_on_signals() -> Stop:
    """What SIGTERM and SIGINT set; to be called by the main thread."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return stop


def end_within(limit_s: float, tell_s: float = TELL_S) -> None:
    """From now on this process has a time [s] to end; then it ends at once, with status 1.

    What was not finished is begun again at the next start, and what was acknowledged is on disk: it is as if it had
    been killed. What all threads did is then told on stderr, and some seconds before what holds it up.
    """
    stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115  kept until the end
    faulthandler.dump_traceback_later(limit_s, exit=True, file=stderr)  # by a thread that needs no interpreter
    timer = threading.Timer(tell_s, _tell_what_runs)
    timer.daemon = True
    timer.start()


def end_now() -> NoReturn:
    """End the process without the interpreter's own end, as a thread that still answers a page would meet that in the
    middle of a library's code, which aborts the process or hangs it."""
    logging.shutdown()
    os._exit(0)


def _tell_what_runs() -> None:
    frames = sys._current_frames()
    found = [(thread.name, frames.get(thread.ident or 0)) for thread in threading.enumerate()]
    at_work = [f"{name}: {_where(frame)}" for name, frame in found if frame is not None and not _waits(frame)]
    _LOG.warning("still stopping:\n  %s", "\n  ".join(at_work))


def _waits(frame: FrameType) -> bool:
    """It waits for a request, or is the one that asks."""
    calls = [at.f_code.co_name for at, _ in itertools.islice(traceback.walk_stack(frame), 2)]
    return "_tell_what_runs" in calls or calls[1:] == ["handler_thread"]


def _where(frame: FrameType) -> str:
    """The innermost calls of a thread, on one line."""
    calls = itertools.islice(traceback.walk_stack(frame), TOLD_CALLS)
    return " < ".join(f"{at.f_code.co_name} ({Path(at.f_code.co_filename).name}:{line})" for at, line in calls)
