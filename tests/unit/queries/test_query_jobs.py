import pytest
from ledger_book import BUCKET, GIB, T0, Book

from aggregator.queries.jobs import MAX_LIMIT, SORT_KEYS
from aggregator.queries.models import JobFilter, JobRow
from aggregator.queries.queries import Queries
from maxwatt.domain.errors import InputError
from maxwatt.domain.viewer import ADMIN, Viewer


def rows(queries: Queries, viewer: Viewer = ADMIN, sort: str = "job_id", **wanted: object) -> list[JobRow]:
    page = queries.jobs(viewer, JobFilter(**wanted), sort, False, 0, 100)  # type: ignore[arg-type]
    assert page.total == len(page.rows)
    return list(page.rows)


def ids(queries: Queries, **wanted: object) -> list[int]:
    return [row.job_id for row in rows(queries, **wanted)]


def test_a_row_sums_all_bookings_of_its_job(filled: Book, queries: Queries) -> None:
    row = rows(queries)[0]
    assert (row.job_id, row.user, row.node_count, row.elapsed_s) == (101, "alice", 2, 1800.0)
    assert row.energy_j == 4 * 3600.0
    assert (row.energy_static_j, row.energy_dynamic_j) == (4 * 1600.0, 4 * 2000.0)
    assert row.waste_j == 2000.0
    assert row.co2_g == pytest.approx(4 * 0.54)
    assert row.cost == pytest.approx(14_400 / 3.6e6 * 1.5 * 0.4)
    assert row.cpu_efficiency == 0.5
    assert row.memory_efficiency == (2.0 + 6.0) / 16.0  # each node's own peak, not the highest moment of the sum


def test_rows_from_totals_are_those_from_bookings(filled: Book, queries: Queries) -> None:
    filled.booking(3, "n1", 3, {"cpu_dynamic_j": 5.0}, cpu_used_s=None, waste_j=None, co2_g=None)
    before = rows(queries)
    filled.sum_up()
    assert rows(queries) == before


def test_evidence_is_weighted_by_energy_and_adds_linearly_within_a_job(filled: Book, queries: Queries) -> None:
    filled.booking(1, "n3", 1, {"cpu_static_j": 3600.0}, uncertainty=0.30, covered_s=0.0, interpolated_j=3600.0)
    evidence = rows(queries)[0].evidence
    assert evidence is not None
    assert evidence.shares == pytest.approx(
        {"counted": 12 / 18, "integrated": 0, "interpolated": 3.6 / 18, "accounted": 0, "modelled": 2.4 / 18}
    )
    assert evidence.uncertainty == pytest.approx((4 * 3600 * 0.05 + 3600 * 0.30) / 18_000)
    assert evidence.coverage == pytest.approx(0.8)
    assert (evidence.method_version, evidence.provisional) == (1, False)


def test_a_job_without_bookings_is_unknown_not_zero(filled: Book, queries: Queries) -> None:
    row = rows(queries)[2]
    assert (row.energy_j, row.co2_g, row.cost, row.waste_j, row.evidence) == (None, None, None, None, None)
    assert (row.cpu_efficiency, row.memory_efficiency) == (None, None)
    assert row.elapsed_s == 7 * 900.0  # it runs: up to now


def test_a_job_booked_without_sample_or_joule_is_unknown(filled: Book, queries: Queries) -> None:
    filled.booking(3, "n1", 3, {}, covered_s=0.0)
    row = rows(queries)[2]
    assert row.energy_j is None
    assert row.evidence is not None
    assert row.evidence.coverage == 0.0


def test_unknown_cpu_use_falls_back_to_slurms_total_then_to_unknown(book: Book, queries: Queries) -> None:
    book.job(1, "alice", 0, 1, cpus=4, total_cpu_s=900.0)
    book.job(2, "alice", 0, 1, cpus=4)
    for ref in (1, 2):
        book.booking(ref, "n1", 0, {"cpu_static_j": 1.0}, cpu_used_s=None, cpu_reserved_s=3600.0)
    assert [row.cpu_efficiency for row in rows(queries)] == [900.0 / (4 * 900), None]


def test_one_bucket_of_unknown_use_or_co2_makes_the_sum_unknown(filled: Book, queries: Queries) -> None:
    filled.booking(1, "n1", 2, {"cpu_static_j": 10.0}, cpu_reserved_s=5.0, co2_g=None, waste_j=None)
    row = rows(queries)[0]
    assert (row.cpu_efficiency, row.co2_g, row.waste_j) == (None, None, None)
    assert row.energy_j == 14_410.0


def test_efficiency_above_one_is_shown(book: Book, queries: Queries) -> None:
    book.job(1, "alice", 0, 1)
    book.allocation(1, "n1", 4, 2)
    use = {"cpu_used_s": 4500.0, "cpu_reserved_s": 3600.0, "memory_peak_bytes": 3 * GIB}
    book.booking(1, "n1", 0, {"cpu_static_j": 1.0}, **use)
    assert [(row.cpu_efficiency, row.memory_efficiency) for row in rows(queries)] == [(1.25, 1.5)]


