"""From readings to energy: what is an interval, what is bridged, what is missing."""

import pytest
from kernel_case import booked, gpu_rows, life, node_rows

from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel

SYSTEM, IDLE = Account.SYSTEM, Account.IDLE


def test_another_epoch_is_no_interval() -> None:
    """Counters restart at second 10; between 10 and 20 nothing is known."""
    rows = node_rows([0, 10, 20, 30], cpu_energy_j=[500.0, 1500.0, 90.0, 790.0], epoch_id=[1, 1, 2, 2])
    found = booked([0, 30], node=[rows])
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(1700)  # 1000 + 700
    assert found.measured.covered_s[0, 0] == pytest.approx(20)


def test_a_gap_beyond_the_longest_is_missing_coverage() -> None:
    rows = node_rows([0, 10, 100, 110], cpu_energy_j=[0.0, 1000.0, 9000.0, 9500.0])
    found = booked([0, 110], node=[rows], max_gap_s=60)
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(1500)
    assert found.measured.covered_s[0, 0] == pytest.approx(20)
    bridged = booked([0, 110], node=[rows], max_gap_s=90)
    assert bridged.energy_j(IDLE, "cpu", "static") == pytest.approx(9500)


def test_a_failed_reading_is_bridged_by_the_counter() -> None:
    nan = float("nan")
    rows = node_rows([0, 10, 20], cpu_energy_j=[0.0, nan, 1800.0])
    found = booked([0, 10, 20], node=[rows])
    assert found.measured.energy_j[0, :, 0] == pytest.approx([900, 900])
    assert found.evidence_j(IDLE, "counted") == pytest.approx(1800)


def test_of_an_interval_longer_than_the_window_its_part_is_booked_and_measured() -> None:
    """Read at 0 and 30 s: 3000 J of the CPU and 30 J of the memory; the window is 10 s of it."""
    rows = node_rows([0, 30], cpu_energy_j=[0.0, 3000.0], dram_energy_j=[0.0, 30.0])
    found = booked([10, 20], node=[rows])
    assert found.measured.energy_j[0, 0].tolist() == pytest.approx([1000, 10, 0, 0])
    assert found.rows.energy_j.sum() == pytest.approx(1010)


def test_a_counter_that_falls_gives_no_interval() -> None:
    rows = node_rows([0, 10, 20], cpu_energy_j=[5000.0, 100.0, 800.0])
    found = booked([0, 20], node=[rows])
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(700)


def test_a_wall_clock_set_back_books_no_joule_twice() -> None:
    """At monotonic second 130 the wall clock falls back by 20 s: rows 130 and 140 carry the times 10.5 and 20.5."""
    rows = node_rows(
        [0, 10, 20, 10.5, 20.5],
        monotonic_s=[100.0, 110.0, 120.0, 130.0, 140.0],
        cpu_energy_j=[0.0, 1000.0, 2000.0, 3000.0, 4000.0],
    )
    found = booked([0, 30], node=[rows])
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(4000)


def test_a_reading_without_a_monotonic_time_is_bridged() -> None:
    rows = node_rows([0, 10, 20], monotonic_s=[100.0, float("nan"), 120.0], cpu_energy_j=[0.0, 1000.0, 2000.0])
    assert booked([0, 20], node=[rows]).energy_j(IDLE, "cpu", "static") == pytest.approx(2000)
    never = node_rows([0, 10], monotonic_s=float("nan"), cpu_energy_j=[0.0, 1000.0])
    assert booked([0, 20], node=[never]).measured.covered_s.sum() == 0


def test_the_modelled_cpu_stands_in_where_nothing_was_measured() -> None:
    nan = float("nan")
    rows = node_rows(
        [0, 10, 20], cpu_energy_j=[0.0, 1000.0, nan], cpu_modelled_j=[0.0, 800.0, 1600.0], cpu_busy_s=[0.0, 0.0, 0.0]
    )
    found = booked([0, 20], node=[rows], lives=[life(1, 0, None, 4)])
    assert found.evidence_j(1, "counted") == pytest.approx(500)
    assert found.evidence_j(1, "modelled") == pytest.approx(400)  # 800 * 4/8


def test_assumed_allocations_are_marked_modelled() -> None:
    rows = node_rows([0, 10], cpu_energy_j=[0.0, 1000.0])
    found = booked([0, 10], node=[rows], lives=[life(1, 0, None, 4, modelled=True)])
    assert found.evidence_j(1, "modelled") == pytest.approx(500)
    assert found.evidence_j(IDLE, "counted") == pytest.approx(500)


