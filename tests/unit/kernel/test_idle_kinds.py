"""What nobody holds, by the state of its node."""

from dataclasses import replace

import pytest
from kernel_case import PLAIN, booked, gpu_rows, job_rows, life, node_rows

from maxwatt.domain.energy import Account

IDLE, DOWN, DRAINED, OFF = Account.IDLE, Account.DOWN, Account.DRAINED, Account.POWERED_OFF


def test_idle_is_cut_where_the_state_changes() -> None:
    """1000 J in 10 s of a node that does nothing, all static: 100 W. Down from 3 s to 7 s: 400 J."""
    rows = node_rows([0, 10], cpu_energy_j=[0.0, 1000.0], cpu_busy_s=[0.0, 0.0])
    found = booked([0, 10], node=[rows], states=[(0, 3, 7, DOWN)])
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(600)
    assert found.energy_j(DOWN, "cpu", "static") == pytest.approx(400)
    assert found.fact(DOWN, "held_s") == found.fact(DOWN, "covered_s") == pytest.approx(4)
    assert found.fact(IDLE, "held_s") == pytest.approx(6)
    assert found.measured.energy_j.sum() == pytest.approx(1000)


def test_a_draining_node_that_still_runs_jobs_has_a_drained_remainder() -> None:
    """60 W idle of 1000 J in 10 s: 600 J static, of which a job with 2 of 8 CPUs has 150 J; 450 J are drained."""
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], cpu_energy_j=[0.0, 1000.0], cpu_busy_s=[0.0, 4.0])],
        job=[job_rows(7, [0, 10], [0.0, 4.0])],
        lives=[life(7, 0, 10, 2)],
        states=[(0, -5, None, DRAINED)],
    )
    assert found.energy_j(7, "cpu", "static") == pytest.approx(150)
    assert found.energy_j(DRAINED, "cpu", "static") == pytest.approx(450)
    assert found.energy_j(7, "cpu", "dynamic") == pytest.approx(400)
    assert not (found.rows.account == IDLE).any()


def test_unheld_gpus_memory_and_rest_go_with_the_state() -> None:
    """Off from 5 s on: half of 200 J of a GPU, of 80 J of memory, of 30 W rest over 10 s."""
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], cpu_energy_j=[0.0, 0.0], dram_energy_j=[0.0, 80.0], cpu_busy_s=[0.0, 0.0])],
        gpu=[gpu_rows([0, 10], energy_j=[0.0, 200.0])],
        states=[(0, 5, None, OFF)],
        model=replace(PLAIN, rest_base_w=30.0, gpu_idle_w=40.0),
    )
    for component, half in (("gpu", 100), ("dram", 40), ("rest", 150)):
        assert found.energy_j(OFF, component, "static") == pytest.approx(half)
        assert found.energy_j(IDLE, component, "static") == pytest.approx(half)


def test_each_node_has_its_own_state() -> None:
    rows = [node_rows([0, 10], node=n, cpu_energy_j=[0.0, 500.0], cpu_busy_s=[0.0, 0.0]) for n in (0, 1)]
    found = booked([0, 10], node=rows, states=[(1, 0, 10, DOWN)])
    assert found.energy_j(IDLE, "cpu", "static", node=0) == pytest.approx(500)
    assert found.energy_j(DOWN, "cpu", "static", node=1) == pytest.approx(500)
    assert found.energy_j(IDLE, "cpu", "static", node=1) == 0
