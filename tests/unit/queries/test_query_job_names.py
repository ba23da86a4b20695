"""What the filters of the job table offer: names of jobs that the viewer may see."""

import pytest
from ledger_book import BUCKET, Book

from aggregator.queries import job_names
from aggregator.queries.queries import Queries
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import ADMIN, Viewer

BUCKETS_OF_A_DAY = DAY_MS // BUCKET


@pytest.fixture(autouse=True)
def jobs(book: Book) -> None:
    book.job(1, "alice", 0, 1, account="bio", partition="cpu", qos="normal")
    book.job(2, "bob", 1, 2, account="chem", partition="gpu", qos="high")
    book.job(3, "carol", 2, 3, account="bio", partition="gpu", qos="")


def test_all_of_ones_own_and_of_accounts_in_the_order_of_the_alphabet(queries: Queries) -> None:
    assert queries.job_names(ADMIN) == {
        "user": ("alice", "bob", "carol"), "account": ("bio", "chem"), "partition": ("cpu", "gpu"),
        "qos": ("high", "normal"),
    }  # fmt: skip
    own = {"user": ("bob",), "account": ("chem",), "partition": ("gpu",), "qos": ("high",)}
    assert queries.job_names(Viewer("bob")) == own
    group = queries.job_names(Viewer("bob", accounts=frozenset({"bio"})))
    assert (group["user"], group["partition"]) == (("alice", "bob", "carol"), ("cpu", "gpu"))
    assert set(queries.job_names(Viewer("")).values()) == {()}


def test_who_sees_all_gets_names_of_older_jobs_from_the_sums(
    book: Book, queries: Queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_names, "NEWEST", 1)
    book.booking(1, "n1", 0, {"cpu_static_j": 1.0})
    book.sum_up()
    names = queries.job_names(ADMIN)
    assert (names["user"], names["qos"]) == (("alice", "carol"), ("normal",))
    assert queries.job_names(Viewer("", accounts=frozenset({"bio"})))["user"] == ("carol",)


def test_sums_of_long_ago_are_not_offered(book: Book, queries: Queries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_names, "NEWEST", 1)
    past = -70 * BUCKETS_OF_A_DAY
    book.job(4, "dora", past, past + 1)
    book.booking(4, "n1", past, {"cpu_static_j": 1.0})
    book.sum_up()
    assert queries.job_names(ADMIN)["user"] == ("carol",)
