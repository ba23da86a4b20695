"""Read models of "My jobs". Null is unknown."""

from dataclasses import dataclass

from aggregator.queries.models import JobRow
from maxwatt.domain.jobs import WaitingJob


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job that runs, and the newest that is booked of it.

    Args:
        power_w: its mean power since `since_ms` [W].
        cpu_use: CPU seconds used / reserved since then, 0..1.
        since_ms: start of the newest time booked of it [epoch ms].
    """

    row: JobRow
    power_w: float | None
    cpu_use: float | None
    since_ms: int | None


@dataclass(frozen=True, slots=True)
class RunningJobs:
    """Some of the jobs that run, the newest first; `total` of them in all, with `more` beyond it."""

    jobs: tuple[RunningJob, ...]
    total: int
    more: bool


@dataclass(frozen=True, slots=True)
class WaitingJobs:
    """Some of the jobs that wait, in the order of their submission; `total` of them in all."""

    jobs: tuple[WaitingJob, ...]
    total: int


@dataclass(frozen=True, slots=True)
class TimeSums:
    """What jobs and sessions of somebody used in [since_ms, until_ms).

    Args:
        waste_j: of the jobs whose waste is known, None where none is; `waste_unknown_j`: energy of the others.
        jobs: jobs that started in this time.
    """

    since_ms: int
    until_ms: int
    energy_j: float
    co2_g: float | None
    cost: float | None
    waste_j: float | None
    waste_unknown_j: float
    jobs: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A week or month up to now, and the same part of the one before; None: the ledger does not reach back."""

    now: TimeSums
    before: TimeSums | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What somebody used this week, this month, and on each of the last days, oldest first.

    Args:
        wasteful: jobs of the last days that wasted most, most first.
        known_since_ms: what began before has no figures [epoch ms]; None: nothing is booked yet.
        has_jobs: they have had a job, ever.
    """

    week: Compared
    month: Compared
    days: tuple[TimeSums, ...]
    wasteful: tuple[JobRow, ...]
    known_since_ms: int | None
    has_jobs: bool
