"""Many job records in one call: rows, numbers and marks are those that one call for each would make."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from aggregator.ledger import jobs as job_records
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import allocations, faults, jobs, suspensions
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.units import BUCKET_MS

T0 = 1_780_272_000_000
HOUR = 4 * BUCKET_MS


def job(number: int, *nodes: str, start_ms: int = T0, end_ms: int | None = None) -> JobRecord:
    held = tuple(Allocation(node, 4.0, 8e9, (0, 2)) for node in nodes)
    state = JobState.RUNNING if end_ms is None else JobState.COMPLETED
    key = JobKey("c", number, start_ms)
    return JobRecord(key, state, user="u", end_ms=end_ms, allocations=held, exclusive=True, source="scontrol")


def stored(ledger: Ledger) -> dict[JobKey, tuple[int, JobRecord]]:
    with ledger.engine.begin() as connection:
        keys = {JobKey(*row) for row in connection.execute(select(jobs.c.cluster, jobs.c.job_id, jobs.c.start_ms))}
        return job_records.load(connection, keys)


def booked(ledger: Ledger, buckets: int = 96) -> None:
    starts = [T0 + n * BUCKET_MS for n in range(buckets)]
    ledger.note_booked(dict.fromkeys(starts, 0.0), starts[-1])


def marked(ledger: Ledger) -> list[tuple[str, int, int]]:
    return [(each.node, each.start_ms, each.end_ms) for each in ledger.stretches()]


def in_one(ledger: Ledger, reports: Sequence[JobRecord]) -> int:
    return ledger.upsert_jobs(reports, T0 + HOUR)


def one_by_one(ledger: Ledger, reports: Sequence[JobRecord]) -> int:
    return len({each.key for each in reports if ledger.upsert_jobs([each], T0 + HOUR)})


def test_new_jobs_get_the_numbers_after_the_last_one(ledger: Ledger) -> None:
    in_one(ledger, [job(5, "n1"), job(3, "n1", "n2")])
    in_one(ledger, [job(3, "n1", "n2"), job(1, "n3"), job(2)])
    assert {key.job_id: ref for key, (ref, _) in stored(ledger).items()} == {5: 1, 3: 2, 1: 3, 2: 4}


@pytest.mark.parametrize("write", [in_one, one_by_one])
def test_every_field_of_new_and_changed_records_is_kept(ledger: Ledger, write: object) -> None:
    assert callable(write)
    first = [job(1, "n1", "n2"), job(2, "n1"), job(3, "n4"), job(4, "n5")]
    moved = replace(first[1], allocations=(Allocation("n3", 2.0, 1e9),))
    suspended = replace(first[2], state=JobState.SUSPENDED, suspensions=((T0 + 9, None),), comment="x")
    assert write(ledger, first) == 4
    assert write(ledger, [first[0], moved, suspended, job(4, "n5", end_ms=T0 + 7), job(5, "n6", end_ms=T0 + 8)]) == 4
    now = {key.job_id: record for key, (_, record) in stored(ledger).items()}
    assert now == {1: first[0], 2: moved, 3: suspended, 4: job(4, "n5", end_ms=T0 + 7), 5: job(5, "n6", end_ms=T0 + 8)}
    with ledger.engine.begin() as connection:
        held = [tuple(row) for row in connection.execute(select(allocations.c.job_ref, allocations.c.node))]
        assert sorted(held) == [(1, "n1"), (1, "n2"), (2, "n3"), (3, "n4"), (4, "n5"), (5, "n6")]
        assert [tuple(row) for row in connection.execute(select(suspensions))] == [(3, T0 + 9, None)]


def test_several_reports_of_a_job_in_one_call_are_combined(ledger: Ledger) -> None:
    over = replace(job(1, "n1", end_ms=T0 + HOUR), total_cpu_s=9.0, source="sacct")
    assert in_one(ledger, [job(1, "n1"), over]) == 1
    ((_, record),) = stored(ledger).values()
    assert (record.end_ms, record.total_cpu_s, record.source) == (T0 + HOUR, 9.0, "sacct+scontrol")


def test_what_accounting_reports_is_not_seen_but_what_the_controller_reports_is(ledger: Ledger) -> None:
    ledger.upsert_jobs([job(1, "n1"), job(2, "n1")], T0 + 1)
    ledger.upsert_jobs([job(1, "n1"), replace(job(2, "n1"), comment="x", source="sacct"), job(3, "n1")], T0 + 2)
    assert {key.job_id: seen_ms for key, seen_ms in ledger.running().items()} == {1: T0 + 2, 2: T0 + 1, 3: T0 + 2}


def test_stretches_of_a_node_that_touch_are_one_row(ledger: Ledger) -> None:
    """Ends reach an hour further: jobs 1 and 2 are marked 0 to 2 h and 1 to 3 h, job 3 from 10 to 12 h."""
    booked(ledger)
    later = job(3, "n1", start_ms=T0 + 10 * HOUR, end_ms=T0 + 11 * HOUR)
    second = job(2, "n1", "n2", start_ms=T0 + HOUR, end_ms=T0 + 2 * HOUR)
    in_one(ledger, [job(1, "n1", end_ms=T0 + HOUR), second, later])
    assert sorted(marked(ledger)) == [
        ("n1", T0, T0 + 3 * HOUR),
        ("n1", T0 + 10 * HOUR, T0 + 12 * HOUR),
        ("n2", T0 + HOUR, T0 + 3 * HOUR),
    ]


def test_frozen_time_is_left_out_and_told_once_for_a_node(ledger: Ledger) -> None:
    booked(ledger)
    ledger.freeze(T0 + 2 * HOUR)
    in_one(ledger, [job(n, "n1", end_ms=T0 + 2 * HOUR) for n in range(1, 4)])
    assert marked(ledger) == [("n1", T0 + 2 * HOUR, T0 + 3 * HOUR)]
    with ledger.engine.begin() as connection:
        ((message, count),) = connection.execute(select(faults.c.message, faults.c.count))
    assert (message.partition(" from ")[0], count) == ("n1: what came late for 2 h", 1)


def test_superseded_attempts_are_ended_by_cluster(ledger: Ledger) -> None:
    """Job 1 of the two clusters are two jobs: the newer start of one ends nothing of the other."""
    other = replace(job(1, "n1"), key=JobKey("d", 1, T0))
    in_one(ledger, [job(1, "n1"), other, job(2, "n2")])
    in_one(ledger, [job(1, "n1", start_ms=T0 + HOUR), job(2, "n2", start_ms=T0 + 2 * HOUR)])
    assert set(ledger.running()) == {other.key, JobKey("c", 1, T0 + HOUR), JobKey("c", 2, T0 + 2 * HOUR)}
