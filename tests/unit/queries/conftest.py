"""A small ledger in each of the real databases, every number chosen so that sums can be done by hand."""

import pytest
from ledger_book import BUCKET, SETTINGS, T0, Book, fill

from aggregator.ledger.ledger import Ledger
from aggregator.queries.queries import Queries


@pytest.fixture
def book(ledger: Ledger) -> Book:
    return Book(ledger.engine)


@pytest.fixture
def queries(book: Book) -> Queries:
    return Queries(book.engine, None, SETTINGS, now_ms=lambda: T0 + 10 * BUCKET)


@pytest.fixture
def filled(book: Book) -> Book:
    """Alice's job 101 on two nodes over two buckets, Bob's 102 on one of them, Alice's 103 that nothing booked."""
    return fill(book)
