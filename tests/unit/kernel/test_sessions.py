"""Logins beside jobs and on nodes outside Slurm."""

import pytest
from kernel_case import User, booked, gpu_rows, job_rows, life, node_rows, session_rows

from maxwatt.domain.energy import Account

SYSTEM, IDLE = Account.SYSTEM, Account.IDLE
ADA, EVE = User(1001), User(1002)
BUSY = {"cpu_energy_j": [0.0, 1000.0], "cpu_busy_s": [0.0, 10.0]}
"""1000 J in 10 s with 60 W idle: 600 J static; 400 J for 10 CPU seconds, 40 J each."""


def test_a_login_pays_for_its_cpu_seconds_and_holds_nothing() -> None:
    """A job with 4 of 8 CPUs used 5 s, a login 2 s: 3 s are the system's."""
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], **BUSY)],
        job=[job_rows(7, [0, 10], [0.0, 5.0])],
        lives=[life(7, 0, 10, 4)],
        session=[session_rows(1001, [0, 10], [50.0, 52.0])],
    )
    assert found.energy_j(7, "cpu", "static") == pytest.approx(300)
    assert found.energy_j(7, "cpu", "dynamic") == pytest.approx(200)
    assert found.energy_j(ADA, "cpu", "static") == 0
    assert found.energy_j(ADA, "cpu", "dynamic") == pytest.approx(80)
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(120)
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(300)
    assert found.fact(ADA, "cpu_used_s") == pytest.approx(2)
    assert found.fact(ADA, "held_s") == found.fact(ADA, "covered_s") == pytest.approx(10)
    assert (found.fact(ADA, "cpu_reserved_s"), found.fact(ADA, "share_s")) == (0, 0)
    assert found.evidence_j(ADA, "counted") == pytest.approx(80)


def test_memory_and_rest_follow_the_cpu_seconds() -> None:
    """In 300 s 18000 J static and 400 J dynamic of the CPU, 100 J of memory without idle power, and 210 J of rest.

    The login used 2 of 10 CPU seconds: 80 J and 20 J. The rest has no base power: 210/500 J for each of these joules.
    """
    at = [0.0, 300.0]
    found = booked(
        [0, 300],
        node=[
            node_rows(
                at, cpu_energy_j=[0.0, 18_400.0], cpu_busy_s=[0.0, 10.0], dram_energy_j=[0.0, 100.0],
                meter_energy_j=[0.0, 18_710.0],
            )
        ],
        session=[session_rows(1001, at, [0.0, 2.0])],
        max_gap_s=600,
    )  # fmt: skip
    assert found.energy_j(ADA, "cpu", "dynamic") == pytest.approx(80)
    assert found.energy_j(ADA, "dram", "dynamic") == pytest.approx(20)
    assert found.energy_j(ADA, "rest", "dynamic") == pytest.approx(42)


def test_a_first_row_only_begins_the_counting() -> None:
    found = booked(
        [0, 20],
        node=[node_rows([0, 10, 20], cpu_energy_j=[0.0, 1000.0, 2000.0], cpu_busy_s=[0.0, 10.0, 20.0])],
        session=[session_rows(1001, [10, 20], [4.0, 5.0])],
    )
    assert found.fact(ADA, "cpu_used_s") == pytest.approx(1)
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(760)


def test_a_counter_that_begins_anew_or_another_epoch_is_no_interval() -> None:
    rows = session_rows(1001, [0, 10, 20, 30, 40], [9.0, 11.0, 1.0, 2.0, 5.0], epoch_id=[1, 1, 1, 1, 2])
    busy = [0.0, 10.0, 20.0, 30.0, 40.0]
    node = node_rows([0, 10, 20, 30, 40], cpu_energy_j=[100 * s for s in busy], cpu_busy_s=busy)
    found = booked([0, 40], node=[node], session=[rows])
    assert found.fact(ADA, "cpu_used_s") == pytest.approx(2 + 1)


def test_two_logins_and_two_nodes_do_not_mix() -> None:
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], node=n, **BUSY) for n in (0, 1)],
        session=[
            session_rows(1001, [0, 10], [0.0, 2.0]),
            session_rows(1002, [0, 10], [0.0, 3.0]),
            session_rows(1001, [0, 10], [0.0, 4.0], node=1),
        ],
    )
    assert found.energy_j(ADA, "cpu", "dynamic", node=0) == pytest.approx(80)
    assert found.energy_j(EVE, "cpu", "dynamic") == pytest.approx(120)
    assert found.energy_j(ADA, "cpu", "dynamic", node=1) == pytest.approx(160)


def test_more_than_the_node_was_busy_is_what_was_used() -> None:
    """Logins used 20 s where the node counted 10: U is 20, 20 J for each, and nothing is left for the system."""
    found = booked([0, 10], node=[node_rows([0, 10], **BUSY)], session=[session_rows(1001, [0, 10], [0.0, 20.0])])
    assert found.energy_j(ADA, "cpu", "dynamic") == pytest.approx(400)
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == 0


def test_a_job_that_cannot_be_read_gets_nothing_of_a_login() -> None:
    """Of 10 busy seconds 8 are a login's: the unreadable job gets the other 2, not 10."""
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], **BUSY)],
        lives=[life(7, 0, 10, 4)],
        session=[session_rows(1001, [0, 10], [0.0, 8.0])],
    )
    assert found.fact(7, "cpu_used_s") == pytest.approx(2)
    assert found.energy_j(ADA, "cpu", "dynamic") == pytest.approx(320)


def test_a_login_that_does_nothing_has_no_row() -> None:
    found = booked([0, 10], node=[node_rows([0, 10], **BUSY)], session=[session_rows(1001, [0, 10], [3.0, 3.0])])
    assert not (found.rows.account == Account.SESSION).any()


def test_outside_slurm_what_nobody_holds_is_the_systems() -> None:
    """A login node: 600 J static and 120 J that no login used; its GPU is nobody's either."""
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], **BUSY)],
        gpu=[gpu_rows([0, 10], energy_j=[0.0, 50.0])],
        session=[session_rows(1001, [0, 10], [0.0, 7.0])],
        states=[(0, 0, None, Account.DOWN)],
        outside=True,
    )
    assert found.energy_j(SYSTEM, "cpu", "static") == pytest.approx(600)
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(120)
    assert found.energy_j(SYSTEM, "gpu", "static") + found.energy_j(SYSTEM, "gpu", "dynamic") == pytest.approx(50)
    assert found.energy_j(ADA, "cpu", "dynamic") == pytest.approx(280)
    assert {int(account) for account in found.rows.account} <= {SYSTEM, Account.SESSION, Account.UNATTRIBUTED}
    assert found.fact(SYSTEM, "held_s") == found.fact(SYSTEM, "share_s") == pytest.approx(10)
