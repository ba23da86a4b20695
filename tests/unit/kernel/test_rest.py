"""The rest of a node: fans, losses, disks. Readings lie in 5-minute slots that begin at 0, 300, 600 s."""

import pytest
from kernel_case import booked, gpu_rows, job_rows, life, node_rows

from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel

SYSTEM, IDLE, LOST = Account.SYSTEM, Account.IDLE, Account.UNATTRIBUTED
MODEL = NodeModel("m", cpu_idle_w=60.0, cpu_max_w=200.0, rest_base_w=30.0, rest_ratio=0.1)


def test_without_a_meter_the_rest_is_modelled() -> None:
    """30 W for 10 s, and a tenth of each dynamic joule: 400 J dynamic, of which job 1 has 3/4."""
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])],
        job=[job_rows(1, [0, 10], [0.0, 7.5])],
        lives=[life(1, 0, None, 4)],
        model=MODEL,
    )
    assert found.energy_j(1, "rest", "static") == pytest.approx(150)  # 30 * 10 * 4/8
    assert found.energy_j(1, "rest", "dynamic") == pytest.approx(30)  # 0.1 * 300
    assert found.energy_j(SYSTEM, "rest", "dynamic") == pytest.approx(10)
    assert found.energy_j(IDLE, "rest", "static") == pytest.approx(150)
    assert found.evidence_j(1, "modelled") == pytest.approx(180)


def metered(meter_j: list[float]) -> dict[str, list[float]]:
    """Readings at 0, 290, 310, 590 s. CPU: 100 W and half a CPU second each second all the time."""
    at = [0, 290, 310, 590]
    return node_rows(at, cpu_busy_s=[0.5 * t for t in at], cpu_energy_j=[100.0 * t for t in at], meter_energy_j=meter_j)


def test_the_rest_is_the_meter_less_its_parts_per_slot() -> None:
    """From 290 (last of slot 0) to 590 (last of slot 1): 300 s, meter 45 kJ, CPU 30 kJ: rest 15 kJ.

    Static min(15000, 30 W * 300 s) = 9000 J, dynamic 6000 J over the CPU's dynamic (100 - 60) W * 300 s = 12000 J:
    0.5 J for each of its joules. The reading at 310 splits nothing.
    """
    found = booked(
        [290, 390, 590],
        node=[metered([0.0, 40_000.0, 41_000.0, 85_000.0])],
        job=[job_rows(1, [0, 290, 310, 590], [0.0, 72.5, 77.5, 147.5])],
        lives=[life(1, -10, None, 4)],
        model=MODEL,
        max_gap_s=600,
    )
    assert found.energy_j(1, "rest", "static", bucket=0) == pytest.approx(1500)  # 30 W * 100 s * 4/8
    # 72.5 of its CPU seconds at second 0 are of its first 10 s; then half of the node's: 12000 * 1/3 * 1/2 * 0.5
    assert found.energy_j(1, "rest", "dynamic", bucket=0) == pytest.approx(1000)
    assert found.energy_j(SYSTEM, "rest", "dynamic", bucket=0) == pytest.approx(1000)
    assert found.measured.energy_j[0, :, 3] == pytest.approx([5000, 10_000])
    assert found.evidence_j(IDLE, "modelled") == 0


def test_a_board_that_nobody_holds_takes_its_part_of_the_dynamic_rest() -> None:
    """CPU 30 kJ and board 10 kJ of the meter's 55 kJ in 300 s: rest 15 kJ, of which 30 W * 300 s = 9 kJ are static.

    Dynamic are (100 - 60) W * 300 s = 12 kJ of the CPU and, as its idle power is not known, all of the board's:
    rho = 6 / 22. Job 1 used half of the CPU seconds, the board is nobody's.
    """
    at = [0, 290, 310, 590]
    found = booked(
        [290, 590],
        node=[metered([0.0, 40_000.0, 41_000.0, 95_000.0])],
        gpu=[gpu_rows(at, energy_j=[0.0, 1000.0, 3000.0, 11_000.0])],
        job=[job_rows(1, at, [0.0, 72.5, 77.5, 147.5])],
        lives=[life(1, -10, None, 4)],
        model=MODEL,
        max_gap_s=600,
    )
    assert found.energy_j(1, "rest", "dynamic") == pytest.approx(6000 * 6 / 22)
    assert found.energy_j(SYSTEM, "rest", "dynamic") == pytest.approx(6000 * 6 / 22)
    assert found.energy_j(IDLE, "rest", "dynamic") == pytest.approx(6000 * 10 / 22)
    assert found.energy_j(1, "rest", "static") == pytest.approx(4500)  # of 9 kJ, 4 of 8 CPUs


def test_a_meter_below_its_parts_is_negative_and_unattributed() -> None:
    """From 290 to 590 the meter counts 27 kJ, the CPU 30 kJ: rest 0, -3 kJ unattributed, linear in time."""
    found = booked([290, 390, 590], node=[metered([0.0, 40_000.0, 41_000.0, 67_000.0])], model=MODEL, max_gap_s=600)
    assert found.energy_j(LOST, "rest", "static", bucket=0) == pytest.approx(-1000)
    assert found.energy_j(LOST, "rest", "static", bucket=1) == pytest.approx(-2000)
    assert found.energy_j(IDLE, "rest", "static") == 0
    assert found.rows.energy_j.sum() == pytest.approx(27_000)


