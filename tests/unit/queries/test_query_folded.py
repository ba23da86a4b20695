"""Arrays and jobs of one name as one row, in each database; every sum by hand."""

import pytest
from ledger_book import BUCKET, GIB, T0, Book

from aggregator.queries.folded import SORT_KEYS, FoldedPage, FoldedRow
from aggregator.queries.models import FigureRange, JobFilter, JobRow
from aggregator.queries.queries import Queries
from maxwatt.domain.errors import InputError
from maxwatt.domain.viewer import ADMIN, Viewer


@pytest.fixture
def arrays(book: Book) -> Book:
    """Array 50 of Alice: three tasks of 100, 200 J and of nothing known; Bob's lone job; Alice's two named `md`."""
    book.factor(1, 360.0, "2024")
    use = {"cpu_reserved_s": 1000.0, "held_s": 900.0}
    for task, (energy_j, used_s) in enumerate(((100.0, 500.0), (200.0, 900.0))):
        ref = 1 + task
        state = "COMPLETED" if task else "FAILED"
        book.job(ref, "alice", task, task + 1, name="sweep", array_job_id=50, array_task_id=task, state=state)
        book.booking(ref, "n1", task, {"cpu_static_j": energy_j}, cpu_used_s=used_s, waste_j=10.0, co2_g=1.0, **use)
    book.job(3, "alice", 2, None, name="sweep", array_job_id=50, array_task_id=2, state="RUNNING")
    book.job(4, "bob", 3, 4, name="md", comment="project=alps,#test")
    book.booking(4, "n2", 3, {"cpu_static_j": 50.0}, cpu_used_s=100.0, waste_j=None, **use)
    book.job(5, "alice", 4, 5, name="md", account="a", comment="project=alpsee")
    book.job(6, "alice", 5, 6, name="md", account="b", gpu_count=2, memory_bytes=8 * GIB)
    book.booking(6, "n1", 5, {"cpu_static_j": 7.0}, memory_peak_bytes=2 * GIB, **use)
    for bucket in range(6):
        book.window(bucket)
    book.sum_up()
    return book


def page(queries: Queries, fold: str = "array", viewer: Viewer = ADMIN, **wanted: object) -> FoldedPage:
    return queries.folded_jobs(viewer, JobFilter(**wanted), fold, "start_ms", True, 0, 100)  # type: ignore[arg-type]


def ids(queries: Queries, **wanted: object) -> list[int]:
    found = queries.jobs(ADMIN, JobFilter(**wanted), "job_id", False, 0, 100)  # type: ignore[arg-type]
    return [row.job_id for row in found.rows]


def test_an_array_is_one_row_and_a_job_alone_stays_a_job(arrays: Book, queries: Queries) -> None:
    found = page(queries)
    assert (found.total, found.jobs, found.more) == (4, 6, False)
    assert [row.job_id for row in found.rows] == [106, 105, 104, 50]
    assert [type(row) for row in found.rows] == [JobRow, JobRow, JobRow, FoldedRow]
    row = found.rows[-1]
    assert isinstance(row, FoldedRow)
    assert (row.count, row.user, row.name) == (3, "alice", "sweep")
    assert dict(row.states) == {"RUNNING": 1, "COMPLETED": 1, "FAILED": 1}
    assert (row.energy_j, row.waste_j, row.co2_g) == (300.0, 20.0, 2.0)
    assert row.unknown["energy_j"] == 1  # of the running task nothing is known
    assert row.cpu_efficiency == pytest.approx(0.7)  # the median of 0.5 and 0.9
    assert row.memory_efficiency is None
    assert (row.first_ms, row.start_ms) == (T0, T0 + 2 * BUCKET)
    assert row.elapsed_s == 900.0 + 900.0 + 8 * 900.0  # the running one up to now


