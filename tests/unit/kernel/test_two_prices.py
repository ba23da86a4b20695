"""Who pays for a node's CPU: static by what is held, dynamic by what is used. Every figure is worked out beside it."""

import pytest
from kernel_case import booked, gpu_rows, job_rows, life, node_rows

from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel

SYSTEM, IDLE = Account.SYSTEM, Account.IDLE
ONE_INTERVAL = node_rows([0, 10], cpu_busy_s=[5.0, 15.0], cpu_energy_j=[100.0, 1100.0])
"""10 s, 1000 J, 10 CPU seconds: S = min(1000, 60 W * 10 s) = 600 J, D = 400 J, e = 400 / 10 = 40 J per CPU second."""


def test_static_by_cpus_held_and_dynamic_by_cpu_seconds() -> None:
    found = booked(
        [0, 10],
        node=[ONE_INTERVAL],
        job=[job_rows(1, [0, 10], [0.0, 6.0]), job_rows(2, [0, 10], [0.0, 2.0])],
        lives=[life(1, 0, None, 4), life(2, 0, None, 2)],
    )
    assert found.energy_j(1, "cpu", "static") == pytest.approx(300)  # 600 * 4/8
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(240)  # 40 * 6
    assert found.energy_j(2, "cpu", "static") == pytest.approx(150)  # 600 * 2/8
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(80)  # 40 * 2
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(150)  # 600 * 2/8 that nobody holds
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(80)  # 40 * (10 - 8)


def test_jobs_that_used_more_than_the_node_counted_share_what_there_is() -> None:
    """U = max(10, 12 + 8) = 20 CPU seconds, e = 400 / 20 = 20 J; nothing is left for the system."""
    found = booked(
        [0, 10],
        node=[ONE_INTERVAL],
        job=[job_rows(1, [0, 10], [0.0, 12.0]), job_rows(2, [0, 10], [0.0, 8.0])],
        lives=[life(1, 0, None, 4), life(2, 0, None, 4)],
    )
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(240)
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(160)
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == 0


def test_an_interval_without_cpu_seconds_is_all_static() -> None:
    still = node_rows([0, 10], cpu_busy_s=[5.0, 5.0], cpu_energy_j=[0.0, 1000.0])
    found = booked([0, 10], node=[still], job=[job_rows(1, [0, 10], [0.0, 0.0])], lives=[life(1, 0, None, 4)])
    assert found.energy_j(1, "cpu", "static") == pytest.approx(500)  # all 1000 J by 4/8
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(500)
    assert found.energy_j(1, "cpu", "dynamic") == found.energy_j(SYSTEM, "cpu", "dynamic") == 0


def test_less_than_idle_power_is_all_static() -> None:
    low = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 400.0])
    found = booked([0, 10], node=[low], job=[job_rows(1, [0, 10], [0.0, 10.0])], lives=[life(1, 0, None, 8)])
    assert found.energy_j(1, "cpu", "static") == pytest.approx(400)  # min(400, 600)
    assert found.energy_j(1, "cpu", "dynamic") == 0


def test_four_jobs_that_oversubscribe_a_node_share_it() -> None:
    """Each holds 4 of 8 CPUs: shares sum to 2, each counts 1/4."""
    jobs = [1, 2, 3, 4]
    found = booked(
        [0, 10],
        node=[ONE_INTERVAL],
        job=[job_rows(each, [0, 10], [0.0, 1.0]) for each in jobs],
        lives=[life(each, 0, None, 4) for each in jobs],
    )
    for each in jobs:
        assert found.energy_j(each, "cpu", "static") == pytest.approx(150)  # 600 / 4
        assert found.energy_j(each, "cpu", "dynamic") == pytest.approx(40)
    assert found.energy_j(IDLE, "cpu", "static") == 0
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(240)  # 40 * (10 - 4)


def test_an_exclusive_job_holds_all_cpus_and_memory() -> None:
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0], dram_energy_j=[0.0, 100.0])],
        lives=[life(1, 0, None, 1, memory_bytes=1e9, exclusive=True)],
        model=NodeModel("m", cpu_idle_w=60.0, dram_idle_w=10.0),
    )
    assert found.energy_j(1, "cpu", "static") == pytest.approx(600)
    assert found.energy_j(1, "dram", "static") == pytest.approx(100)
    assert found.fact(1, "cpu_reserved_s") == pytest.approx(80)  # 8 CPUs * 10 s


def test_memory_is_static_by_bytes_held_and_dynamic_by_cpu_seconds() -> None:
    """S = min(160, 10 W * 10 s) = 100 J, D = 60 J over 10 CPU seconds: 6 J each."""
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], cpu_busy_s=[0.0, 10.0], dram_energy_j=[0.0, 160.0])],
        job=[job_rows(1, [0, 10], [0.0, 5.0]), job_rows(2, [0, 10], [0.0, 1.0])],
        lives=[life(1, 0, None, 1, memory_bytes=16e9), life(2, 0, None, 2)],
        model=NodeModel("m", dram_idle_w=10.0),
    )
    assert found.energy_j(1, "dram", "static") == pytest.approx(25)  # 100 * 16/64
    assert found.energy_j(2, "dram", "static") == pytest.approx(25)  # memory not known: as its 2 of 8 CPUs
    assert found.energy_j(1, "dram", "dynamic") == pytest.approx(30)
    assert found.energy_j(SYSTEM, "dram", "dynamic") == pytest.approx(24)  # 6 * (10 - 6)
    assert found.energy_j(IDLE, "dram", "static") == pytest.approx(50)