def test_the_rest_is_modelled_where_a_part_was_not_read() -> None:
    """The GPU, which the meter includes, was not read from 290 to 590.

    The meter counts 45 kJ, the CPU 30 kJ, the rest is modelled as 30 W * 300 s + 0.1 * 40 W * 300 s = 10.2 kJ:
    4.8 kJ were measured and have no place.
    """
    found = booked(
        [0, 290, 590],
        node=[metered([0.0, 40_000.0, 41_000.0, 85_000.0])],
        gpu=[gpu_rows([0, 290], energy_j=[0.0, 5000.0])],
        model=MODEL,
        max_gap_s=600,
    )
    assert found.measured.energy_j[0, 0, 3] == pytest.approx(6000)  # 40000 - 29000 - 5000
    assert found.measured.energy_j[0, 1, 3] == pytest.approx(15_000)
    assert found.evidence_j(IDLE, "modelled") == pytest.approx(9000)
    assert found.energy_j(LOST, "rest", "static") == found.evidence_j(LOST, "counted") == pytest.approx(4800)


def test_the_modelled_rest_is_at_most_what_the_meter_leaves() -> None:
    """As above, but the meter counts 34 kJ: 4 kJ are left of it, the model would have 10.2 kJ."""
    found = booked(
        [290, 590],
        node=[metered([0.0, 40_000.0, 41_000.0, 74_000.0])],
        gpu=[gpu_rows([0, 290], energy_j=[0.0, 5000.0])],
        model=MODEL,
        max_gap_s=600,
    )
    assert found.measured.energy_j[0, 0].tolist() == pytest.approx([30_000, 0, 0, 4000])
    assert found.energy_j(IDLE, "rest", "static") == pytest.approx(9000 * 4 / 10.2)
    assert found.energy_j(SYSTEM, "rest", "dynamic") == pytest.approx(1200 * 4 / 10.2)
    assert found.energy_j(LOST, "rest", "static") == pytest.approx(0, abs=1e-9)


def test_a_meter_below_the_parts_that_were_read_is_negative_whatever_was_not_read() -> None:
    """The meter counts 27 kJ, the CPU alone 30 kJ."""
    found = booked(
        [290, 590],
        node=[metered([0.0, 40_000.0, 41_000.0, 67_000.0])],
        gpu=[gpu_rows([0, 290], energy_j=[0.0, 5000.0])],
        model=MODEL,
        max_gap_s=600,
    )
    assert found.energy_j(LOST, "rest", "static") == pytest.approx(-3000)
    assert found.rows.energy_j.sum() == pytest.approx(27_000)


def test_a_node_with_nothing_but_a_whole_node_meter_is_all_rest() -> None:
    at = [0, 290, 310, 590]
    rows = node_rows(at, meter_energy_j=[0.0, 40_000.0, 41_000.0, 85_000.0])
    found = booked([290, 590], node=[rows], lives=[life(1, 290, 440, 4)], model=MODEL, max_gap_s=600)
    assert found.energy_j(1, "rest", "static") == pytest.approx(45_000 / 2 * 4 / 8)  # half the time, half the CPUs
    assert found.rows.energy_j.sum() == pytest.approx(45_000)


def test_the_rest_of_a_modelled_cpu_is_no_better_known_than_the_cpu() -> None:
    at = [0, 290, 310, 590]
    rows = node_rows(at, cpu_modelled_j=[100.0 * t for t in at], meter_energy_j=[0.0, 40_000.0, 41_000.0, 85_000.0])
    found = booked([290, 590], node=[rows], model=MODEL, max_gap_s=600)
    assert found.evidence_j(IDLE, "modelled") == pytest.approx(45_000)


def test_a_meter_without_gpus_leaves_them_out() -> None:
    apart = NodeModel("m", cpu_idle_w=60.0, rest_base_w=30.0, meter_includes_gpus=False)
    found = booked(
        [0, 290],
        node=[metered([0.0, 40_000.0, 41_000.0, 85_000.0])],
        gpu=[gpu_rows([0, 290], energy_j=[0.0, 5000.0])],
        model=apart,
        max_gap_s=600,
    )
    assert found.measured.energy_j[0, 0, 3] == pytest.approx(11_000)  # 40000 - 29000


def test_static_rest_is_shared_by_what_the_held_parts_can_draw() -> None:
    """w = (4/8 * 200 + 1/4 * 40 + 1 GPU * 300) / (200 + 40 + 2 * 300) of 30 W * 10 s."""
    model = NodeModel("m", cpu_max_w=200.0, dram_max_w=40.0, gpu_max_w=300.0, rest_base_w=30.0)
    boards = [gpu_rows([0, 10], gpu=n, energy_j=[0.0, 0.0]) for n in (0, 1)]
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], cpu_energy_j=[0.0, 0.0])],
        gpu=boards,
        lives=[life(1, 0, None, 4, memory_bytes=16e9, gpus={1: 1.0})],
        model=model,
    )
    assert found.energy_j(1, "rest", "static") == pytest.approx(300 * 410 / 840)
    assert found.energy_j(IDLE, "rest", "static") == pytest.approx(300 * 430 / 840)


def test_a_gpu_that_was_never_seen_takes_no_share_of_the_rest() -> None:
    """GPU 3 is in the job's record but not in the samples: shares still sum to one."""
    model = NodeModel("m", cpu_max_w=200.0, gpu_max_w=300.0, rest_base_w=30.0)
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], cpu_energy_j=[0.0, 0.0])],
        lives=[life(1, 0, None, 4, gpus={3: 1.0})],
        model=model,
    )
    assert found.energy_j(1, "rest", "static") == pytest.approx(150)
    assert found.rows.energy_j.sum() == pytest.approx(300)
