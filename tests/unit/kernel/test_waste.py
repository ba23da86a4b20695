"""Static energy that was reserved and not used: CPUs, memory, GPUs, cell by cell. Figures are worked out beside."""

import math
from typing import Any

import pytest
from kernel_case import Booked, booked, gpu_rows, job_rows, life, node_rows

from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel

BOTH = NodeModel("both", cpu_idle_w=60.0, dram_idle_w=10.0)
BOARD = NodeModel("board", cpu_idle_w=60.0, gpu_idle_w=40.0)
NODE = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0], dram_energy_j=[0.0, 160.0])
"""10 s: static 600 J of the CPUs and 100 J of the memory (10 W)."""


def memory_job(memory: list[float], **values: Any) -> Booked:
    """A job of 4 CPUs and 32 of 64 GB that used all its CPUs: only memory can be wasted."""
    rows = job_rows(1, [0, 5, 10], [0.0, 20.0, 40.0], memory_bytes=memory)
    return booked(
        [0, 10], node=[NODE], job=[rows], lives=[life(1, 0, None, 4, memory_bytes=32e9, **values)], model=BOTH
    )


def gpu_job(utilisation: list[float] | float, *lives: dict[str, Any], model: NodeModel = BOARD) -> Booked:
    """A board with 400 J static in 10 s; job 1 used all its CPUs."""
    node = node_rows([0, 10], cpu_busy_s=[0.0, 40.0], cpu_energy_j=[0.0, 1000.0])
    gpu = gpu_rows([0, 10], energy_j=[0.0, 1000.0], utilisation=utilisation)
    return booked(
        [0, 10], node=[node], gpu=[gpu], job=[job_rows(1, [0, 10], [0.0, 40.0])], lives=list(lives), model=model
    )


def test_cpus_reserved_and_not_used() -> None:
    """Static 600 * 4/8 = 300 J; 10 of 40 CPU seconds used."""
    row = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])
    found = booked([0, 10], node=[row], job=[job_rows(1, [0, 10], [0.0, 10.0])], lives=[life(1, 0, None, 4)])
    assert found.fact(1, "waste_j") == pytest.approx(225)


def test_each_cell_by_itself_what_is_used_too_much_in_one_saves_nothing_in_another() -> None:
    """Job 2 begins at second 4. Cells of 4 and 6 s: 240 and 360 J static, a half of it job 1's.

    Of 16 CPU seconds it used 24, of the next 24 none: 0 + 180 J, not 300 * (1 - 24/40) = 120 J.
    """
    node = node_rows([0, 4, 10], cpu_busy_s=[0.0, 24.0, 30.0], cpu_energy_j=[0.0, 600.0, 1200.0])
    found = booked(
        [0, 10], node=[node], job=[job_rows(1, [0, 4, 10], [0.0, 24.0, 24.0])],
        lives=[life(1, 0, None, 4), life(2, 4, None, 1)],
    )  # fmt: skip
    assert found.fact(1, "waste_j") == pytest.approx(180)


def test_memory_reserved_and_not_resident() -> None:
    """Static 100 J * 32/64 = 50 J. Resident 8 to 16 to 8 GB: 12 GB in the mean, 3/8 of what is reserved."""
    assert memory_job([8e9, 16e9, 8e9]).fact(1, "waste_j") == pytest.approx(50 * 5 / 8)
    assert memory_job([40e9, 40e9, 40e9]).fact(1, "waste_j") == 0


def test_a_job_alone_on_its_node_has_reserved_all_of_it() -> None:
    """CPU: 600 J, 40 of 80 CPU seconds. Memory: 100 J, 16 of 64 GB."""
    assert memory_job([16e9] * 3, exclusive=True).fact(1, "waste_j") == pytest.approx(300 + 75)


def test_memory_that_nobody_read_makes_waste_unknown() -> None:
    assert math.isnan(memory_job([math.nan] * 3).fact(1, "waste_j"))


def test_absent_memory_meters_waste_nothing() -> None:
    node = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])
    found = booked(
        [0, 10], node=[node], job=[job_rows(1, [0, 10], [0.0, 20.0])],
        lives=[life(1, 0, None, 4, memory_bytes=32e9)], model=BOTH,
    )  # fmt: skip
    assert found.fact(1, "waste_j") == pytest.approx(150)  # of U = 20: 600 * 4/8 * (1 - 20/40)


