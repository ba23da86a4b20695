"""Which booked time a changed job record makes wrong."""

from dataclasses import replace

import pytest

from aggregator.ledger.marks import REACH_MS, affected
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState

START = 100 * REACH_MS
END = START + 5 * REACH_MS
RUNNING = JobRecord(JobKey("c", 1, START), JobState.RUNNING, allocations=(Allocation("n", 4),))
ENDED = replace(RUNNING, state=JobState.COMPLETED, end_ms=END)


def test_a_new_job_its_whole_life() -> None:
    assert affected(None, RUNNING) == (START, None)
    assert affected(None, ENDED) == (START, END + REACH_MS)


def test_an_end_the_time_before_it_and_all_that_was_booked_behind() -> None:
    assert affected(RUNNING, ENDED) == (END - REACH_MS, None)


def test_another_end_from_the_earlier_one() -> None:
    assert affected(ENDED, replace(ENDED, end_ms=END + 1_000)) == (END - REACH_MS, END + 1_000 + REACH_MS)


def test_total_cpu_the_time_before_the_end() -> None:
    assert affected(ENDED, replace(ENDED, total_cpu_s=1.0)) == (END - REACH_MS, END + REACH_MS)


def test_nothing_before_the_start() -> None:
    short = replace(ENDED, end_ms=START + 1_000)
    assert affected(short, replace(short, total_cpu_s=1.0)) == (START, START + 1_000 + REACH_MS)


@pytest.mark.parametrize("change", [{"allocations": (Allocation("n", 5),)}, {"exclusive": True}])
def test_other_shares_the_whole_life(change: dict[str, object]) -> None:
    assert affected(ENDED, replace(ENDED, **change)) == (START, END + REACH_MS)


def test_a_suspension_from_its_start() -> None:
    suspended = replace(RUNNING, suspensions=((START + 7, None),))
    assert affected(RUNNING, suspended) == (START + 7, None)
    closed = replace(RUNNING, suspensions=((START + 7, START + 9), (START + 20, None)))
    assert affected(suspended, closed) == (START + 7, None)


@pytest.mark.parametrize("words", [{"comment": "x"}, {"state": JobState.FAILED}, {"exit_code": 1}, {"user": "u"}])
def test_words_nothing(words: dict[str, object]) -> None:
    assert affected(ENDED, replace(ENDED, **words)) is None
