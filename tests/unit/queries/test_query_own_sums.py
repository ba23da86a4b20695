"""What somebody's own jobs used is the same from the bookings, from the sums by user and from the totals of jobs."""

import json
import random
from dataclasses import asdict
from typing import Any

import pytest
from ledger_book import BUCKET, T0, Book

from aggregator.queries.models import JobFilter
from aggregator.queries.queries import Queries
from maxwatt.domain.viewer import ADMIN, Viewer

DAY = 96
"""Buckets of a day."""

VIEWERS = {
    "user": Viewer("ann"),
    "another": Viewer("ben"),
    "coordinator": Viewer("ann", accounts=frozenset({"chem"})),
    "of accounts alone": Viewer("", accounts=frozenset({"phys", "chem"})),
    "nobody": Viewer(""),
}
SPANS = {"all": (-10, 4 * DAY), "a day": (DAY, 2 * DAY), "odd": (30, 2 * DAY + 17), "an hour and a half": (40, 46)}


@pytest.fixture
def busy(book: Book) -> Book:
    """Forty jobs of three users in two accounts over three days, each booked in all of its buckets; some run still."""
    with book.at_once():
        fill(book)
    return book


def fill(book: Book) -> None:
    chance = random.Random(7)  # noqa: S311  no secret
    for ref in range(1, 41):
        user, account = chance.choice(("ann", "ben", "cyd")), chance.choice(("phys", "chem"))
        start, length = chance.randrange(3 * DAY), chance.choice((1, 2, 5, 20, 60))
        end = None if ref % 13 == 0 else start + length
        book.job(ref, user, start, end, account=account, partition=chance.choice(("cpu", "gpu")))
        for bucket in range(start, start + length):
            energy = {"cpu_static_j": float(chance.randrange(1, 900)), "gpu_dynamic_j": float(chance.randrange(500))}
            known = {"cpu_used_s": 100.0, "cpu_reserved_s": 900.0, "co2_g": 1.0 if ref % 5 else None, "waste_j": 3.0}
            known |= {"cost": None if bucket % 11 == 0 else 2.0, "memory_peak_bytes": 1e9 * bucket if ref % 3 else None}
            book.booking(ref, f"n{ref % 3}", bucket, energy, uncertainty=0.1, **known)
        if ref % 8 == 4:  # on another node, where less is known
            known = {"cpu_used_s": None, "cpu_reserved_s": 36.0, "waste_j": None, "held_s": 4.0}
            book.booking(ref, "m1", start, {"cpu_static_j": 5.0}, **known)
        book.allocation(ref, f"n{ref % 3}", 4, 8)
    for bucket in range(0, 3 * DAY, 7):
        book.session(1000, "ann", "n1", bucket, 50.0)
    for bucket in range(3 * DAY + 61):
        book.window(bucket, computed=4.0 * DAY)
        book.measured("n1", bucket, 900.0)


def answers(queries: Queries, viewer: Viewer, span: tuple[int, int]) -> list[Any]:
    ms = T0 + span[0] * BUCKET, T0 + span[1] * BUCKET
    found: list[Any] = [queries.energy_by(viewer, group, *ms) for group in ("user", "account", "partition")]
    found += [[queries.energy_summary(viewer, *ms)], [queries.energy_series(viewer, *ms, max_points=40)]]
    return [[json.loads(json.dumps(asdict(row))) for row in rows] for rows in found]


def alike(value: Any) -> Any:
    """The same with every number an approximate one, so that the order of additions does not matter."""
    if isinstance(value, dict):
        return {key: alike(each) for key, each in value.items()}
    if isinstance(value, list):
        return [alike(each) for each in value]
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def test_own_sums_do_not_depend_on_what_is_summed_already(busy: Book, queries: Queries) -> None:
    asked = [(viewer, span) for viewer in VIEWERS.values() for span in SPANS.values()]
    from_bookings = [answers(queries, *each) for each in asked]
    busy.sum_up()
    for each, before in zip(asked, from_bookings, strict=True):
        for after, expected in zip(answers(queries, *each), before, strict=True):
            assert after == alike(expected), each


@pytest.mark.parametrize("sort", ["start_ms", "energy_j", "cpu_efficiency"])
def test_a_jobs_row_from_its_totals_is_that_from_its_bookings(busy: Book, queries: Queries, sort: str) -> None:
    def rows(sort: str) -> dict[int, Any]:
        return {row.job_id: asdict(row) for row in queries.jobs(ADMIN, JobFilter(), sort, True, 0, 100).rows}

    from_bookings = rows("start_ms")
    assert len(from_bookings) == 40
    busy.sum_up()
    for job_id, row in rows(sort).items():
        assert row == alike(from_bookings[job_id])


def test_a_job_without_totals_is_in_every_order(busy: Book, queries: Queries) -> None:
    busy.sum_up()
    busy.job(77, "ann", 0, 4, total_cpu_s=1800.0)
    for sort in ("energy_j", "cpu_efficiency", "waste_j"):
        assert 177 in {row.job_id for row in queries.jobs(ADMIN, JobFilter(), sort, True, 0, 100).rows}


def test_a_job_that_changed_since_is_not_taken_from_its_totals(busy: Book, queries: Queries) -> None:
    busy.sum_up()
    before = answers(queries, VIEWERS["coordinator"], SPANS["all"])
    busy.job(99, "ann", 50, 52, account="phys")
    busy.booking(99, "n1", 50, {"cpu_static_j": 1e6})
    after = answers(queries, VIEWERS["coordinator"], SPANS["all"])
    assert after[3][0]["jobs_j"] == pytest.approx(before[3][0]["jobs_j"] + 1e6)
    busy.sum_up()
    assert answers(queries, VIEWERS["coordinator"], SPANS["all"]) == alike(after)