def test_names_fold_by_user(arrays: Book, queries: Queries) -> None:
    found = page(queries, "name")
    assert [(row.name, row.user, getattr(row, "count", 1)) for row in found.rows] == [
        ("md", "alice", 2), ("md", "bob", 1), ("sweep", "alice", 3),
    ]  # fmt: skip
    first = found.rows[0]
    assert isinstance(first, FoldedRow)
    assert (first.account, first.gpu_count, first.energy_j, first.memory_efficiency) == ("", 2, 7.0, 0.25)


def test_folding_keeps_to_filter_and_viewer(arrays: Book, queries: Queries) -> None:
    assert [row.job_id for row in page(queries, viewer=Viewer("bob")).rows] == [104]
    assert page(queries, viewer=Viewer("")).rows == ()
    failed = page(queries, states=("FAILED",))
    assert [(type(row), row.job_id) for row in failed.rows] == [(JobRow, 101)]


@pytest.mark.parametrize("sort", SORT_KEYS)
def test_every_key_sorts_and_unknown_comes_last(arrays: Book, queries: Queries, sort: str) -> None:
    for descending in (False, True):
        found = queries.folded_jobs(ADMIN, JobFilter(), "array", sort, descending, 0, 100)
        values = [getattr(row, sort, 1) for row in found.rows]
        known = [value for value in values if value is not None]
        assert values[: len(known)] == known
        assert known == sorted(known, reverse=descending)


@pytest.mark.parametrize(("fold", "sort", "offset"), [("user", "count", 0), ("array", "x", 0), ("array", "count", -1)])
def test_a_wrong_request_is_refused(queries: Queries, fold: str, sort: str, offset: int) -> None:
    with pytest.raises(InputError):
        queries.folded_jobs(ADMIN, JobFilter(), fold, sort, True, offset, 10)  # type: ignore[arg-type]


def test_tags_are_whole_words(arrays: Book, queries: Queries) -> None:
    assert ids(queries, tags=("project=alps",)) == [104]
    assert ids(queries, tags=("PROJECT=ALPS", "#test")) == [104]
    assert ids(queries, tags=("project=al%",)) == []
    (row,) = queries.jobs(ADMIN, JobFilter(tags=("#test",)), "job_id", False, 0, 10).rows
    assert row.tags == ("project=alps", "#test")


def test_nodes_are_a_host_list(filled: Book, queries: Queries) -> None:
    assert ids(queries, nodes="n[1-2]") == [101, 102]
    assert ids(queries, nodes="n2") == [101]
    assert ids(queries, nodes="n[3-9]") == []
    for wrong in ("n[2-1]", "n[1-2000]", "n[1"):
        with pytest.raises(InputError):
            ids(queries, nodes=wrong)


def test_figures_have_bounds_and_unknown_is_outside_of_all(arrays: Book, queries: Queries) -> None:
    assert ids(queries, ranges=(FigureRange("energy_j", 50.0, 100.0),)) == [101, 104]
    assert ids(queries, ranges=(FigureRange("energy_j", None, 1e9),)) == [101, 102, 104, 106]
    assert ids(queries, ranges=(FigureRange("cpu_efficiency", None, 0.5),)) == [101, 104]
    assert ids(queries, ranges=(FigureRange("memory_efficiency", 0.2, 0.3),)) == [106]
    assert ids(queries, ranges=(FigureRange("waste_j", 0.0),)) == [101, 102]
    assert ids(queries, ranges=(FigureRange("gpu_count", 1.0), FigureRange("elapsed_s", 900.0, 900.0))) == [106]
    with pytest.raises(InputError):
        ids(queries, ranges=(FigureRange("user; DROP TABLE jobs", 1.0),))


def test_other_filters(arrays: Book, queries: Queries) -> None:
    assert ids(queries, name="md", account="a") == [105]
    assert ids(queries, array_job_id=50) == [101, 102, 103]
    assert ids(queries, qos="high") == []


def test_a_long_job_is_found_in_a_time_it_began_long_before(book: Book, queries: Queries) -> None:
    book.job(1, "a", -1000, 5)
    book.job(2, "a", -900, None)
    book.job(3, "a", -1000, -990)
    assert ids(queries, since_ms=T0, until_ms=T0 + BUCKET) == [101, 102]
