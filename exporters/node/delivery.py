"""Gets lines to the server in order, without ever holding up the readings."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue

from exporters.node.push import Answer, Outcome
from exporters.node.spool import Spool
from maxwatt.domain.errors import SourceError

_LOG = logging.getLogger(__name__)


class Delivery:
    """A thread between the readings and the server.

    A batch is sent at once where nothing waits; else it goes behind what waits in the spool, which is sent oldest
    first. What the server refuses for its content is told and dropped: it would be refused for ever.

    Args:
        send: sends lines and says what became of them.
        spool: keeps what could not be sent.
    """

    def __init__(self, send: Callable[[bytes], Answer], spool: Spool) -> None:
        self._send, self._spool = send, spool
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._trouble = ""
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def offer(self, lines: bytes) -> None:
        """Hand over a batch; returns at once."""
        if lines:
            self._queue.put(lines)

    def stop(self) -> None:
        """Send or spool what was handed over, then end. A long spool is left for the next start."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join()
        self._spool.close()

    def deliver(self, lines: bytes) -> None:
        """Send a batch behind everything that waits, or keep it."""
        if self._spool.empty and self._try(lines):
            return
        try:
            waited = not self._spool.empty
            self._spool.append(lines)
            if waited:
                self._drain()
        except SourceError as error:
            self._tell(str(error))

    def _run(self) -> None:
        while (lines := self._queue.get()) is not None:
            try:
                self.deliver(lines)
            except Exception:  # noqa: BLE001  whatever it is, the next lines must still go
                _LOG.exception("push: a fault in the program, some lines are lost")

    def _drain(self) -> None:
        while segment := self._spool.oldest():
            if not self._try(segment.lines):
                return
            self._spool.acknowledge(segment.number)
            if self._stopping.is_set():
                return

    def _try(self, lines: bytes) -> bool:
        """Whether the lines need no longer be kept."""
        answer = self._send(lines)
        if answer.outcome is Outcome.TOO_LARGE and lines.count(b"\n") > 1:
            first, second = halves(lines)
            return self._try(first) and self._try(second)
        if answer.outcome in {Outcome.REFUSED, Outcome.TOO_LARGE}:
            _LOG.error("the server refused lines, they are dropped: %s", answer.detail)
            return True
        self._tell(answer.detail)
        return answer.outcome is Outcome.STORED

    def _tell(self, trouble: str) -> None:
        """Log trouble when it is new, and its end."""
        if trouble != self._trouble:
            if trouble:
                _LOG.warning("push: %s", trouble)
            else:
                _LOG.info("push: the server takes lines again, %d bytes wait in the spool", self._spool.size_bytes)
            self._trouble = trouble


def halves(lines: bytes) -> tuple[bytes, bytes]:
    """Two parts of whole lines, neither empty; `lines` holds at least two."""
    middle = lines.find(b"\n", len(lines) // 2) + 1
    if middle in (0, len(lines)):
        middle = lines.rfind(b"\n", 0, len(lines) - 1) + 1
    return lines[:middle], lines[middle:]
