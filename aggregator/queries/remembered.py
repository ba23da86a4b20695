"""Answers that are kept for some seconds: what many ask for at once is looked up once."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

T = TypeVar("T")

MAX_ANSWERS: Final = 256
"""More are not kept at once."""


@dataclass(slots=True)
class _Answer:
    value: Any = None
    until_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Remembered:
    """Keeps the newest answers; safe to use from several threads.

    While one thread looks an answer up, others who ask the same wait for it and do not look it up again.

    Args:
        clock: seconds of a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: dict[Hashable, _Answer] = {}
        self._lock = threading.Lock()

    def get(self, question: Hashable, kept_s: float, look_up: Callable[[], T]) -> T:
        """The answer, at most `kept_s` seconds old [s]. What `look_up` raises is raised, and nothing is kept."""
        with self._lock:
            answer = self._answers.pop(question, None) or _Answer()
            self._answers[question] = answer  # the newest question stands last
            while len(self._answers) > MAX_ANSWERS:
                del self._answers[next(iter(self._answers))]
        with answer.lock:
            if self._clock() >= answer.until_s:
                answer.value = look_up()
                answer.until_s = self._clock() + kept_s
            value: T = answer.value
            return value
