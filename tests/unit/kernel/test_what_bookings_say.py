"""What a booking says of itself: peak memory, waste, coverage, uncertainty."""

import math

import pytest
from kernel_case import booked, gpu_rows, job_rows, life, node_rows

from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel

ONE = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])


def test_memory_peak_is_the_highest_sample_of_the_bucket() -> None:
    found = booked(
        [0, 25, 40],
        node=[node_rows([0, 10, 20, 30], cpu_energy_j=[0.0, 1.0, 2.0, 3.0])],
        job=[
            job_rows(1, [0, 10, 20, 30], [0.0, 1.0, 2.0, 3.0], memory_bytes=[1e9, 5e9, 2e9, 3e9]),
            job_rows(2, [0, 10], [0.0, 1.0]),
        ],
        lives=[life(1, 0, None, 4), life(2, 0, None, 4)],
    )
    assert found.fact(1, "memory_peak_bytes", bucket=0) == 5e9
    assert found.fact(1, "memory_peak_bytes", bucket=1) == 3e9
    assert math.isnan(found.fact(2, "memory_peak_bytes", bucket=0))


def test_memory_at_the_start_on_a_buckets_edge_is_the_new_jobs() -> None:
    """Job 2 begins with the second bucket and is sampled at that moment: its memory is not job 1's."""
    found = booked(
        [0, 10, 20],
        node=[node_rows([0, 10, 20], cpu_energy_j=[0.0, 1.0, 2.0])],
        job=[
            job_rows(1, [0, 5], [0.0, 1.0], memory_bytes=[1e9, 1e9]),
            job_rows(2, [10, 15], [0.0, 1.0], memory_bytes=[9e9, 2e9]),
        ],
        lives=[life(1, 0, 10, 4), life(2, 10, None, 4)],
    )
    assert found.fact(1, "memory_peak_bytes") == 1e9
    assert found.fact(2, "memory_peak_bytes") == 9e9


def test_waste_is_static_cpu_energy_reserved_but_not_used() -> None:
    """Static 600 * 4/8 = 300 J; used 10 of 40 reserved CPU seconds: 3/4 of it wasted."""
    found = booked([0, 10], node=[ONE], job=[job_rows(1, [0, 10], [0.0, 10.0])], lives=[life(1, 0, None, 4)])
    assert found.fact(1, "waste_j") == pytest.approx(225)
    assert found.fact(1, "cpu_used_s") == pytest.approx(10)
    assert found.fact(1, "cpu_reserved_s") == pytest.approx(40)


def test_a_job_that_uses_more_than_it_reserved_wastes_nothing() -> None:
    found = booked([0, 10], node=[ONE], job=[job_rows(1, [0, 10], [0.0, 10.0])], lives=[life(1, 0, None, 0.5)])
    assert found.fact(1, "waste_j") == 0


def test_waste_is_unknown_without_idle_power() -> None:
    found = booked(
        [0, 10], node=[ONE], job=[job_rows(1, [0, 10], [0.0, 10.0])], lives=[life(1, 0, None, 4)],
        model=NodeModel("no idle power", cpu_max_w=200.0),
    )  # fmt: skip
    assert math.isnan(found.fact(1, "waste_j"))
    assert math.isnan(found.fact(Account.IDLE, "waste_j"))


def test_covered_is_the_part_of_the_held_time_with_samples() -> None:
    rows = node_rows([0, 10, 20, 30], cpu_energy_j=[0.0, 1.0, 0.0, 1.0], epoch_id=[1, 1, 2, 2])
    found = booked([0, 30], node=[rows], lives=[life(1, 5, 27, 4)])
    assert found.fact(1, "held_s") == pytest.approx(22)
    assert found.fact(1, "covered_s") == pytest.approx(12)  # 5..10 and 20..27


def test_a_booking_counts_the_edges_of_its_job_that_lie_in_it() -> None:
    """Only counted energy, 3 %. Held 8 s with both edges inside; 10 s of a job that began before and still runs."""
    found = booked([0, 10], node=[ONE], lives=[life(1, 1, 9, 4), life(2, -20, None, 4)])
    assert found.fact(2, "uncertainty") >= 0.03
    assert found.fact(1, "uncertainty") > found.fact(2, "uncertainty")
    assert found.fact(Account.SYSTEM, "uncertainty") in (0.0, pytest.approx(0.03))


NAN = float("nan")
AT = [0, 290, 310, 590]


def coverage_s(node: dict[str, list[float]], gpu: list[dict[str, list[float]]] | None = None) -> float:
    """Covered seconds of the 300 s from 290 to 590."""
    found = booked([290, 590], node=[node], gpu=gpu, max_gap_s=600)
    return float(found.measured.covered_s[0, 0])


def test_coverage_follows_the_meters_that_a_node_has() -> None:
    whole, cpu = [150.0 * t for t in AT], [100.0 * t for t in AT]
    half = [*cpu[:3], NAN]
    board = [gpu_rows(AT, energy_j=cpu)]
    assert coverage_s(node_rows(AT, cpu_energy_j=cpu)) == 300
    assert coverage_s(node_rows(AT, meter_energy_j=whole)) == 300
    assert coverage_s(node_rows(AT), board) == 300
    assert coverage_s(node_rows(AT, dram_energy_j=half)) == 20
    assert coverage_s(node_rows(AT)) == 0


def test_a_cpu_that_was_not_read_is_not_covered_by_other_parts_but_by_the_whole_node() -> None:
    half, rest = [0.0, 29_000.0, 31_000.0, NAN], [150.0 * t for t in AT]
    assert coverage_s(node_rows(AT, cpu_energy_j=half, dram_energy_j=rest), [gpu_rows(AT, energy_j=rest)]) == 20
    assert coverage_s(node_rows(AT, cpu_energy_j=half, meter_energy_j=rest)) == 300
