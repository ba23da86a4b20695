"""How far back the job table looks: the newest jobs where no index has the answer, all where one has."""

import pytest
from ledger_book import BUCKET, T0, Book

from aggregator.queries.jobs import SORT_KEYS
from aggregator.queries.models import FigureRange, JobFilter, JobPage
from aggregator.queries.queries import Queries
from maxwatt.domain.viewer import ADMIN, Viewer

ALICE, BOB = Viewer("alice"), Viewer("bob")


@pytest.fixture(autouse=True)
def jobs(book: Book) -> None:
    """Jobs 101 to 108, one a bucket: Alice has every one but 102, 104 and 106, which are Bob's and failed."""
    for ref in range(1, 9):
        bobs = ref in {2, 4, 6}
        book.job(
            ref, "bob" if bobs else "alice", ref, ref + 1, name=f"run{ref}", state="FAILED" if bobs else "COMPLETED",
            account="chem" if bobs else "bio", comment="#test", array_job_id=50 if ref == 1 else None,
            het_job_id=101 if ref == 2 else None, het_offset=1 if ref == 2 else None,
        )  # fmt: skip
        book.booking(ref, "n1", ref, {"cpu_static_j": 100.0 - ref}, co2_g=1.0, waste_j=float(ref))
    book.sum_up()


def asked(
    queries: Queries, viewer: Viewer = ADMIN, sort: str = "start_ms", *, descending: bool = True, **wanted: object
) -> JobPage:
    return queries.jobs(viewer, JobFilter(**wanted), sort, descending, 0, 100)  # type: ignore[arg-type]


def ids(page: JobPage) -> list[int]:
    return [row.job_id for row in page.rows]


def test_a_condition_without_an_index_looks_through_the_newest(queries: Queries) -> None:
    found = asked(queries, tags=("#test",), newest=2)
    assert (ids(found), found.since_ms) == ([108, 107, 106], T0 + 6 * BUCKET)  # two newer than the one it begins at
    everything = asked(queries, tags=("#test",))
    assert (len(everything.rows), everything.since_ms) == (8, None)
    assert asked(queries, tags=("#test",), newest=8).since_ms is None


def test_an_index_that_has_the_answer_needs_no_bound(queries: Queries) -> None:
    for wanted in ({}, {"user": "alice"}, {"states": ("FAILED",)}, {"array_job_id": 50}):
        found = asked(queries, newest=1, **wanted)
        assert (found.since_ms, ids(found)) == (None, ids(asked(queries, **wanted)))
    for sort in ("energy_j", "waste_j", "user", "name"):
        assert len(asked(queries, sort=sort, newest=1).rows) == 8
    assert len(asked(queries, ALICE, newest=1).rows) == 5


def test_other_orders_are_of_the_newest(queries: Queries) -> None:
    found = asked(queries, sort="co2_g", newest=3)
    assert (sorted(ids(found)), found.since_ms) == ([105, 106, 107, 108], T0 + 5 * BUCKET)
    assert ids(asked(queries, ALICE, "energy_j", newest=1)) == [
        107,
        108,
    ]  # what comes first is within what was looked at


def test_of_several_ways_that_with_the_fewest_jobs_is_gone(queries: Queries) -> None:
    """Of everybody's jobs Bob's three reach back to the beginning."""
    found = asked(queries, user="bob", tags=("#test",), newest=3)
    assert (ids(found), found.since_ms) == ([106, 104, 102], None)
    found = asked(queries, ALICE, states=("COMPLETED",), name="run1", newest=1)
    assert (ids(found), found.since_ms) == ([101], None)


def test_a_number_finds_its_job_however_old_it_is_and_nothing_else(book: Book, queries: Queries) -> None:
    book.job(9, "alice", 9, 10, name="like-101")
    for newest in (1, None):
        assert ids(asked(queries, text="101", newest=newest)) == [102, 101]  # a part of the job 101 is 102
        assert ids(asked(queries, text="50", newest=newest)) == [101]
        assert ids(asked(queries, BOB, text="101", newest=newest)) == [102]
    assert ids(asked(queries, ALICE, text="10", newest=1)) == [109]
    assert ids(asked(queries, ALICE, text="102", newest=1)) == []
    assert ids(asked(queries, text="run", newest=1)) == [108]


def test_a_coordinator_gets_the_newest_of_all_parts(queries: Queries) -> None:
    coordinator = Viewer("alice", accounts=frozenset({"chem"}))
    found = asked(queries, coordinator, tags=("#test",), newest=3)
    assert (ids(found), found.since_ms) == ([108, 107, 106, 105], T0 + 5 * BUCKET)
    assert len(asked(queries, coordinator, newest=1).rows) == 8  # the newest first: nothing is left out


def test_folded_rows_say_it_too(queries: Queries) -> None:
    wanted = JobFilter(text="run", newest=2)
    found = queries.folded_jobs(ADMIN, wanted, "name", "start_ms", True, 0, 10)
    assert (found.total, found.since_ms) == (3, T0 + 6 * BUCKET)


FILTERS: dict[str, dict[str, object]] = {
    "all": {}, "user": {"user": "bob"}, "account": {"account": "bio"}, "state": {"states": ("FAILED", "TIMEOUT")},
    "two": {"user": "bob", "states": ("FAILED",)}, "name": {"name": "run3"}, "tag": {"tags": ("#test",)},
    "text": {"text": "n1"}, "number": {"text": "101"}, "range": {"ranges": (FigureRange("waste_j", 2.0, 5.0),)},
    "time": {"since_ms": T0 + 2 * BUCKET, "until_ms": T0 + 6 * BUCKET}, "partition": {"partition": "p"},
}  # fmt: skip


@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize(
    "viewer",
    [ADMIN, ALICE, Viewer(""), Viewer("bob", accounts=frozenset({"bio"}))],
    ids=["all", "own", "none", "group"],
)
def test_a_bound_that_nothing_reaches_changes_no_answer(
    book: Book, queries: Queries, viewer: Viewer, wanted: dict[str, object]
) -> None:
    """Every order up and down: one way in this database, the other way in the other."""
    way = book.engine.dialect.name == "sqlite"
    for place, sort in enumerate(SORT_KEYS):
        descending = (place % 2 == 0) == way
        bounded = asked(queries, viewer, sort, descending=descending, newest=1000, **wanted)
        assert bounded == asked(queries, viewer, sort, descending=descending, **wanted)