def test_memory_of_a_job_with_an_unsampled_node_is_unknown(filled: Book, queries: Queries) -> None:
    filled.allocation(1, "n9", 4, 8)
    assert rows(queries)[0].memory_efficiency is None


def test_provisional_while_running_open_or_not_booked_to_the_end(filled: Book, queries: Queries) -> None:
    filled.job(4, "bob", 0, 2)
    filled.job(5, "bob", 0, 4)  # ends after the newest booked bucket
    filled.job(6, "bob", 0, None)
    filled.job(7, "bob", 1, 3)
    for ref in (4, 5, 6):
        filled.booking(ref, "n1", 0, {"cpu_static_j": 1.0})
    filled.booking(7, "n1", 1, {"cpu_static_j": 1.0})
    filled.window(2, "open")
    provisional = {row.job_id: row.evidence.provisional for row in rows(queries) if row.evidence}
    assert provisional == {101: False, 102: False, 104: False, 105: True, 106: True, 107: True}


def test_filters(filled: Book, queries: Queries) -> None:
    assert ids(queries, user="bob") == [102]
    assert ids(queries, partition="cpu", account="phys") == [101, 103]
    assert ids(queries, states=("RUNNING", "FAILED")) == [103]
    assert ids(queries, text="RELAX") == [101]
    assert ids(queries, text="n2") == [101]
    assert ids(queries, text="%") == []  # no wildcard
    assert ids(queries, text="102") == [102]


def test_a_job_counts_when_it_overlaps_the_time(filled: Book, queries: Queries) -> None:
    assert ids(queries, since_ms=T0 + 2 * BUCKET) == [103]  # 101 and 102 end there: the span is half open
    assert ids(queries, since_ms=T0 + 2 * BUCKET - 1, until_ms=T0 + 3 * BUCKET) == [101, 102]
    assert ids(queries, until_ms=T0) == []


def test_array_ids_are_found(book: Book, queries: Queries) -> None:
    for ref, task in ((1, 0), (2, 1)):
        book.job(ref, "alice", 0, 1, array_job_id=101, array_task_id=task)
    assert ids(queries, text="101") == [101, 102]
    assert ids(queries, text="101_1") == [102]
    assert ids(queries, text="9" * 40) == []


def test_parts_of_heterogeneous_jobs_are_found_and_shown_as_slurm_does(book: Book, queries: Queries) -> None:
    for ref, offset in ((1, 0), (2, 1)):
        book.job(ref, "alice", 0, 1, het_job_id=101, het_offset=offset)
    assert ids(queries, text="101") == [101, 102]
    assert ids(queries, text="101+1") == [102]
    page = queries.jobs(ADMIN, JobFilter(), "start_ms", True, 0, 10)
    assert sorted(row.shown_id for row in page.rows) == ["101+0", "101+1"]


@pytest.mark.parametrize("sort", SORT_KEYS)
def test_every_sort_key_sorts_and_unknown_comes_last(filled: Book, queries: Queries, sort: str) -> None:
    filled.sum_up()
    for descending in (False, True):
        page = queries.jobs(ADMIN, JobFilter(), sort, descending, 0, 100)
        values = [getattr(row, sort) for row in page.rows]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=descending)
        assert values[: len(known)] == known


def test_pages_are_slices_of_one_order(filled: Book, queries: Queries) -> None:
    filled.sum_up()
    whole = queries.jobs(ADMIN, JobFilter(), "energy_j", True, 0, 100).rows
    assert [row.job_id for row in whole] == [101, 102, 103]
    page = queries.jobs(ADMIN, JobFilter(), "energy_j", True, 1, 1)
    assert (page.rows, page.total) == (whole[1:2], 3)


def test_limit_is_capped(book: Book, queries: Queries) -> None:
    for ref in range(1, MAX_LIMIT + 3):
        book.job(ref, "alice", 0, 1)
    page = queries.jobs(ADMIN, JobFilter(), "start_ms", True, 0, 10**9)
    assert (len(page.rows), page.total, page.more) == (MAX_LIMIT, MAX_LIMIT, True)
    last = queries.jobs(ADMIN, JobFilter(), "start_ms", True, MAX_LIMIT, 100)
    assert (len(last.rows), last.total, last.more) == (2, MAX_LIMIT + 2, False)


@pytest.mark.parametrize(("sort", "offset", "limit"), [("user; DROP", 0, 1), ("user", -1, 1), ("user", 0, -1)])
def test_a_wrong_request_is_refused(queries: Queries, sort: str, offset: int, limit: int) -> None:
    with pytest.raises(InputError):
        queries.jobs(ADMIN, JobFilter(), sort, False, offset, limit)


def test_attempts_of_a_requeued_job_oldest_first(filled: Book, queries: Queries) -> None:
    filled.job(4, "alice", 5, 6, job_id=101)
    assert [row.start_ms for row in queries.job_attempts(ADMIN, 101)] == [T0, T0 + 5 * BUCKET]
