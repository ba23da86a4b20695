"""Powers that were read far apart are kept within the node model and are interpolated; near ones are not."""

import pytest
from kernel_case import booked, gpu_rows, job_rows, life, node_rows

from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel

IDLE = Account.IDLE
BOARD = NodeModel("board", gpu_idle_w=40.0, gpu_max_w=300.0)
DARK = node_rows([0, 10])


def board(at_s: list[float], power_w: list[float], model: NodeModel = BOARD) -> dict[str, float]:
    """Energy of a board that a job holds, by evidence. Readings more than 45 s apart are far apart."""
    found = booked(
        [0, 500], node=[DARK], gpu=[gpu_rows(at_s, power_w=power_w)], lives=[life(1, 0, None, 4, gpus={0: 1.0})],
        model=model, max_gap_s=300,
    )  # fmt: skip
    return {kind: found.evidence_j(1, kind) for kind in ("integrated", "interpolated")}


def test_readings_far_apart_are_interpolated() -> None:
    """100 W for 10 s, then 100 and 200 W 100 s apart: 1000 J, and 150 W * 100 s."""
    assert board([0, 10, 110], [100.0, 100.0, 200.0]) == {
        "integrated": pytest.approx(1000), "interpolated": pytest.approx(15_000),
    }  # fmt: skip


def test_at_the_limit_they_are_still_integrated() -> None:
    assert board([0, 45], [100.0, 100.0]) == {"integrated": pytest.approx(4500), "interpolated": 0}


def test_over_a_gap_power_stays_within_the_model() -> None:
    """Readings of 500 W are kept at 300 W, readings of 10 W at 40 W; near ones are what was read."""
    assert board([0, 10, 110], [500.0, 500.0, 500.0])["interpolated"] == pytest.approx(30_000)
    assert board([0, 100], [10.0, 10.0])["interpolated"] == pytest.approx(4000)
    assert board([0, 10, 110], [500.0, 500.0, 500.0])["integrated"] == pytest.approx(5000)


def test_without_a_model_there_are_no_bounds() -> None:
    assert board([0, 100], [500.0, 500.0], NodeModel("unknown"))["interpolated"] == pytest.approx(50_000)


def test_beyond_the_longest_gap_there_is_nothing() -> None:
    assert board([0, 301], [100.0, 100.0]) == {"integrated": 0, "interpolated": 0}


def test_a_whole_node_stays_within_the_sum_of_its_parts() -> None:
    """At most 200 W CPU, 20 W memory, 2 boards of 300 W and 30 W rest with a tenth of 820 - 148 W: 917.2 W."""
    model = NodeModel(
        "m", cpu_idle_w=60.0, cpu_max_w=200.0, dram_idle_w=8.0, dram_max_w=20.0, gpu_idle_w=40.0, gpu_max_w=300.0,
        rest_base_w=30.0, rest_ratio=0.1,
    )  # fmt: skip
    assert model.power_range_w(2) == pytest.approx((60 + 8 + 80 + 30, 820 + 30 + 0.1 * (820 - 148)))
    rows = node_rows([0, 290, 590], meter_power_w=[400.0, 2000.0, 2000.0])
    boards = [gpu_rows([0, 290, 590], gpu=n, energy_j=[0.0, 0.0, 0.0]) for n in (0, 1)]
    found = booked([290, 590], node=[rows], gpu=boards, model=model, max_gap_s=400)
    assert found.measured.energy_j.sum() == pytest.approx(917.2 * 300)
    assert found.evidence_j(IDLE, "interpolated") == pytest.approx(917.2 * 300)
    apart = booked(
        [290, 590],
        node=[rows],
        gpu=boards,
        max_gap_s=400,
        model=NodeModel("m", cpu_max_w=200.0, meter_includes_gpus=False),
    )
    assert apart.measured.energy_j.sum() == pytest.approx(200 * 300)


def test_a_counter_that_was_not_read_for_long_is_exact() -> None:
    """100 s between two readings of a counter: counted, and nothing keeps it within the model."""
    rows = node_rows([0, 100], cpu_energy_j=[0.0, 90_000.0])
    assert booked([0, 100], node=[rows], max_gap_s=300).evidence_j(IDLE, "counted") == pytest.approx(90_000)


def test_over_a_counter_gap_without_busy_time_the_jobs_seconds_decide() -> None:
    """Nothing of the node was read from 0 to 100 s but its energy's two ends: S = 60 W * 100 s, D = 4000 J.

    Job 1 used 30 CPU seconds and job 2 10, as far as is known all of the node: 3/4 and 1/4 of D. S by time and CPUs.
    """
    nan = float("nan")
    rows = node_rows([0, 100], cpu_energy_j=[0.0, 10_000.0], cpu_busy_s=[0.0, nan])
    jobs = [job_rows(1, [0, 100], [5.0, 35.0]), job_rows(2, [0, 100], [5.0, 15.0])]
    found = booked([0, 100], node=[rows], job=jobs, lives=[life(1, -50, None, 4), life(2, -50, None, 2)], max_gap_s=300)
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(3000)
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(1000)
    assert found.energy_j(1, "cpu", "static") == pytest.approx(3000)
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(1500)


def test_over_a_counter_gap_without_any_cpu_seconds_all_goes_by_time() -> None:
    rows = node_rows([0, 100], cpu_energy_j=[0.0, 10_000.0])
    found = booked([0, 100], node=[rows], lives=[life(1, 0, 50, 4)], max_gap_s=300)
    assert found.energy_j(1, "cpu", "static") == pytest.approx(10_000 * 1 / 2 * 4 / 8)
    assert found.energy_j(1, "cpu", "dynamic") == 0
