"""CPU seconds in job cgroups that no job explains."""

import numpy as np
import pytest

from aggregator.kernel.arrays import FOREVER, JobSamples, Lives
from aggregator.kernel.unclaimed import unclaimed_use

Row = tuple[int, int, int, float]
"""Node, job id, time [s], CPU seconds."""
NAN = float("nan")


def samples(*rows: Row) -> JobSamples:
    node, job_id, ts_s, cpu_s = (np.array([row[place] for row in rows]) for place in range(4))
    return JobSamples(
        node.astype(np.int32), job_id.astype(np.int64), ts_s.astype(np.int64) * 1000, cpu_s.astype(float), cpu_s * 0
    )


def lives(*jobs: tuple[int, int, int, int | None]) -> Lives:
    """Node, job id, start and end [s]."""
    node, job_id, start = (np.array([job[place] for job in jobs], np.int64) for place in range(3))
    end = np.array([FOREVER if job[3] is None else job[3] * 1000 for job in jobs], np.int64)
    none, no = np.zeros(len(jobs)), np.zeros(len(jobs), np.bool_)
    return Lives(node.astype(np.int32), job_id, job_id, start * 1000, end, none, none, no, no, none)


def used(job: JobSamples, known: Lives, start_s: int = 0, end_s: int = 10_000) -> dict[tuple[int, int], float]:
    node, job_id, cpu_s = unclaimed_use(job, known, start_s * 1000, end_s * 1000)
    return dict(zip(zip(node.tolist(), job_id.tolist(), strict=True), cpu_s.tolist(), strict=True))


def test_only_what_no_job_claims_counts() -> None:
    """Job 7 is known on node 0, not on node 1, where its counter rises 4 - 1 = 3 s; job 9 is known nowhere: 10 s."""
    rows = samples((0, 7, 10, 1), (0, 7, 20, 5), (0, 9, 10, 2), (0, 9, 20, 12), (1, 7, 10, 1), (1, 7, 20, 4))
    assert used(rows, lives((0, 7, 5, None))) == {(0, 9): 10.0, (1, 7): 3.0}


def test_a_cgroup_that_outlives_its_job_by_more_than_a_minute_is_told() -> None:
    """The job ends at 100 s and its last claimed reading is at 160 s: 4 s from there to 400 s."""
    rows = samples((0, 7, 90, 50), (0, 7, 155, 60), (0, 7, 400, 64))
    assert used(rows, lives((0, 7, 5, 100))) == {(0, 7): 4.0}


def test_missing_readings_resets_and_other_times_count_nothing() -> None:
    """10 to 15 over the missing one is 5 s; 15 to 2 is a reset; 2 to 3 is 1 s; from 50 s on is not asked."""
    rows = samples((0, 9, 5, 10), (0, 9, 20, NAN), (0, 9, 30, 15), (0, 9, 35, 2), (0, 9, 40, 3), (0, 9, 60, 90))
    assert used(rows, lives(), 10, 50) == {(0, 9): pytest.approx(6.0)}


def test_the_order_of_rows_does_not_matter() -> None:
    rows = samples((1, 9, 20, 12), (0, 8, 30, 9), (1, 9, 10, 2), (0, 8, 10, 5), (0, 8, 10, 5))
    assert used(rows, lives()) == {(0, 8): 4.0, (1, 9): 10.0}


def test_nothing_is_nothing() -> None:
    assert used(samples(), lives((0, 7, 5, None))) == {}
    assert used(samples(), lives()) == {}
