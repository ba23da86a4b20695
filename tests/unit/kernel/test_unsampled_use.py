"""CPU seconds that no sample shows. One interval of 10 s: 1000 J, 10 busy CPU seconds, 40 J each (see two prices)."""

import pytest
from kernel_case import booked, job_rows, life, node_rows

from maxwatt.domain.energy import Account

SYSTEM, IDLE = Account.SYSTEM, Account.IDLE
ONE = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])
TWO = node_rows([0, 10, 20], cpu_busy_s=[0.0, 10.0, 16.0], cpu_energy_j=[0.0, 1000.0, 1840.0])
"""The second interval: 840 J, 6 busy CPU seconds; S = 600 J, D = 240 J: again 40 J each."""


def test_a_job_too_short_to_be_sampled_is_billed_by_its_total_cpu() -> None:
    found = booked([0, 10], node=[ONE], lives=[life(1, 2, 5, 4, total_cpu_s=3.0)])
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(120)  # 3 * 40
    assert found.energy_j(1, "cpu", "static") == pytest.approx(90)  # 60 W * 3 s * 4/8
    assert found.evidence_j(1, "accounted") == pytest.approx(120)
    assert found.evidence_j(1, "counted") == pytest.approx(90)
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(280)


def test_a_short_job_never_gets_more_than_the_node_used() -> None:
    """Slurm says 12 and 4 CPU seconds; the node used 10: they get 7.5 and 2.5, the system nothing."""
    lives = [life(1, 2, 5, 4, total_cpu_s=12.0), life(2, 2, 5, 4, total_cpu_s=4.0)]
    found = booked([0, 10], node=[ONE], lives=lives)
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(300)
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(100)
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(0)


def test_what_a_jobs_own_cpus_cannot_deliver_comes_last() -> None:
    """Job 1 has one CPU from 2 to 6: of its 30 CPU seconds 4 can be. With job 2's 3 they leave 3, which it gets too."""
    lives = [life(1, 2, 5, 1, total_cpu_s=30.0), life(2, 2, 5, 4, total_cpu_s=3.0)]
    found = booked([0, 10], node=[ONE], lives=lives)
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(280)  # (4 + 3) * 40
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(120)  # 3 * 40
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(0)


def test_what_cpus_can_deliver_is_shared_in_proportion_before_anything_else() -> None:
    """4 of job 1's 30 can be, and all of job 2's 8: together 12, of which the node used 10."""
    lives = [life(1, 2, 5, 1, total_cpu_s=30.0), life(2, 2, 5, 4, total_cpu_s=8.0)]
    found = booked([0, 10], node=[ONE], lives=lives)
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(40 * 10 * 4 / 12)
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(40 * 10 * 8 / 12)


def test_what_cpus_can_deliver_counts_from_the_last_sample_on() -> None:
    """Job 1's CPU can have delivered 2 after its sample at 10 s, of the 12 that Slurm still knows of; job 2 used 4."""
    found = booked(
        [10, 20],
        node=[TWO],
        job=[job_rows(1, [0, 10], [0.0, 8.0])],
        lives=[life(1, 0, 11, 1, total_cpu_s=20.0), life(2, 12, 14, 4, total_cpu_s=4.0)],
    )
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(80)  # 6 - 4
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(160)


def test_a_job_with_the_node_for_itself_has_all_of_its_cpus() -> None:
    """It asked for one CPU and holds 8: 12 of 4 s each can be."""
    lives = [life(1, 2, 5, 1, exclusive=True, total_cpu_s=12.0), life(2, 2, 5, 4, total_cpu_s=4.0)]
    found = booked([0, 10], node=[ONE], lives=lives)
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(300)
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(100)


def test_what_a_job_used_after_its_last_sample() -> None:
    """8 CPU seconds at its last sample, TotalCPU 12: the tail of 4 lies between second 10 and its end at 16."""
    found = booked(
        [0, 10, 20], node=[TWO], job=[job_rows(1, [0, 10], [0.0, 8.0])], lives=[life(1, 0, 16, 4, total_cpu_s=12.0)]
    )
    assert found.energy_j(1, "cpu", "dynamic", bucket=0) == pytest.approx(320)  # 8 * 40
    assert found.energy_j(1, "cpu", "dynamic", bucket=1) == pytest.approx(160)  # 4 * 40
    assert found.evidence_j(1, "accounted") == pytest.approx(160)
    assert found.energy_j(SYSTEM, "cpu", "dynamic", bucket=1) == pytest.approx(80)  # 6 - 4


