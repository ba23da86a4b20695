"""The health of the data: every check's findings, the worst first; and the faults that were noted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from aggregator.ledger.tables import faults
from aggregator.queries.checks import jobs, ledger, meters, sources
from aggregator.queries.checks.finding import Finding, Level, Question
from maxwatt.config import Settings
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import Viewer

DAYS: Final = 7
"""How far back the checks look."""
DAYS_OF_JOBS: Final = 1
"""How far back they look at jobs where somebody waits for the answer."""
MAX_FAULTS: Final = 200

CHECKS: Final[tuple[Callable[[Question], Iterator[Finding]], ...]] = (
    ledger.checks,
    sources.checks,
    meters.checks,
    jobs.checks,
)
"""Every kind of check; a new one is one file and one entry here."""

_ORDER: Final = (Level.FAULT, Level.WARNING, Level.OK)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was odd, as it was noted, with its size; `count` times, last at `seen_ms` [epoch ms UTC]."""

    source: str
    message: str
    count: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class Health:
    """What is well and what is not. `faults` are those of the last days, the newest first."""

    findings: tuple[Finding, ...]
    faults: tuple[Fault, ...]

    @property
    def worst(self) -> Level:
        """Level of the worst finding."""
        return min((finding.level for finding in self.findings), key=_ORDER.index, default=Level.OK)


def health(
    connection: Connection, viewer: Viewer, settings: Settings, now_ms: int, days_of_jobs: int = DAYS_OF_JOBS
) -> Health | None:
    """The health of the data; None for who does not see all: findings name other people's jobs."""
    if not viewer.sees_all:
        return None
    asked = Question(connection, settings, now_ms, now_ms - DAYS * DAY_MS, now_ms - days_of_jobs * DAY_MS)
    found = [finding for check in CHECKS for finding in check(asked)]
    noted = select(faults).where(faults.c.seen_ms >= asked.since_ms).order_by(faults.c.seen_ms.desc()).limit(MAX_FAULTS)
    rows = connection.execute(noted).mappings()
    return Health(
        findings=tuple(sorted(found, key=lambda finding: _ORDER.index(finding.level))),
        faults=tuple(Fault(row["source"], row["message"], row["count"], row["seen_ms"]) for row in rows),
    )
