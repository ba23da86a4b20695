"""My jobs: what runs, and sums of this week and month beside the same part before."""

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from ledger_book import BUCKET, T0, Book

from aggregator.ledger.tables import waiting
from aggregator.queries.queries import Queries
from maxwatt.domain.viewer import ADMIN, Viewer

BERLIN = ZoneInfo("Europe/Berlin")
NOW_MS = T0 + 10 * BUCKET  # Sunday 2025-06-15, 19:45 in Berlin
WEEK = 7 * 96
ALICE, BOB = Viewer("alice"), Viewer("bob")


def at(book: Book, bucket: int, ref: int, user: str, energy_j: float, **values: object) -> None:
    """A job of one bucket, counted from T0, and its booking."""
    book.job(ref, user, bucket, bucket + 1)
    booked = {"waste_j": 0.25 * energy_j, "co2_g": energy_j / 1000, "cost": energy_j / 1e6}
    book.booking(ref, "n1", bucket, {"cpu_static_j": energy_j}, **{**booked, **values})  # type: ignore[arg-type]
    book.window(bucket)


@pytest.fixture
def weeks(book: Book) -> Book:
    """Alice: this week 100 J, last week 30 J before this point and 7 J after it, 5 weeks ago 1 J; Bob: 1000 J."""
    book.factor(1, 360.0, "2024")
    at(book, -5 * WEEK, 1, "alice", 1.0)
    at(book, -WEEK, 2, "alice", 30.0)
    at(book, -WEEK + 11, 3, "alice", 7.0)  # a quarter of an hour after this point of last week
    at(book, 0, 4, "alice", 100.0)
    book.job(5, "bob", 0, 1)
    book.booking(5, "n2", 0, {"gpu_dynamic_j": 1000.0}, waste_j=None)
    return book


@pytest.mark.parametrize("summed_up", [False, True])
def test_a_week_is_compared_with_the_same_part_of_the_one_before(
    weeks: Book, queries: Queries, summed_up: bool
) -> None:
    if summed_up:
        weeks.sum_up()
    found = queries.overview(ALICE, everybody=False)
    assert (found.week.now.energy_j, found.week.now.co2_g, found.week.now.waste_j) == (100.0, 0.1, 25.0)
    assert found.week.before is not None
    assert found.week.before.energy_j == 30.0
    assert datetime.fromtimestamp(found.week.now.since_ms / 1000, BERLIN).isoformat() == "2025-06-09T00:00:00+02:00"
    assert found.week.before.until_ms == NOW_MS - WEEK * BUCKET
    assert (found.month.now.energy_j, found.month.now.jobs) == (137.0, 3)


def test_what_began_before_the_ledger_is_unknown_not_zero(weeks: Book, queries: Queries) -> None:
    found = queries.overview(ALICE, everybody=False)
    assert found.known_since_ms == T0 - 5 * WEEK * BUCKET  # 11 May
    assert found.month.before is None
    assert found.week.before is not None


