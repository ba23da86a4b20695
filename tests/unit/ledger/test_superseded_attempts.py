"""A job id has one attempt alive at a time: when a later one shows, an earlier one without an end is over."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import jobs
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState

T0 = 1_780_272_000_000
MINUTE = 60_000
FIRST = JobRecord(
    JobKey("c", 7, T0), JobState.RUNNING, user="u", allocations=(Allocation("n1", 4.0),), source="scontrol"
)
SECOND = replace(FIRST, key=JobKey("c", 7, T0 + 5 * MINUTE))


def ends(ledger: Ledger) -> list[tuple[int, int | None, str]]:
    with ledger.engine.begin() as connection:
        found = select(jobs.c.start_ms, jobs.c.end_ms, jobs.c.state).order_by(jobs.c.start_ms)
        return [tuple(row) for row in connection.execute(found)]


@pytest.mark.parametrize("source", ["scontrol", "sacct"])
def test_a_start_that_slurm_corrects_ends_the_earlier_attempt_when_it_was_last_seen(
    ledger: Ledger, source: str
) -> None:
    """Nodes that had to be powered up: Slurm sets the start anew when they are there."""
    ledger.upsert_jobs([replace(FIRST, source=source)], T0 + 2 * MINUTE)
    ledger.upsert_jobs([replace(SECOND, source=source)], T0 + 6 * MINUTE)
    assert ends(ledger) == [(T0, T0 + 2 * MINUTE, "UNKNOWN"), (T0 + 5 * MINUTE, None, "RUNNING")]


def test_it_never_ends_after_the_next_one_began(ledger: Ledger) -> None:
    ledger.upsert_jobs([FIRST], T0 + 20 * MINUTE)  # brought in late
    ledger.upsert_jobs([SECOND], T0 + 20 * MINUTE)
    assert ends(ledger)[0] == (T0, T0 + 5 * MINUTE, "UNKNOWN")


def test_accounting_still_has_the_last_word_on_a_requeued_attempt(ledger: Ledger) -> None:
    ledger.upsert_jobs([FIRST], T0 + 2 * MINUTE)
    ledger.upsert_jobs([SECOND], T0 + 6 * MINUTE)
    requeued = replace(FIRST, state=JobState.REQUEUED, end_ms=T0 + 3 * MINUTE, total_cpu_s=9.0, source="sacct")
    ledger.upsert_jobs([requeued, replace(SECOND, source="sacct")], T0 + 7 * MINUTE)
    assert ends(ledger) == [(T0, T0 + 3 * MINUTE, "REQUEUED"), (T0 + 5 * MINUTE, None, "RUNNING")]


def test_what_was_booked_on_it_is_booked_again(ledger: Ledger) -> None:
    ledger.upsert_jobs([FIRST], T0 + 2 * MINUTE)
    ledger.note_booked({T0: 0.0, T0 + 15 * MINUTE: 0.0}, T0 + 3 * MINUTE)
    ledger.finish(ledger.stretches())
    ledger.upsert_jobs([replace(FIRST, key=JobKey("c", 7, T0 + 20 * MINUTE))], T0 + 21 * MINUTE)
    assert any(each.node == "n1" and each.start_ms <= T0 < each.end_ms for each in ledger.stretches())


def test_other_jobs_other_clusters_and_ended_attempts_are_left_alone(ledger: Ledger) -> None:
    other = replace(FIRST, key=JobKey("c", 8, T0))
    elsewhere = replace(FIRST, key=JobKey("d", 7, T0))
    over = replace(FIRST, state=JobState.REQUEUED, end_ms=T0 + MINUTE)
    ledger.upsert_jobs([other, elsewhere, over], T0 + 2 * MINUTE)
    ledger.upsert_jobs([SECOND], T0 + 6 * MINUTE)
    assert sorted(end for _, end, _ in ends(ledger) if end is not None) == [T0 + MINUTE]


def test_an_old_attempt_that_is_imported_later_does_not_end_the_one_that_runs(ledger: Ledger) -> None:
    ledger.upsert_jobs([SECOND], T0 + 6 * MINUTE)
    ledger.upsert_jobs([replace(FIRST, state=JobState.REQUEUED, end_ms=T0 + MINUTE)], T0 + 7 * MINUTE)
    assert ends(ledger)[1] == (T0 + 5 * MINUTE, None, "RUNNING")
