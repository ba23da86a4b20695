"""How well jobs used what they reserved: weighted by energy, by week and part; and the medians of everybody."""

from zoneinfo import ZoneInfo

import pytest
from ledger_book import BUCKET, GIB, SETTINGS, T0, Book

from aggregator.queries.own_use import LEAST, WEEKS, own_use, past_weeks, usual_use
from aggregator.queries.queries import Queries
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import ADMIN, Viewer

UTC = ZoneInfo("UTC")
NOW = T0 + 10 * BUCKET
WEEK = 7 * 96
"""In buckets."""


def add(book: Book, ref: int, user: str, energy_j: float, used: float | None, start: int = 0, **values: object) -> None:
    """A job of one bucket with 3600 CPU seconds held, of which a share was used."""
    book.job(ref, user, start, start + 1, memory_bytes=int(8 * GIB), **values)
    use = {"cpu_reserved_s": 3600.0, "cpu_used_s": None if used is None else 3600.0 * used}
    more = {"waste_j": energy_j / 10, "memory_peak_bytes": 2 * GIB, "co2_g": 1.0, "cost": None}
    book.booking(ref, "n1", start, {"cpu_dynamic_j": energy_j}, **use, **more)


def test_efficiency_is_weighted_by_energy(book: Book) -> None:
    add(book, 1, "alice", 3000.0, 0.9, name="good")
    add(book, 2, "alice", 1000.0, 0.1, name="bad")
    add(book, 3, "alice", 6000.0, None, name="unknown")
    add(book, 4, "bob", 9000.0, 1.0)
    book.sum_up()
    with book.engine.connect() as connection:
        found = own_use(connection, Viewer("alice"), UTC, NOW)
    assert found.recent.jobs == 3
    assert found.recent.energy_j == 10_000.0
    assert found.recent.cpu_efficiency == pytest.approx((3000 * 0.9 + 1000 * 0.1) / 4000), "unknown has no weight"
    assert found.recent.memory_efficiency == pytest.approx(0.25)
    assert (found.recent.waste_j, found.recent.waste_share) == (pytest.approx(1000.0), pytest.approx(0.1))
    assert (found.recent.co2_g, found.recent.cost) == (3.0, None)
    assert [name for name, _ in found.names] == ["unknown", "good", "bad"]
    assert dict(found.names)["unknown"].cpu_efficiency is None


def test_weeks_are_the_sites_and_empty_ones_unknown(book: Book) -> None:
    add(book, 1, "alice", 100.0, 0.5)
    add(book, 2, "alice", 100.0, 0.7, start=-WEEK)
    add(book, 3, "alice", 100.0, 0.7, start=-WEEKS * WEEK)
    book.sum_up()
    with book.engine.connect() as connection:
        found = own_use(connection, Viewer("alice"), ZoneInfo("Europe/Berlin"), NOW)
    assert len(found.week_ms) == len(found.weeks) == WEEKS
    assert all(start < later for start, later in zip(found.week_ms, found.week_ms[1:], strict=False))
    assert [week.jobs if week else None for week in found.weeks] == [None] * (WEEKS - 2) + [1, 1]


def test_a_group_is_its_account_alone_and_only_for_who_may(filled: Book, queries: Queries) -> None:
    filled.sum_up()
    group = Viewer("carl", accounts=frozenset({"phys"})).of_account("phys")
    assert group is not None
    assert [name for name, _ in queries.own_use(group).accounts] == ["phys"]
    assert Viewer("carl", accounts=frozenset({"phys"})).of_account("chem") is None
    assert Viewer("carl").of_account("") is None
    assert ADMIN.of_account("chem") is not None
    assert queries.own_use(Viewer("carl", accounts=frozenset({"phys"})).alone).recent.jobs == 0
    assert queries.own_use(ADMIN.alone).recent.jobs == 0, "who has no name has no jobs"


def test_nothing_is_known_of_jobs_without_a_booking(book: Book) -> None:
    book.job(1, "alice", 0, 1)
    with book.engine.connect() as connection:
        found = own_use(connection, Viewer("alice"), UTC, NOW).recent
    assert (found.jobs, found.energy_j, found.cpu_efficiency, found.waste_share, found.co2_g) == (
        1,
        0.0,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(("people", "median"), [(LEAST, 0.3), (LEAST - 1, None)])
def test_the_usual_is_a_median_of_enough_people(book: Book, people: int, median: float | None) -> None:
    for number in range(1, people + 1):
        add(book, number, f"user{number}", 100.0 * number, number / 10)
    add(book, 90, "idle", 0.0, 0.0)
    book.sum_up()
    with book.engine.connect() as connection:
        found = usual_use(connection, NOW)
    assert found.people == people
    assert found.cpu_efficiency == (None if median is None else pytest.approx(median))


def test_what_is_older_than_four_weeks_is_not_usual(book: Book) -> None:
    add(book, 1, "alice", 100.0, 0.5, start=-29 * DAY_MS // BUCKET)
    book.sum_up()
    with book.engine.connect() as connection:
        assert usual_use(connection, NOW).people == 0


def test_a_week_that_the_last_four_begin_in_is_whole(book: Book) -> None:
    for ref, bucket in enumerate((20, -96), start=1):  # after the last four weeks began, and before it in the same week
        add(book, ref, "alice", 100.0, 0.5, start=-4 * WEEK + bucket)
    book.sum_up()
    now_ms = NOW + 2 * DAY_MS
    with book.engine.connect() as connection:
        past = past_weeks(connection, Viewer("alice"), UTC, NOW)
        found, again = (own_use(connection, Viewer("alice"), UTC, NOW, each) for each in (past, None))
        later = own_use(connection, Viewer("alice"), UTC, now_ms)
    assert found == again
    assert [sum(week.jobs for week in each.weeks if week) for each in (found, later)] == [2, 2]
    assert (found.recent.jobs, later.recent.jobs) == (1, 0)
    assert max(week.jobs for week in found.weeks if week) == 2


def test_the_weeks_before_the_last_four_are_kept_for_each_viewer(book: Book) -> None:
    queries = Queries(book.engine, None, SETTINGS, now_ms=lambda: NOW)
    add(book, 1, "alice", 100.0, 0.5, start=-96 * 40)
    add(book, 2, "bob", 100.0, 0.5, start=-96 * 40)
    book.sum_up()
    for user in ("alice", "bob", "carl"):
        assert sum(week.jobs for week in queries.own_use(Viewer(user)).weeks if week) == (user != "carl")