def test_days_sum_to_what_was_used_in_them(weeks: Book, queries: Queries) -> None:
    weeks.sum_up()
    days = queries.overview(ALICE, everybody=False).days
    assert len(days) == 30
    assert [day.energy_j for day in days if day.energy_j] == [37.0, 100.0]
    assert {day.since_ms // 60_000 % (24 * 60) for day in days} == {22 * 60}  # midnight of Berlin's summer
    assert all(first.until_ms == second.since_ms for first, second in pairwise(days))


def test_everybody_is_for_who_sees_all(weeks: Book, queries: Queries) -> None:
    weeks.job(6, "", 0, 1)  # whose job it was, nobody knows
    weeks.booking(6, "n3", 0, {"cpu_static_j": 0.5})
    weeks.sum_up()
    for viewer, everybody, energy_j in (
        (ADMIN, False, 1100.5),  # an administrator without a user's name
        (ADMIN, True, 1100.5),
        (Viewer("alice", sees_all=True), False, 100.0),
        (Viewer("alice", sees_all=True), True, 1100.5),
        (BOB, True, 1000.0),
        (Viewer(""), True, 0.0),
        (Viewer("carol", accounts=frozenset({"phys"})), True, 0.0),
    ):
        assert queries.overview(viewer, everybody=everybody).week.now.energy_j == energy_j


def test_unknown_waste_is_told_apart_and_waste_ranks_jobs(weeks: Book, queries: Queries) -> None:
    weeks.sum_up()
    bobs = queries.overview(BOB, everybody=False)
    assert (bobs.week.now.waste_j, bobs.week.now.waste_unknown_j, bobs.wasteful) == (None, 1000.0, ())
    assert [row.job_id for row in queries.overview(ALICE, everybody=False).wasteful] == [104, 102, 103]


def test_who_never_had_a_job(weeks: Book, queries: Queries) -> None:
    found = queries.overview(Viewer("carol"), everybody=False)
    assert (found.has_jobs, found.week.now.energy_j, found.wasteful) == (False, 0.0, ())
    assert queries.overview(ALICE, everybody=False).has_jobs


def test_an_empty_ledger(book: Book, queries: Queries) -> None:
    found = queries.overview(ADMIN, everybody=True)
    assert (found.known_since_ms, found.has_jobs, found.week.before, len(found.days)) == (None, False, None, 30)
    assert queries.running_jobs(ADMIN, everybody=True, limit=5).jobs == ()


def test_what_waits_is_shown_to_whose_it_is(book: Book, queries: Queries) -> None:
    for job_id, user, submit_ms in ((1, "alice", T0), (2, "bob", T0 - 1), (3, "", T0), (4, "alice", T0 - 9)):
        texts = dict.fromkeys(("name", "account", "partition", "qos", "array_tasks"), "")
        book.add(waiting, cluster="c", job_id=job_id, user=user, reason="Priority", submit_ms=submit_ms, cpus=1,
                 node_count=1, **texts)  # fmt: skip
    assert [job.job_id for job in queries.waiting_jobs(ALICE, everybody=True, limit=9).jobs] == [4, 1]
    assert queries.waiting_jobs(Viewer(""), everybody=True, limit=9).total == 0
    everybody = queries.waiting_jobs(ADMIN, everybody=True, limit=2)
    assert ([job.job_id for job in everybody.jobs], everybody.total) == ([4, 2], 4)


def test_power_of_a_job_is_its_energy_over_the_newest_bucket(book: Book, queries: Queries) -> None:
    book.job(1, "alice", 0, None, state="RUNNING", node_count=2)
    book.job(2, "bob", 0, None, state="RUNNING")
    book.job(3, "alice", 0, 2)
    for node in ("n1", "n2"):
        book.booking(1, node, 0, {"cpu_static_j": 900.0 * 500})
        use = {"cpu_used_s": 300.0, "cpu_reserved_s": 1200.0, "held_s": 600.0}
        book.booking(1, node, 1, {"cpu_static_j": 600.0 * 70}, **use)
    book.window(0)
    book.window(1, "open", computed=1 + 600 / 900)
    found = queries.running_jobs(ALICE, everybody=False, limit=5)
    (one,) = found.jobs
    assert (one.row.job_id, found.total, found.more) == (101, 1, False)
    assert (one.power_w, one.cpu_use, one.since_ms) == (140.0, 0.25, T0 + BUCKET)
    everybody = queries.running_jobs(ADMIN, everybody=True, limit=1)
    assert (len(everybody.jobs), everybody.total) == (1, 2)
    unbooked = next(job for job in queries.running_jobs(ADMIN, everybody=True, limit=5).jobs if job.row.job_id == 102)
    assert (unbooked.power_w, unbooked.cpu_use) == (None, None)


def test_a_newest_bucket_that_has_just_begun_is_taken_with_the_one_before(book: Book, queries: Queries) -> None:
    book.job(1, "alice", 0, None, state="RUNNING")
    book.booking(1, "n1", 0, {"cpu_static_j": 900.0 * 100})
    book.booking(1, "n1", 1, {"cpu_static_j": 60.0 * 260}, held_s=60.0)
    book.window(0)
    book.window(1, "open", computed=1 + 60 / 900)
    (one,) = queries.running_jobs(ALICE, everybody=False, limit=5).jobs
    assert one.power_w == pytest.approx((900 * 100 + 60 * 260) / 960)
    assert one.since_ms == T0
