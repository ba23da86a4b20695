"""What the sequence of reports tells of a job: suspensions that polls notice, jobs that vanished."""

from dataclasses import replace

import pytest

from aggregator.ledger.known import VANISHED, combine, has_vanished
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState

LIVE = JobRecord(JobKey("c", 1, 1_000), JobState.RUNNING, allocations=(Allocation("n", 4.0),), source="scontrol")
SUSPENDED = replace(LIVE, state=JobState.SUSPENDED)
ENDED = replace(LIVE, state=JobState.COMPLETED, end_ms=9_000)
ACCOUNTED = replace(ENDED, total_cpu_s=3.0, source="sacct", allocations=())
GONE = replace(LIVE, state=JobState.UNKNOWN, end_ms=5_000, state_reason=VANISHED)


def after(*reports: tuple[JobRecord, int]) -> JobRecord:
    known: JobRecord | None = None
    for report, seen_ms in reports:
        known = combine(known, report, seen_ms)
    assert known is not None
    return known


def test_a_suspension_lasts_from_poll_to_poll() -> None:
    assert after((LIVE, 2_000), (SUSPENDED, 3_000)).suspensions == ((3_000, None),)
    assert after((SUSPENDED, 3_000), (SUSPENDED, 4_000), (LIVE, 5_000)).suspensions == ((3_000, 5_000),)


def test_a_suspension_ends_with_the_job() -> None:
    assert after((SUSPENDED, 3_000), (ENDED, 12_000)).suspensions == ((3_000, 9_000),)


def test_a_suspension_that_slurm_dates_is_taken_as_it_says() -> None:
    dated = replace(SUSPENDED, suspensions=((2_500, None),))
    resumed = replace(LIVE, suspensions=((2_500, 4_500),))
    assert after((LIVE, 2_000), (dated, 3_000)).suspensions == ((2_500, None),)
    assert after((dated, 3_000), (resumed, 5_000)).suspensions == ((2_500, 4_500),)


def test_accounting_of_a_running_job_ends_no_suspension() -> None:
    still = replace(LIVE, source="sacct")
    assert after((SUSPENDED, 3_000), (still, 4_000), (LIVE, 5_000)).suspensions == ((3_000, 5_000),)


@pytest.mark.parametrize(
    ("report", "end_ms", "state"),
    [(LIVE, None, JobState.RUNNING), (ENDED, 9_000, JobState.COMPLETED), (ACCOUNTED, 9_000, JobState.COMPLETED)],
)
def test_any_word_of_a_vanished_job_counts_more(report: JobRecord, end_ms: int | None, state: JobState) -> None:
    found = combine(GONE, report, 10_000)
    assert (found.end_ms, found.state) == (end_ms, state)
    assert VANISHED not in found.state_reason


def test_that_accounting_still_calls_it_running_does_not() -> None:
    assert has_vanished(combine(GONE, replace(LIVE, source="sacct"), 10_000))