def test_a_tail_is_capped_by_what_no_sample_explains() -> None:
    """Another job is known to have used 4 of the 6 CPU seconds: 2 are left for the tail."""
    found = booked(
        [10, 20],
        node=[TWO],
        job=[job_rows(1, [0, 10], [0.0, 8.0]), job_rows(2, [10, 20], [0.0, 4.0])],
        lives=[life(1, 0, 16, 4, total_cpu_s=99.0), life(2, 10, None, 4)],
    )
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(80)  # 2 * 40
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(160)


def test_a_tail_follows_the_free_cpu_seconds_not_the_number_of_samples() -> None:
    """Use after second 0: 4 CPU seconds to second 20. Free are 10 and 6: it gets 2.5 and 1.5."""
    rows = job_rows(1, [0], [0.0])
    ends = [life(1, 0, 19, 4, total_cpu_s=4.0)]  # Slurm cuts seconds off: it may have worked to second 20
    finer = node_rows([0, 5, 10, 20], cpu_busy_s=[0.0, 5.0, 10.0, 16.0], cpu_energy_j=[0.0, 500.0, 1000.0, 1840.0])
    for node in (TWO, finer):
        found = booked([0, 10, 20], node=[node], job=[rows], lives=ends)
        assert found.energy_j(1, "cpu", "dynamic", bucket=0) == pytest.approx(100)  # 4 * 10/16 * 40
        assert found.energy_j(1, "cpu", "dynamic", bucket=1) == pytest.approx(60)  # 4 * 6/16 * 40


def test_a_job_sampled_at_its_very_end_has_no_tail() -> None:
    """Slurm knows of 9 CPU seconds, the last sample (after the end, on the bucket's edge) of 8: no time is left."""
    rows = [job_rows(1, [0, 10], [0.0, 8.0])]
    found = booked([0, 10, 20], node=[TWO], job=rows, lives=[life(1, 0, 9, 4, total_cpu_s=9.0)])
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(320)
    assert found.evidence_j(1, "accounted") == 0


def test_total_cpu_of_two_nodes_is_shared_by_sampled_use() -> None:
    """Sampled 6 and 2 CPU seconds, TotalCPU 12: the 4 that no sample shows are 3 and 1."""
    nodes = [
        node_rows([0, 10, 20], node=n, cpu_busy_s=[0.0, 10.0, 20.0], cpu_energy_j=[0.0, 1000.0, 2000.0]) for n in (0, 1)
    ]
    found = booked(
        [0, 10, 20],
        node=nodes,
        job=[job_rows(1, [0, 10], [0.0, 6.0]), job_rows(1, [0, 10], [0.0, 2.0], node=1)],
        lives=[life(1, 0, 16, 4, total_cpu_s=12.0), life(1, 0, 16, 4, node=1, total_cpu_s=12.0)],
    )
    assert found.energy_j(1, "cpu", "dynamic", bucket=1, node=0) == pytest.approx(120)  # 3 * 40
    assert found.energy_j(1, "cpu", "dynamic", bucket=1, node=1) == pytest.approx(40)


def test_total_cpu_of_two_nodes_is_shared_by_cpus_where_one_was_never_sampled() -> None:
    """No samples at all, 4 and 1 CPUs, TotalCPU 5: 4 and 1 CPU seconds."""
    nodes = [node_rows([0, 10], node=n, cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0]) for n in (0, 1)]
    lives = [life(1, 2, 8, 4, total_cpu_s=5.0), life(1, 2, 8, 1, node=1, total_cpu_s=5.0)]
    found = booked([0, 10], node=nodes, lives=lives)
    assert found.energy_j(1, "cpu", "dynamic", node=0) == pytest.approx(160)
    assert found.energy_j(1, "cpu", "dynamic", node=1) == pytest.approx(40)


def test_an_unreadable_job_gets_what_no_job_is_known_to_have_used() -> None:
    """busy 10 - known 2 = 8; at most 4 CPUs * 10 s."""
    found = booked(
        [0, 10], node=[ONE], job=[job_rows(2, [0, 10], [0.0, 2.0])], lives=[life(1, 0, None, 4), life(2, 0, None, 4)]
    )
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(320)  # 8 * 40
    assert found.evidence_j(1, "modelled") == pytest.approx(320)
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(0)


def test_an_unreadable_job_cannot_use_more_than_its_cpus() -> None:
    """Half a CPU over 10 s: 5 of the 10 CPU seconds."""
    found = booked([0, 10], node=[ONE], lives=[life(1, 0, None, 0.5)])
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(200)  # 5 * 40
    assert found.energy_j(SYSTEM, "cpu", "dynamic") == pytest.approx(200)


