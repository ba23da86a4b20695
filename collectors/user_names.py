"""Names of users by their numbers, looked up aside: a directory that hangs must not keep the meters waiting."""

import pwd
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

PATIENCE_S: Final = 0.05
"""How long a reading waits for a name [s]: a local file answers in less."""

RETRY_S: Final = 600.0
"""How long a number without a name is not asked for again [s]."""


def name_of(uid: int) -> str:
    """The user's name in the system's databases.

    Raises:
        KeyError: there is none.
    """
    return pwd.getpwuid(uid).pw_name


class UserNames:
    """Keeps names for as long as it lives.

    Args:
        lookup: raises KeyError for a number without a name.
        clock: monotonic time [s].
    """

    def __init__(self, lookup: Callable[[int], str] = name_of, clock: Callable[[], float] = time.monotonic) -> None:
        self._lookup, self._clock = lookup, clock
        self._names: dict[int, str] = {}
        self._asked_s: dict[int, float] = {}
        self._pending: set[int] = set()
        self._wanted: SimpleQueue[int] = SimpleQueue()
        self._answered = threading.Condition()
        self._started = False

    def of(self, uid: int) -> str:
        """The name of a user; the number as text where it has none, or none has been found yet."""
        with self._answered:
            if self._is_due(uid):
                alone = not self._pending
                self._ask(uid)
                if alone:  # behind a question that hangs there is nothing to wait for
                    self._answered.wait_for(lambda: uid not in self._pending, PATIENCE_S)
            return self._names.get(uid, str(uid))

    def _is_due(self, uid: int) -> bool:
        if uid in self._names or uid in self._pending:
            return False
        asked_s = self._asked_s.get(uid)
        return asked_s is None or self._clock() - asked_s >= RETRY_S

    def _ask(self, uid: int) -> None:
        self._pending.add(uid)
        self._asked_s[uid] = self._clock()
        self._wanted.put(uid)
        if not self._started:
            self._started = True
            threading.Thread(target=self._answer, name="maxwatt-user-names", daemon=True).start()

    def _answer(self) -> None:
        while True:
            uid = self._wanted.get()
            try:
                name = self._lookup(uid)
            except (KeyError, OSError):  # no such user, or the directory is away: asked again later
                name = ""
            with self._answered:
                if name:
                    self._names[uid] = name
                self._pending.discard(uid)
                self._answered.notify_all()
