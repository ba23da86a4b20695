"""A small ledger in each of the real databases, every number chosen so that sums can be done by hand."""

from collections.abc import Iterator

import pytest
from ledger_book import BUCKET, GIB, SETTINGS, T0, Book, cost_of

from aggregator.ledger.ledger import Ledger
from aggregator.queries.queries import Queries
from maxwatt.domain.energy import Account


@pytest.fixture
def book(ledger_url: str) -> Iterator[Book]:
    ledger = Ledger.open(ledger_url)
    yield Book(ledger.engine)
    ledger.close()


@pytest.fixture
def queries(book: Book) -> Queries:
    return Queries(book.engine, None, SETTINGS, now_ms=lambda: T0 + 10 * BUCKET)


@pytest.fixture
def filled(book: Book) -> Book:
    """Alice's job 101 on two nodes over two buckets, Bob's 102 on one of them, Alice's 103 that nothing booked."""
    book.factor(1, 360.0, "2024")
    book.job(1, "alice", 0, 2, name="relax", account="phys", node_count=2, cpus=8, node_list="n[1-2]", gpu_count=1)
    book.job(2, "bob", 1, 2, name="train", account="chem", partition="gpu", node_list="n1")
    book.job(3, "alice", 3, None, name="later", account="phys", state="RUNNING", exit_code=None)
    book.allocation(1, "n1", 4, 8, "0")
    book.allocation(1, "n2", 4, 8)
    book.allocation(2, "n1", 4, 16)
    use = {"cpu_used_s": 1800.0, "cpu_reserved_s": 3600.0}
    for bucket in (0, 1):
        for node, peak_gib in (("n1", 1.0 + bucket), ("n2", 6.0)):
            book.booking(
                1,
                node,
                bucket,
                {"cpu_static_j": 1000.0, "cpu_dynamic_j": 2000.0, "rest_static_j": 600.0},
                counted_j=3000.0,
                modelled_j=600.0,
                waste_j=500.0,
                memory_peak_bytes=peak_gib * GIB,
                uncertainty=0.05,
                co2_g=0.54,
                cost=cost_of(3600.0),
                **use,
            )
    energy, paid = {"cpu_static_j": 1800.0, "gpu_dynamic_j": 5400.0}, cost_of(7200.0)
    book.booking(2, "n1", 1, energy, waste_j=None, co2_g=1.08, cost=paid, uncertainty=0.1, **use)
    for account, energy_j in ((Account.SYSTEM, 300.0), (Account.IDLE, 900.0), (Account.UNATTRIBUTED, -100.0)):
        value = {"co2_g": energy_j * 1.5e-4, "cost": cost_of(energy_j)}
        book.booking(0, "n2", 1, {"cpu_static_j": energy_j}, account=int(account), **value)
    for bucket in (0, 1):
        book.window(bucket)
        book.measured("n1", bucket, 900.0)
        book.measured("n2", bucket, 450.0)
    return book