def test_unreadable_jobs_share_by_cpus() -> None:
    found = booked([0, 10], node=[ONE], lives=[life(1, 0, None, 3), life(2, 0, None, 1)])
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(300)  # 10 * 3/4 * 40
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(100)


def test_a_job_that_was_not_read_for_too_long_is_unreadable_in_between() -> None:
    """Read at 0 and 20, but 20 s are more than the 15 s that may be bridged: it gets the busy time, marked."""
    found = booked(
        [0, 20],
        node=[TWO],
        job=[job_rows(1, [0, 20], [0.0, 3.0])],
        lives=[life(1, 0, None, 4)],
        max_gap_s=15,
    )
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(640)  # all 16 CPU seconds at 40 J
    assert found.evidence_j(1, "modelled") == pytest.approx(640)


def test_a_requeued_job_has_two_lives_on_the_same_node() -> None:
    """Job 1 ends at second 10 and begins again, its counter at 0, at second 12."""
    found = booked(
        [0, 20],
        node=[TWO],
        job=[job_rows(1, [0, 10, 20], [0.0, 8.0, 5.0])],
        lives=[life(1, 0, 10, 4, job=71, total_cpu_s=8.0), life(1, 12, None, 4, job=72)],
    )
    assert found.energy_j(71, "cpu", "dynamic") == pytest.approx(320)  # 8 * 40
    assert found.energy_j(72, "cpu", "dynamic") == pytest.approx(200)  # 5 * 40
    assert found.energy_j(72, "cpu", "static") == pytest.approx(240)  # 60 W * 8 s * 4/8


def test_a_sample_shortly_after_the_recorded_end_is_still_the_jobs() -> None:
    """Slurm cuts 8.9 s to 8 s; the cgroup was read at 10. All 8 CPU seconds lie before second 9."""
    found = booked([0, 9, 10], node=[ONE], job=[job_rows(1, [0, 10], [0.0, 8.0])], lives=[life(1, 0, 8, 4)])
    assert found.energy_j(1, "cpu", "dynamic", bucket=0) == pytest.approx(320)
    assert found.energy_j(1, "cpu", "dynamic", bucket=1) == 0
    assert found.energy_j(1, "cpu", "static") == pytest.approx(240)  # 60 W * 8 s * 4/8: no claim beyond the end


def test_several_samples_after_the_end_stay_with_the_job() -> None:
    """The bucket ends with the second that Slurm cut off; what epilogs used after it belongs to the job's last ms."""
    found = booked(
        [0, 10, 20, 30],
        node=[
            node_rows([0, 10, 20, 30], cpu_busy_s=[0.0, 10.0, 20.0, 30.0], cpu_energy_j=[0.0, 1000.0, 2000.0, 3000.0])
        ],
        job=[job_rows(1, [0, 10, 12, 14], [0.0, 8.0, 8.5, 9.0]), job_rows(2, [20, 30], [0.0, 1.0])],
        lives=[life(1, 0, 9, 4), life(2, 20, None, 2)],
    )
    assert found.fact(1, "cpu_used_s") == pytest.approx(9.0)  # one row, in the first bucket
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(40)


def test_a_job_that_began_just_before_the_first_sample_is_read_from_its_start() -> None:
    """Nothing was sampled before second 0; the job began at -2 s and had used 1 CPU second at 0, 6 at 10."""
    found = booked(
        [5, 10],
        node=[ONE],
        job=[job_rows(1, [0, 10], [1.0, 6.0]), job_rows(2, [10], [4.0])],
        lives=[life(1, -2, None, 4), life(2, -1, None, 4)],
    )
    assert found.energy_j(1, "cpu", "dynamic") == pytest.approx(100)  # 5 * 40 * half of the interval
    assert found.energy_j(2, "cpu", "dynamic") == pytest.approx(40 * 4 / 11 * 5)  # 4 CPU seconds in 11 s
    assert found.evidence_j(2, "modelled") == 0


def test_a_job_that_is_not_known_to_have_used_anything_has_unknown_use() -> None:
    blind = node_rows([0, 10], cpu_energy_j=[0.0, 1000.0])
    found = booked([0, 10], node=[blind], lives=[life(1, 0, None, 4)])
    assert found.fact(1, "cpu_used_s") != found.fact(1, "cpu_used_s")  # NaN
    assert found.energy_j(1, "cpu", "static") == pytest.approx(500)  # U = 0: all of it static
