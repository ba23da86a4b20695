"""Nodes of which nobody says how many CPUs they have: what jobs reserve together counts as all of them."""

import pytest
from kernel_case import booked, life, node_rows

from maxwatt.domain.energy import Account

STILL = node_rows([0, 10], cpu_busy_s=[0.0, 0.0], cpu_energy_j=[0.0, 1000.0])
"""1000 J in 10 s, all static."""


def test_jobs_share_the_node_by_their_cpus_and_nothing_is_idle() -> None:
    found = booked([0, 10], node=[STILL], lives=[life(1, 0, None, 3), life(2, 0, None, 1)], cpus=0.0)
    assert found.energy_j(1, "cpu", "static") == pytest.approx(750)
    assert found.energy_j(2, "cpu", "static") == pytest.approx(250)
    assert found.energy_j(Account.IDLE, "cpu", "static") == 0
    assert found.evidence_j(1, "modelled") == pytest.approx(750)


def test_each_stretch_stands_for_itself_whatever_comes_before_or_after() -> None:
    """Alone for 4 s: 400 J. With a job of three times its CPUs for 6 s: 600 * 1/4 J. Then cut at second 4: the same."""
    lives = [life(1, 0, None, 2), life(2, 4, None, 6)]
    whole = booked([0, 10], node=[STILL], lives=lives, cpus=0.0)
    parts = [booked(edges, node=[STILL], lives=lives, cpus=0.0) for edges in ([0, 4], [4, 10])]
    assert whole.energy_j(1, "cpu", "static") == pytest.approx(400 + 150)
    assert [part.energy_j(1, "cpu", "static") for part in parts] == pytest.approx([400, 150])


def test_a_suspended_job_keeps_its_place() -> None:
    found = booked(
        [0, 10], node=[STILL], lives=[life(1, 0, None, 2), life(2, 0, None, 2)], suspended=[(1, 0, 10)], cpus=0.0
    )
    assert found.energy_j(1, "cpu", "static") == found.energy_j(Account.IDLE, "cpu", "static") == pytest.approx(500)


def test_without_jobs_all_is_idle_and_an_exclusive_job_has_all() -> None:
    assert booked([0, 10], node=[STILL], cpus=0.0).energy_j(Account.IDLE, "cpu", "static") == pytest.approx(1000)
    alone = booked([0, 10], node=[STILL], lives=[life(1, 0, None, 2, exclusive=True)], cpus=0.0)
    assert alone.energy_j(1, "cpu", "static") == pytest.approx(1000)
