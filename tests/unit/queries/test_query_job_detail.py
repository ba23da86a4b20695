import pytest
from ledger_book import BUCKET, GIB, T0, Book

from aggregator.queries.figure_words import mean_value, origin_text
from aggregator.queries.job_models import JobNodes
from aggregator.queries.models import JobHead
from aggregator.queries.queries import Queries
from maxwatt.domain.carbon import Quantity
from maxwatt.domain.viewer import ADMIN


def test_detail_of_a_job_with_its_nodes(filled: Book, queries: Queries) -> None:
    detail = queries.job(ADMIN, 101)
    assert detail is not None
    assert [share.node for share in detail.nodes] == ["n1", "n2"]
    first, second = detail.nodes
    assert (first.cpus, first.memory_bytes, first.gpus) == (4.0, 8 * GIB, (0,))
    assert (first.cpu_used_s, first.memory_peak_bytes) == (3600.0, 2 * GIB)
    assert second.memory_peak_bytes == 6 * GIB
    assert first.energy_j["cpu_dynamic_j"] == 4000.0
    assert sum(sum(share.energy_j.values()) for share in detail.nodes) == detail.row.energy_j
    assert detail.gpus == "n1: 0"
    assert [(use.quantity, use.value, use.share) for use in detail.figures] == [
        ("intensity", 360.0, 1.0),
        ("pue", 1.5, 1.0),
        ("price", 0.4, 1.0),
    ]
    assert origin_text(detail.figures, Quantity.INTENSITY) == "owid DE 2024 (average lifecycle, static)"
    assert mean_value(detail.figures, Quantity.MARKET) is None


def test_without_a_start_the_latest_attempt(filled: Book, queries: Queries) -> None:
    filled.job(4, "alice", 5, 6, job_id=101)
    latest, first = queries.job(ADMIN, 101), queries.job(ADMIN, 101, T0)
    assert latest is not None
    assert first is not None
    assert (latest.row.start_ms, latest.row.energy_j) == (T0 + 5 * BUCKET, None)
    assert first.row.energy_j == 14_400.0
    assert queries.job(ADMIN, 101, T0 + 1) is None


def test_a_node_without_bookings_shows_its_allocation_and_nothing_else(filled: Book, queries: Queries) -> None:
    filled.allocation(3, "n7", 2, 4, "1,3")
    detail = queries.job(ADMIN, 103)
    assert detail is not None
    (share,) = detail.nodes
    assert (share.gpus, share.energy_j, share.cpu_used_s, share.memory_peak_bytes) == ((1, 3), {}, None, None)
    assert detail.figures == ()


def test_the_intensity_over_two_factors_is_weighted_by_energy(filled: Book, queries: Queries) -> None:
    filled.factor(2, 180.0, "2025")
    filled.booking(1, "n3", 1, {"cpu_static_j": 4_800.0}, co2_g=4_800 / 3.6e6 * 1.5 * 180, factor_id=2)
    detail = queries.job(ADMIN, 101)
    assert detail is not None
    assert mean_value(detail.figures, Quantity.INTENSITY) == pytest.approx((14_400 * 360 + 4_800 * 180) / 19_200)
    assert [use.share for use in detail.figures if use.quantity == "intensity"] == pytest.approx([0.75, 0.25])
    said = origin_text(detail.figures, Quantity.INTENSITY)
    assert said == "owid DE 2024 (average lifecycle, static), 75 %; owid DE 2025 (average lifecycle, static), 25 %"


def test_no_such_job(filled: Book, queries: Queries) -> None:
    assert queries.job(ADMIN, 999) is None
    assert queries.job_attempts(ADMIN, 999) == ()


