"""Which windows close."""

from aggregator.ledger.unfinished import Unaccounted
from aggregator.pipeline.closing import decide
from maxwatt.domain.jobs import JobKey
from maxwatt.domain.units import BUCKET_MS

OPEN = [0, BUCKET_MS, 2 * BUCKET_MS]


def missing(job_id: int, end_ms: int) -> Unaccounted:
    return Unaccounted(JobKey("c", job_id, 0), end_ms)


def test_windows_close_when_everything_behind_their_end_is_known() -> None:
    assert decide(OPEN, 2 * BUCKET_MS, [], 0).buckets == (0,)
    assert decide(OPEN, 2 * BUCKET_MS + 1, [], 0).buckets == (0, BUCKET_MS)
    assert decide(OPEN, 0, [], 0).buckets == ()


def test_a_window_waits_for_the_record_of_a_job_that_ended_in_it_and_so_do_later_ones() -> None:
    closing = decide(OPEN, 10 * BUCKET_MS, [missing(7, BUCKET_MS + 5)], 0)
    assert closing.buckets == (0,)
    assert closing.given_up == ()


def test_a_record_that_never_comes_is_given_up_once() -> None:
    job = missing(7, BUCKET_MS + 5)
    closing = decide(OPEN, 10 * BUCKET_MS, [job], BUCKET_MS + 6)
    assert closing.buckets == tuple(OPEN)
    assert closing.given_up == (job,)
    assert decide([2 * BUCKET_MS], 10 * BUCKET_MS, [job], BUCKET_MS + 6).given_up == ()
