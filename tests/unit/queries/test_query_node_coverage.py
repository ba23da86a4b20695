"""The nodes' coverage is the same whether its days are kept or not, and changes with what is booked again."""

import pytest
from ledger_book import BUCKET, T0, Book
from sqlalchemy import update

from aggregator.ledger import tables
from aggregator.queries.node_coverage import MAX_DAYS, NodeCoverage
from aggregator.queries.queries import Queries
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import ADMIN

DAY = 96
MIDNIGHT = T0 - T0 % DAY_MS
FIRST = (MIDNIGHT - T0) // BUCKET
SPANS = {
    "all": (-DAY, 4 * DAY),
    "odd": (5, 2 * DAY + 7),
    "whole days": (FIRST + DAY, FIRST + 3 * DAY),
    "hour": (40, 44),
}


@pytest.fixture
def read(book: Book) -> Book:
    """Three days in which n1 is read all of the time and n2 half of every second bucket; the newest is under way."""
    for bucket in range(3 * DAY):
        book.window(bucket, computed=3.0 * DAY)
        book.measured("n1", bucket, 900.0)
        if bucket % 2:
            book.measured("n2", bucket, 450.0)
    book.window(3 * DAY, "open", computed=3.0 * DAY + 0.5)
    book.measured("n1", 3 * DAY, 450.0)
    return book


def seconds(book: Book, known: NodeCoverage, span: tuple[int, int]) -> tuple[float, float]:
    with book.engine.connect() as connection:
        return known.seconds(connection, T0 + span[0] * BUCKET, T0 + span[1] * BUCKET)


def test_every_second_between_samples_and_booked_counts_once(read: Book) -> None:
    expected = {
        "all": (288 * 900 + 144 * 450 + 450, 288 * 900 + 144 * 900 + 450),
        "hour": (4 * 900 + 2 * 450, 6 * 900),
    }
    known = NodeCoverage()
    for name, sums in expected.items():
        assert seconds(read, known, SPANS[name]) == pytest.approx(sums)


@pytest.mark.parametrize("name", SPANS)
def test_kept_days_say_what_is_looked_up(read: Book, name: str) -> None:
    known = NodeCoverage()
    seconds(read, known, SPANS["all"])
    assert seconds(read, known, SPANS[name]) == pytest.approx(seconds(read, NodeCoverage(), SPANS[name]))


def test_a_day_that_is_booked_again_is_looked_up_again(read: Book) -> None:
    known, bucket = NodeCoverage(), DAY + 1
    before = seconds(read, known, SPANS["all"])
    at, row = tables.windows.c.bucket_ms == T0 + bucket * BUCKET, tables.measured.c
    with read.engine.begin() as connection:  # as a booking of one node does it
        lost = (row.bucket_ms == T0 + bucket * BUCKET) & (row.node == "n2")
        connection.execute(update(tables.measured).where(lost).values(covered_s=50.0))
        connection.execute(update(tables.windows).where(at).values(state="dirty"))
    assert seconds(read, known, SPANS["all"])[0] == pytest.approx(before[0] - 400)
    with read.engine.begin() as connection:
        connection.execute(update(tables.measured).where(lost).values(covered_s=150.0))
        connection.execute(update(tables.windows).where(at).values(state="closed", revision=2))
    for _ in range(2):
        assert seconds(read, known, SPANS["all"])[0] == pytest.approx(before[0] - 300)


def test_the_summary_tells_it(read: Book, queries: Queries) -> None:
    for _ in range(2):
        found = queries.energy_summary(ADMIN, T0 + 40 * BUCKET, T0 + 44 * BUCKET)
        assert found.evidence.coverage == pytest.approx(4500 / 5400)


def test_few_days_are_kept(book: Book) -> None:
    known = NodeCoverage()
    known._keep(dict.fromkeys(range(MAX_DAYS + 50), ((), (1.0, 1.0))))
    assert (len(known._days), min(known._days)) == (MAX_DAYS, 50)