def test_figures_beside_the_energy(filled: Book, queries: Queries) -> None:
    detail = queries.job(ADMIN, 102)
    assert (detail.embodied_g, detail.consumed_energy_j, detail.full_j) == (None, None, None)
    filled.job(9, "carol", 0, 1, consumed_energy_j=9000.0)
    filled.booking(9, "n1", 0, {"cpu_static_j": 1.0}, share_s=450.0, embodied_g=2.5)
    filled.booking(9, "n2", 0, {"cpu_static_j": 1.0}, share_s=450.0, embodied_g=1.5)
    detail = queries.job(ADMIN, 109)
    assert (detail.embodied_g, detail.consumed_energy_j) == (4.0, 9000.0)


def test_the_nodes_of_a_job_without_its_sums(filled: Book, queries: Queries) -> None:
    for job_id in (101, 102):
        detail, nodes = queries.job(ADMIN, job_id), queries.job_nodes(ADMIN, job_id)
        assert detail is not None
        assert nodes is not None
        assert nodes.names == tuple(share.node for share in detail.nodes)
        assert nodes == JobNodes.of(detail.nodes, detail.row.gpu_count)
    assert queries.job_nodes(ADMIN, 77) is None


def test_a_node_that_is_only_booked_is_one_of_the_nodes(filled: Book, queries: Queries) -> None:
    filled.job(9, "alice", 1, 2, name="moved")
    filled.booking(9, "n7", 1, {"cpu_static_j": 7200.0})
    nodes = queries.job_nodes(ADMIN, 109)
    assert nodes is not None
    assert "n7" in nodes.names


@pytest.mark.parametrize("job_id", [101, 102, 103, 109, 110])
@pytest.mark.parametrize("summed_up", [False, True])
def test_a_job_as_a_whole_is_its_nodes_together(filled: Book, queries: Queries, job_id: int, summed_up: bool) -> None:
    filled.allocation(3, "n7", 2, 4, "1,3")
    use = {"cpu_used_s": 30.0, "cpu_reserved_s": 900.0, "memory_peak_bytes": GIB, "share_s": 450.0, "embodied_g": 1.5}
    filled.job(9, "carol", 0, 2, node_count=2)  # of its second node, which it holds, nothing is booked
    filled.allocation(9, "n1", 1, 1)
    filled.allocation(9, "n2", 1, 1)
    filled.booking(9, "n1", 0, {"cpu_static_j": 1.0}, **use)
    filled.booking(9, "n1", 1, {"cpu_static_j": -2.0, "gpu_dynamic_j": 4.0}, **use)
    filled.job(10, "carol", 0, 1)  # nobody saw what it used
    filled.booking(10, "n1", 0, {"rest_static_j": 5.0}, cpu_reserved_s=900.0, share_s=450.0)
    if summed_up:
        filled.sum_up()
    detail, head = queries.job(ADMIN, job_id), queries.job_head(ADMIN, job_id)
    assert detail is not None
    assert head is not None
    assert {name: getattr(head, name) for name in JobHead.__slots__ if name != "nodes"} == {
        name: getattr(detail, name) for name in JobHead.__slots__ if name != "nodes"
    }
    assert [(held.node, held.cpus, held.gpus) for held in head.nodes] == [
        (share.node, share.cpus, share.gpus) for share in detail.nodes
    ]
    assert sum(head.sums.energy_j.values()) == (head.row.energy_j or 0.0)


def test_sums_with_a_hole_are_unknown(filled: Book, queries: Queries) -> None:
    filled.job(9, "carol", 0, 1, node_count=2)
    for node, used_s, peak_bytes in (("n1", 30.0, None), ("n2", None, GIB)):
        use = {"cpu_used_s": used_s, "cpu_reserved_s": 90.0, "memory_peak_bytes": peak_bytes}
        filled.booking(9, node, 0, {"cpu_static_j": 1.0}, **use)
    for _ in ("as booked", "as summed up"):
        holed, known = queries.job_head(ADMIN, 109), queries.job_head(ADMIN, 101)
        assert (holed.sums.cpu_used_s, holed.sums.memory_peak_bytes) == (None, None)
        assert (known.sums.cpu_used_s, known.sums.memory_peak_bytes) == (7200.0, 8 * GIB)
        assert sum(known.sums.energy_j.values()) == 14_400.0
        filled.sum_up()
