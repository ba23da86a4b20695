"""Jobs that cannot be: nothing crashes, every joule is booked, and what nobody can hold is booked on nobody."""

import math

import pytest
from kernel_case import booked, gpu_rows, job_rows, life, node_rows

from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel

NODE = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])
"""600 J static, 400 J dynamic."""


def test_a_job_that_ends_before_it_starts_holds_nothing() -> None:
    found = booked([0, 10], node=[NODE], job=[job_rows(1, [0, 10], [0.0, 5.0])], lives=[life(1, 8, 2, 4)])
    assert found.energy_j(Account.IDLE, "cpu", "static") == pytest.approx(600)
    assert found.rows.energy_j.sum() == pytest.approx(1000)


def test_a_suspension_that_ends_before_it_starts_is_none() -> None:
    found = booked([0, 10], node=[NODE], lives=[life(1, 0, None, 8)], suspended=[(0, 9, 3)])
    assert found.energy_j(1, "cpu", "static") == pytest.approx(600)


def test_more_cpus_memory_and_gpus_than_the_node_has_are_all_of_it() -> None:
    """96 of 8 CPUs, 1 TB of 64 GB, and a board that does not exist beside the one that does."""
    both = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0], dram_energy_j=[0.0, 100.0])
    found = booked(
        [0, 10], node=[both], gpu=[gpu_rows([0, 10], energy_j=[0.0, 500.0])],
        lives=[life(1, 0, None, 96, memory_bytes=1e12, gpus={0: 3.0, 9: 1.0})],
        model=NodeModel("m", cpu_idle_w=60.0, dram_idle_w=10.0, gpu_idle_w=40.0, gpu_max_w=300.0),
    )  # fmt: skip
    assert found.energy_j(1, "cpu", "static") == pytest.approx(600)
    assert found.energy_j(1, "dram", "static") == pytest.approx(100)
    assert found.energy_j(1, "gpu", "static") + found.energy_j(1, "gpu", "dynamic") == pytest.approx(500)
    assert found.rows.energy_j.sum() == pytest.approx(1600)
    assert found.fact(1, "share_s") == pytest.approx(10)


def test_a_job_on_a_node_without_any_sample() -> None:
    found = booked([0, 10], node=[NODE, node_rows([0], node=1)], lives=[life(1, 0, None, 4, node=1)])
    assert found.fact(1, "covered_s", node=1) == 0
    assert found.fact(1, "held_s", node=1) == pytest.approx(10)
    assert math.isnan(found.fact(1, "cpu_used_s", node=1))
    assert found.rows.energy_j.sum() == pytest.approx(1000)


def test_two_records_of_one_job_at_one_time_share_what_they_hold() -> None:
    found = booked([0, 10], node=[NODE], lives=[life(1, 0, None, 8, job=1), life(1, 0, None, 8, job=2)])
    assert found.energy_j(1, "cpu", "static") == pytest.approx(300)
    assert found.energy_j(2, "cpu", "static") == pytest.approx(300)