def test_a_metered_part_of_unknown_idle_power_makes_waste_unknown() -> None:
    found = booked(
        [0, 10], node=[NODE], lives=[life(1, 0, None, 4, memory_bytes=32e9)],
        job=[job_rows(1, [0, 10], [0.0, 10.0], memory_bytes=[1e9, 1e9])],
    )  # fmt: skip
    assert math.isnan(found.fact(1, "waste_j"))  # the model knows nothing of memory


def test_a_board_reserved_and_idle() -> None:
    """Utilisation 0.2 to 0.6: 0.4 in the mean; 60 % of 400 J."""
    found = gpu_job([0.2, 0.6], life(1, 0, None, 4, gpus={0: 1.0}))
    assert found.fact(1, "waste_j") == pytest.approx(240)


def test_a_part_of_a_board_held_alone_is_used_by_its_holder() -> None:
    """Half a board at 0.4 of the whole is 0.8 of what is held: 20 % of 200 J."""
    found = gpu_job([0.4, 0.4], life(1, 0, None, 4, gpus={0: 0.5}))
    assert found.fact(1, "waste_j") == pytest.approx(40)


def test_on_a_shared_board_only_ones_own_activity_tells() -> None:
    """Quarters: 100 J each. The board's utilisation is nobody's own."""
    known = life(1, 0, None, 4, gpus={0: 0.25}, activity={0: 0.9})
    found = gpu_job([0.5, 0.5], known, life(2, 0, None, 1, gpus={0: 0.25}))
    assert found.fact(1, "waste_j") == pytest.approx(10)
    assert math.isnan(found.fact(2, "waste_j"))


def test_a_board_whose_utilisation_or_idle_power_nobody_knows_makes_waste_unknown() -> None:
    held = life(1, 0, None, 4, gpus={0: 1.0})
    assert math.isnan(gpu_job(math.nan, held).fact(1, "waste_j"))
    assert math.isnan(gpu_job([0.5, 0.5], held, model=NodeModel("m", cpu_idle_w=60.0)).fact(1, "waste_j"))
    assert gpu_job(math.nan, life(1, 0, None, 4)).fact(1, "waste_j") == 0  # holds none


def test_where_nothing_was_read_nothing_is_wasted_and_nothing_expected() -> None:
    """No reading between seconds 10 and 30: static 300 J each in 0..10 and 30..40, all used there."""
    node = node_rows([0, 10, 30, 40], cpu_busy_s=[0.0, 40.0, 0.0, 40.0], cpu_energy_j=[0.0, 1000.0, 0.0, 1000.0],
                     epoch_id=[1, 1, 2, 2])  # fmt: skip
    job = job_rows(1, [0, 10, 30, 40], [0.0, 40.0, 40.0, 80.0])
    assert booked([0, 40], node=[node], job=[job], lives=[life(1, 0, None, 4)]).fact(1, "waste_j") == 0


def test_a_suspended_job_wastes_no_cpus() -> None:
    """Suspended from second 5: 150 J static before, of which it used 20 of 20 CPU seconds."""
    node = node_rows([0, 5, 10], cpu_busy_s=[0.0, 20.0, 20.0], cpu_energy_j=[0.0, 500.0, 800.0])
    job = job_rows(1, [0, 5, 10], [0.0, 20.0, 20.0])
    found = booked([0, 10], node=[node], job=[job], lives=[life(1, 0, None, 4)], suspended=[(0, 5, 10)])
    assert found.fact(1, "waste_j") == 0


def test_shares_of_a_node_in_seconds() -> None:
    """Pmax 200 W CPUs, 40 W memory, one board of 260 W. Job 1: 4/8, 16/64, a half: (100 + 10 + 130) / 500 of 8 s."""
    model = NodeModel("m", cpu_idle_w=60.0, cpu_max_w=200.0, dram_max_w=40.0, gpu_max_w=260.0)
    found = booked(
        [0, 10], node=[NODE], gpu=[gpu_rows([0, 10], energy_j=[0.0, 1000.0])], model=model,
        lives=[life(1, 2, None, 4, memory_bytes=16e9, gpus={0: 0.5})],
    )  # fmt: skip
    assert found.fact(1, "share_s") == pytest.approx(8 * 240 / 500)
    assert found.fact(Account.IDLE, "share_s") == pytest.approx(2 + 8 * 260 / 500)
    assert found.fact(Account.SYSTEM, "share_s") == 0
