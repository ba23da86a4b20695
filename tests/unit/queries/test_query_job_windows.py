"""A job from its bookings: windows, carbon intensity, its like, and who may see them."""

import pytest
from ledger_book import BUCKET, GIB, T0, Book

from aggregator.ledger.tables import waiting
from aggregator.queries.queries import Queries
from maxwatt.domain.viewer import ADMIN, Viewer


def test_windows_of_two_nodes(filled: Book, queries: Queries) -> None:
    found = queries.job_windows(ADMIN, 101)
    assert found is not None
    assert (found.nodes, found.start_ms, found.step_ms) == (("n1", "n2"), (T0, T0 + BUCKET), BUCKET)
    assert found.power_w == ((4.0, 4.0), (4.0, 4.0))  # 3600 J in 900 s
    assert found.cpu_ratio[0] == (0.5, 0.5)
    assert found.memory_bytes[0] == (GIB, 2 * GIB)
    assert found.memory_held_bytes == (8 * GIB, 8 * GIB)


def test_windows_are_thinned_to_whole_buckets(filled: Book, queries: Queries) -> None:
    filled.booking(1, "n1", 4, {"cpu_static_j": 900.0})
    found = queries.job_windows(ADMIN, 101, max_steps=2)  # five buckets in two steps of three
    assert found is not None
    assert (found.start_ms, found.step_ms) == ((T0, T0 + 3 * BUCKET), 3 * BUCKET)
    assert found.power_w == ((4.0, 1.0), (4.0, None))
    assert found.held_s == ((1800.0, 900.0), (1800.0, 0.0))


def test_unknown_use_is_not_zero(filled: Book, queries: Queries) -> None:
    filled.job(5, "alice", 0, 1)
    filled.booking(5, "n5", 0, {}, covered_s=0.0, cpu_used_s=None, cpu_reserved_s=900.0)
    found = queries.job_windows(ADMIN, 105)
    assert found is not None
    assert (found.power_w, found.cpu_ratio, found.memory_bytes) == (((None,),), ((None,),), ((None,),))


def test_intensity_is_what_it_was_booked_with(filled: Book, queries: Queries) -> None:
    filled.factor(2, 180.0, "2025")
    filled.booking(1, "n3", 2, {"cpu_static_j": 1.0}, factor_id=2)
    filled.booking(1, "n3", 4, {"cpu_static_j": 1.0}, factor_id=None)
    found = queries.job_intensity(ADMIN, 101)
    assert found.start_ms == (T0, T0 + 2 * BUCKET, T0 + 4 * BUCKET)
    assert found.end_ms == (T0 + 2 * BUCKET, T0 + 3 * BUCKET, T0 + 5 * BUCKET)
    assert found.g_per_kwh == (360.0, 180.0, None)


def like(book: Book, ref: int, minutes: int, **values: object) -> None:
    start_ms = T0 - ref * 10 * BUCKET
    changes = {"name": "relax", "account": "phys", "memory_bytes": int(GIB), **values}
    book.job(ref, "alice", 0, 1, start_ms=start_ms, end_ms=start_ms + minutes * 60_000, **changes)


def test_quartiles_of_its_like(filled: Book, queries: Queries) -> None:
    for ref, minutes in ((11, 10), (12, 20), (13, 30), (14, 50)):
        like(filled, ref, minutes)
    like(filled, 15, 600, state="TIMEOUT")
    like(filled, 16, 1, name="other")
    filled.booking(11, "n1", -110, {"cpu_static_j": 5.0}, cpu_used_s=90.0, cpu_reserved_s=900.0)
    filled.sum_up()
    found = queries.similar_jobs(ADMIN, 101)
    assert found is not None
    assert (found.count, found.completed, found.longest_s) == (5, 4, 3000.0)
    (elapsed,) = found.figures  # of the energy of one job there is no median
    # sorted 600, 1200, 1800, 3000, 36000 s
    assert (elapsed.name, elapsed.lower, elapsed.median, elapsed.upper) == ("elapsed_s", 1200.0, 1800.0, 3000.0)
    assert (elapsed.this, elapsed.count) == (1800.0, 5)


def test_a_name_alone_does_not_make_jobs_alike(filled: Book, queries: Queries) -> None:
    filled.job(11, "bob", 5, 6, name="relax", account="phys")
    found = queries.similar_jobs(ADMIN, 101)
    assert found is not None
    assert found.count == 0
    filled.job(12, "", 0, 1)
    nameless = queries.similar_jobs(ADMIN, 112)
    assert nameless is not None
    assert nameless.count == 0


@pytest.mark.parametrize("viewer", [Viewer("bob"), Viewer("")])
def test_somebody_elses_job_is_no_job(filled: Book, queries: Queries, viewer: Viewer) -> None:
    assert queries.job_windows(viewer, 101) is None
    assert queries.job_intensity(viewer, 101).start_ms == ()
    assert queries.job_gpus(viewer, 101) is None
    assert queries.similar_jobs(viewer, 101) is None
    assert queries.job_advice(viewer, 101) is None
    assert queries.explain(viewer, 101) is None


def test_the_owner_gets_advice(filled: Book, queries: Queries) -> None:
    found = queries.job_advice(Viewer("alice"), 101)
    assert found is not None
    assert [advice.kind for advice in found.advices] == ["cpus"]  # 8 GiB held, 6 used: nearly right
    assert found.advices[0].line == "#SBATCH --cpus-per-task=3"  # 1800 s in 900 s: 2 CPUs, 4 held on each node


def test_a_job_that_waits_is_told_to_who_may_see_it(book: Book, queries: Queries) -> None:
    texts = dict.fromkeys(("name", "partition", "qos", "array_tasks"), "")
    book.add(waiting, cluster="c", job_id=7, user="alice", account="phys", reason="Priority", submit_ms=T0, cpus=1,
             node_count=1, **texts)  # fmt: skip
    for viewer in (ADMIN, Viewer("alice"), Viewer("carl", accounts=frozenset({"phys"}))):
        found = queries.waiting_job(viewer, 7)
        assert found is not None
        assert (found.user, found.reason) == ("alice", "Priority")
    assert queries.waiting_job(Viewer("bob"), 7) is None
    assert queries.waiting_job(Viewer(""), 7) is None
    assert queries.waiting_job(ADMIN, 8) is None
