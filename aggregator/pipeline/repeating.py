"""Something done again and again in a thread of its own."""

import logging
import threading
from collections.abc import Callable

from maxwatt.domain import clock

_LOG = logging.getLogger(__name__)


class Repeating:
    """Calls something every so often until it is stopped; a call that fails is told and tried again.

    Args:
        name: of the thread and in what is told.
        act: called with the present [epoch ms UTC].
        every_s: pause between two calls [s].
        tell: called with the name and a sentence when a call failed.
    """

    def __init__(
        self, name: str, act: Callable[[int], object], every_s: float, tell: Callable[[str, str], None]
    ) -> None:
        self._name, self._act, self._every_s, self._tell = name, act, every_s, tell
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"maxwatt-{name}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """Of the thread."""
        return self._name

    def stop(self) -> None:
        """Finish the call under way and return."""
        self.end()
        self._thread.join()

    def end(self) -> None:
        """Begin no call any more; returns at once."""
        self._stopping.set()

    def ended(self, limit_s: float) -> bool:
        """Whether the call under way came to its end within a time [s]."""
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._act(clock.now_ms())
            except Exception as error:  # noqa: BLE001  one bad round must not end all later ones
                _LOG.exception("%s", self._name)
                self._told(f"{type(error).__name__}: {error}"[:500])
            self._stopping.wait(self._every_s)

    def _told(self, sentence: str) -> None:
        try:
            self._tell(self._name, sentence)
        except Exception:  # noqa: BLE001  what it is told to may be what failed
            _LOG.exception("%s: could not be told", self._name)