def test_jobs_that_oversubscribe_memory_share_it_in_proportion() -> None:
    """48 and 32 of 64 GB: 80 / 64 are held, so 3/5 and 2/5 of 100 J static; nothing of it is idle."""
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], cpu_busy_s=[0.0, 10.0], dram_energy_j=[0.0, 160.0])],
        lives=[life(1, 0, None, 1, memory_bytes=48e9), life(2, 0, None, 1, memory_bytes=32e9)],
        model=NodeModel("m", dram_idle_w=10.0),
    )
    assert found.energy_j(1, "dram", "static") == pytest.approx(60)
    assert found.energy_j(2, "dram", "static") == pytest.approx(40)
    assert found.energy_j(IDLE, "dram", "static") == 0


def test_a_real_sample_more_moves_dynamic_energy_by_the_formula() -> None:
    """Read at 10 s too, e1 = 400 / 10 = 40 and e2 = 1000 / 20 = 50 J; job 1 used 8 of 10 and 4 of 20 CPU seconds.

    40 * 8 + 50 * 4 = 520 J. Without that reading e = 1400 / 30 J, 12 CPU seconds: 560 J. With it 40 J less:
    (e1 - e2) * U1 * U2 / (U1 + U2) * (s1 - s2) = -10 * 200 / 30 * (0.8 - 0.2) = -40. The system pays them.
    """
    job, lives = job_rows(1, [0, 10, 20], [0.0, 8.0, 12.0]), [life(1, 0, None, 4)]
    finer = node_rows([0, 10, 20], cpu_busy_s=[0.0, 10.0, 30.0], cpu_energy_j=[0.0, 1000.0, 2600.0])
    coarser = node_rows([0, 20], cpu_busy_s=[0.0, 30.0], cpu_energy_j=[0.0, 2600.0])
    with_it, without = (booked([0, 20], node=[rows], job=[job], lives=lives) for rows in (finer, coarser))
    assert with_it.energy_j(1, "cpu", "dynamic") == pytest.approx(520)
    assert without.energy_j(1, "cpu", "dynamic") == pytest.approx(560)
    assert with_it.energy_j(SYSTEM, "cpu", "dynamic") - without.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(40)
    assert with_it.energy_j(1, "cpu", "static") == without.energy_j(1, "cpu", "static") == pytest.approx(600)


def test_a_suspended_job_holds_memory_and_gpus_but_no_cpus() -> None:
    """Suspended from second 4 to 10; the GPU draws 100 W."""
    found = booked(
        [0, 10],
        node=[node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0], dram_energy_j=[0.0, 100.0])],
        gpu=[gpu_rows([0, 10], energy_j=[0.0, 1000.0])],
        job=[job_rows(1, [0, 10], [0.0, 8.0])],
        lives=[life(1, 0, None, 4, memory_bytes=32e9, gpus={0: 1.0})],
        suspended=[(0, 4, 10)],
        model=NodeModel("m", cpu_idle_w=60.0, dram_idle_w=10.0, gpu_idle_w=40.0),
    )
    assert found.energy_j(1, "cpu", "static") == pytest.approx(120)  # 60 W * 4 s * 4/8
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(480)  # 60 W * (4 s * 4/8 + 6 s)
    assert found.energy_j(1, "dram", "static") == pytest.approx(50)  # 100 * 32/64, all the time
    assert found.energy_j(1, "gpu", "static") == pytest.approx(400)
    assert found.energy_j(1, "gpu", "dynamic") == pytest.approx(600)
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(320)  # its 8 CPU seconds at 40 J
    assert found.fact(1, "cpu_reserved_s") == pytest.approx(16)  # 4 CPUs * 4 s
    assert found.fact(1, "held_s") == pytest.approx(10)


def test_a_newcomers_seconds_belong_to_its_own_part_of_the_interval() -> None:
    """It begins at second 6 and has used 4 CPU seconds at second 10: 1 CPU second each second."""
    found = booked([0, 6, 8, 10], node=[ONE_INTERVAL], job=[job_rows(1, [10], [4.0])], lives=[life(1, 6, None, 4)])
    assert [found.energy_j(1, "cpu", "dynamic", bucket=b) for b in range(3)] == pytest.approx([0, 80, 80])
    assert [found.energy_j(1, "cpu", "static", bucket=b) for b in range(3)] == pytest.approx([0, 60, 60])  # 60 W*2 s/2
    # The other 6 CPU seconds are the system's, even over the 10 s.
    assert [found.energy_j(SYSTEM, "cpu", "dynamic", bucket=b) for b in range(3)] == pytest.approx([144, 48, 48])


def test_a_bucket_edge_inside_an_interval_cuts_by_the_two_prices() -> None:
    found = booked(
        [0, 3, 10], node=[ONE_INTERVAL], job=[job_rows(1, [0, 10], [0.0, 10.0])], lives=[life(1, 0, None, 8)]
    )
    assert found.energy_j(1, "cpu", "static", bucket=0) == pytest.approx(180)
    assert found.energy_j(1, "cpu", "dynamic", bucket=0) == pytest.approx(120)
    assert found.measured.energy_j[0, :, 0] == pytest.approx([300, 700])
    assert found.measured.covered_s[0] == pytest.approx([3, 7])


def test_all_idle_without_jobs() -> None:
    found = booked([0, 10], node=[ONE_INTERVAL])
    assert found.energy_j(IDLE, "cpu", "static") == pytest.approx(600)
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(400)