BOARD = NodeModel("board", gpu_idle_w=40.0, gpu_max_w=300.0)
DARK = node_rows([0, 10])


def test_a_held_gpu_is_its_holders_also_while_it_idles() -> None:
    """1000 J in 10 s with 40 W idle: 400 J static, 600 J dynamic. GPU 1 is nobody's: 500 J on idle."""
    found = booked(
        [0, 10],
        node=[DARK],
        gpu=[gpu_rows([0, 10], energy_j=[0.0, 1000.0]), gpu_rows([0, 10], gpu=1, energy_j=[7.0, 507.0])],
        lives=[life(1, 0, None, 4, gpus={0: 1.0})],
        model=BOARD,
    )
    assert found.energy_j(1, "gpu", "static") == pytest.approx(400)
    assert found.energy_j(1, "gpu", "dynamic") == pytest.approx(600)
    assert found.energy_j(IDLE, "gpu", "static") == pytest.approx(400)
    assert found.energy_j(IDLE, "gpu", "dynamic") == pytest.approx(100)


def test_a_gpu_held_for_a_part_of_an_interval_is_linear_in_time() -> None:
    found = booked(
        [0, 10], node=[DARK], gpu=[gpu_rows([0, 10], energy_j=[0.0, 1000.0])], lives=[life(1, 2, 5, 4, gpus={0: 1.0})],
        model=BOARD,
    )  # fmt: skip
    assert found.energy_j(1, "gpu", "static") == pytest.approx(120)  # 40 W * 3 s
    assert found.energy_j(1, "gpu", "dynamic") == pytest.approx(180)  # 60 W * 3 s
    assert found.energy_j(IDLE, "gpu", "dynamic") == pytest.approx(420)


def test_a_gpu_that_two_jobs_hold_is_shared_evenly() -> None:
    found = booked(
        [0, 10], node=[DARK], gpu=[gpu_rows([0, 10], energy_j=[0.0, 1000.0])],
        lives=[life(1, 0, None, 4, gpus={0: 1.0}), life(2, 0, None, 4, gpus={0: 1.0})], model=BOARD,
    )  # fmt: skip
    assert found.energy_j(1, "gpu", "dynamic") == found.energy_j(2, "gpu", "dynamic") == pytest.approx(300)


def test_a_gpu_that_reads_power_only_is_integrated_by_trapezoids() -> None:
    """100, 200, 100 W at 0, 10, 20 s: 1500 + 1500 J; 40 W idle: 800 J static."""
    found = booked(
        [0, 20],
        node=[DARK],
        gpu=[gpu_rows([0, 10, 20], power_w=[100.0, 200.0, 100.0])],
        lives=[life(1, 0, None, 4, gpus={0: 1.0})],
        model=BOARD,
    )
    assert found.energy_j(1, "gpu", "static") == pytest.approx(800)
    assert found.energy_j(1, "gpu", "dynamic") == pytest.approx(2200)
    assert found.evidence_j(1, "integrated") == pytest.approx(3000)


def test_an_exclusive_job_holds_every_gpu() -> None:
    boards = [gpu_rows([0, 10], gpu=n, energy_j=[0.0, 1000.0]) for n in (0, 1)]
    found = booked([0, 10], node=[DARK], gpu=boards, lives=[life(1, 0, None, 1, exclusive=True)], model=BOARD)
    assert found.energy_j(1, "gpu", "static") + found.energy_j(1, "gpu", "dynamic") == pytest.approx(2000)


def test_energy_of_which_the_agents_model_decided_is_modelled() -> None:
    """Between 10 and 20 s the agent had missed a wrap: 900 J of the model's choice, the rest is counted."""
    nan = float("nan")
    rows = node_rows(
        [0, 10, 20, 30],
        cpu_energy_j=[0.0, 1000.0, 1900.0, 2500.0],
        cpu_estimated_j=[nan, nan, 900.0, 900.0],
        dram_energy_j=[0.0, 10.0, 20.0, 30.0],
    )
    found = booked([0, 30], node=[rows])
    assert found.evidence_j(IDLE, "modelled") == pytest.approx(900)
    assert found.evidence_j(IDLE, "counted") == pytest.approx(1600 + 30)
