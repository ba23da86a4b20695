"""A job that was resized: two lives of one job id, one cgroup that counts on. Figures are worked out beside."""

import pytest
from kernel_case import Booked, booked, job_rows, life, node_rows

from maxwatt.domain.energy import Account

NODE = node_rows([0, 10, 20, 30], cpu_busy_s=[0.0, 40.0, 80.0, 120.0], cpu_energy_j=[0.0, 1000.0, 2000.0, 3000.0])
"""Each 10 s: 600 J static, 400 J dynamic over 40 CPU seconds: 10 J each."""


def resized(end_s: float, start_s: float, cpu_s: list[float]) -> Booked:
    """8 CPUs, then 2: the first stretch is number 1, the second number 2, both of job id 7."""
    lives = [life(7, 0, end_s, 8, job=1), life(7, start_s, None, 2, job=2)]
    return booked([0, 30], node=[NODE], job=[job_rows(7, [0, 10, 20, 30], cpu_s)], lives=lives)


def test_each_stretch_pays_for_what_it_held_and_used() -> None:
    """Resized at second 14. 40 CPU seconds between the samples at 10 and 20: 16 before the resize, 24 after it."""
    found = resized(14, 14, [0.0, 40.0, 80.0, 100.0])
    assert found.energy_j(1, "cpu", "static") == pytest.approx(60 * 14)  # all of 60 W for 14 s
    assert found.energy_j(2, "cpu", "static") == pytest.approx(60 * 16 * 2 / 8)
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx((40 + 16) * 10)
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx((24 + 20) * 10)
    assert found.fact(1, "cpu_used_s") == pytest.approx(56)
    assert found.fact(2, "cpu_used_s") == pytest.approx(44)
    assert found.energy_j(Account.SYSTEM, "cpu", "dynamic") == pytest.approx(20 * 10)
    assert found.evidence_j(1, "modelled") == found.evidence_j(2, "modelled") == 0


def test_no_poll_saw_the_moment_of_the_resize() -> None:
    """The first stretch was last seen at 12, so it ends there and in the second that Slurm cuts off: 3 s at 4 CPUs.

    What was used from 13 to 14 is nobody's.
    """
    found = resized(12, 14, [0.0, 40.0, 80.0, 100.0])
    assert found.fact(1, "cpu_used_s") == pytest.approx(40 + 12)
    assert found.fact(2, "cpu_used_s") == pytest.approx(24 + 20)


def test_a_requeued_job_begins_to_count_anew() -> None:
    """Its counter is smaller than the last one of the attempt before: all of it is its own."""
    found = resized(14, 14, [0.0, 40.0, 12.0, 32.0])
    assert found.fact(2, "cpu_used_s") == pytest.approx(12 + 20)


def test_a_later_attempt_begins_to_count_anew_however_much_it_used() -> None:
    node = node_rows([0, 10, 100, 110], cpu_busy_s=[0.0, 40.0, 140.0, 180.0], cpu_energy_j=[0.0, 1.0, 2.0, 3.0])
    lives = [life(7, 0, 10, 8, job=1), life(7, 95, None, 8, job=2)]
    job = job_rows(7, [0, 10, 100, 110], [0.0, 10.0, 30.0, 60.0])
    found = booked([0, 110], node=[node], job=[job], lives=lives, max_gap_s=120.0)
    assert found.fact(2, "cpu_used_s") == pytest.approx(60)


def test_a_node_that_the_job_got_later_begins_at_nothing() -> None:
    both = [
        NODE,
        node_rows([0, 10, 20, 30], node=1, cpu_busy_s=[0.0, 0.0, 40.0, 80.0], cpu_energy_j=[0.0, 1.0, 2.0, 3.0]),
    ]
    lives = [life(7, 0, 14, 8, job=1), life(7, 14, None, 8, job=2), life(7, 14, None, 8, job=2, node=1)]
    job = [job_rows(7, [0, 10, 20, 30], [0.0, 40.0, 80.0, 120.0]), job_rows(7, [20, 30], [24.0, 64.0], node=1)]
    found = booked([0, 30], node=both, job=job, lives=lives)
    assert found.fact(2, "cpu_used_s", node=1) == pytest.approx(64)
    assert found.fact(2, "cpu_used_s", node=0) == pytest.approx(24 + 40)
