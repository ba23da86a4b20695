"""What a check says, and what it is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from maxwatt.config import Settings
from maxwatt.domain.units import DAY_MS


class Level(StrEnum):
    """How much a finding matters."""

    FAULT = "fault"
    WARNING = "warning"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of a check.

    Args:
        area: what it is about: ledger, sources, meters, jobs, carbon, faults.
        sentence: what is so, with its size.
        mend: what a person can do about it; empty where nothing is to be done.
        places: where: names of nodes, jobs or windows, the worst first, not all.
    """

    level: Level
    area: str
    sentence: str
    mend: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What every check may look at.

    Args:
        now_ms: the clock [epoch ms UTC].
        since_ms: how far back it looks [epoch ms UTC].
        jobs_since_ms: how far back it looks at jobs, of which there may be a hundred thousand a week.
    """

    connection: Connection
    settings: Settings
    now_ms: int
    since_ms: int
    jobs_since_ms: int

    @property
    def days_of_jobs(self) -> str:
        """The time in which it looks at jobs, in words."""
        days = round((self.now_ms - self.jobs_since_ms) / DAY_MS)
        return "last day" if days == 1 else f"last {days} days"

    def rows(self, statement: Any) -> list[Any]:
        """All rows of a statement."""
        return list(self.connection.execute(statement))


SHOWN = 5
"""Places named by a finding; the rest is a number."""


def named(places: Sequence[Any], spelled: Callable[[Any], str] = str) -> tuple[str, ...]:
    """The first places in words, and how many more there are."""
    more = len(places) - SHOWN
    return (*map(spelled, places[:SHOWN]), *([f"and {more} more"] if more > 0 else []))
