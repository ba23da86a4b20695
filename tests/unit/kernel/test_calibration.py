"""Idle power from job-free time, and which day's value a meter interval takes. Readings every 10 s unless said."""

from typing import Any

import numpy as np
import pytest
from kernel_case import T0, booked, chunk_of, gpu_rows, life, node_rows

from aggregator.kernel.arrays import IdlePowers, Window
from aggregator.kernel.calibration import CPU, DRAM, FIRST_GPU, REST, job_free_powers, medians
from maxwatt.domain.energy import Account
from maxwatt.domain.node_model import NodeModel

WINDOW = Window(np.array([T0, T0 + 86_400_000], np.int64), 600_000)
COMPONENTS = FIRST_GPU + 2


def calibrated(*args: Any, **values: Any) -> tuple[np.ndarray, np.ndarray]:
    """Medians and counts [components] of node 0."""
    power_w, count = medians(job_free_powers(chunk_of(*args, **values), WINDOW), 1, COMPONENTS)
    return power_w[0], count[0]


def counter(powers_w: list[float], step_s: float = 10.0) -> list[float]:
    """A counter whose intervals have these powers."""
    return [0.0, *(step_s * np.cumsum(powers_w)).tolist()]


def times(intervals: int, start_s: float = 0.0, step_s: float = 10.0) -> list[float]:
    return [start_s + step_s * n for n in range(intervals + 1)]


def test_idle_power_is_the_median_of_at_least_30_intervals() -> None:
    """Powers 1, 2, …, 30 W: the median is 15.5 W; of 29 of them there is none."""
    rows = node_rows(times(30), cpu_energy_j=counter([float(w) for w in range(1, 31)]))
    power_w, count = calibrated([rows])
    assert (power_w[CPU], count[CPU]) == (pytest.approx(15.5), 30)
    fewer = node_rows(times(29), cpu_energy_j=counter([float(w) for w in range(1, 30)]))
    power_w, count = calibrated([fewer])
    assert np.isnan(power_w[CPU])
    assert count[CPU] == 29


def test_intervals_begin_five_minutes_after_a_job_and_none_is_there() -> None:
    """Job 1 ends at 100 s, so that idle time begins at 400 s; job 2 begins at 705 s, within the interval from 700 s.

    200 W while the jobs run and after them until 400 s, then 60 W: from 400 to 700 s lie 30 intervals.
    """
    powers = [200.0] * 40 + [60.0] * 30 + [200.0] * 30
    rows = node_rows(times(100), cpu_energy_j=counter(powers))
    lives = [life(1, -50, 100, 4), life(2, 705, None, 4)]
    power_w, count = calibrated([rows], lives=lives)
    assert (power_w[CPU], count[CPU]) == (pytest.approx(60.0), 30)


def test_a_job_that_ended_before_the_first_reading_still_counts() -> None:
    """It ended 100 s before: the first 20 of 50 intervals are too early."""
    rows = node_rows(times(50), cpu_energy_j=counter([150.0] * 20 + [60.0] * 30))
    power_w, count = calibrated([rows], lives=[life(1, -500, -100, 4)])
    assert (power_w[CPU], count[CPU]) == (pytest.approx(60.0), 30)


def test_each_component_and_board_has_its_own() -> None:
    rows = node_rows(times(30), cpu_energy_j=counter([60.0] * 30), dram_energy_j=counter([8.0] * 30))
    boards = [
        gpu_rows(times(30), gpu=0, energy_j=counter([40.0] * 30)),
        gpu_rows(times(30), gpu=1, power_w=[55.0] * 31),
    ]
    power_w, _ = calibrated([rows], gpu=boards)
    assert power_w[[CPU, DRAM, FIRST_GPU, FIRST_GPU + 1]].tolist() == pytest.approx([60, 8, 40, 55])
    assert np.isnan(power_w[REST])


def test_another_nodes_jobs_do_not_count() -> None:
    rows = [node_rows(times(30), node=n, cpu_energy_j=counter([60.0 + n] * 30)) for n in (0, 1)]
    powers = job_free_powers(chunk_of(rows, lives=[life(1, 0, None, 4, node=1)]), WINDOW)
    power_w, count = medians(powers, 2, COMPONENTS)
    assert power_w[0, CPU] == pytest.approx(60.0)
    assert count[:, CPU].tolist() == [30, 0]


def test_the_modelled_cpu_calibrates_nothing() -> None:
    power_w, count = calibrated([node_rows(times(40), cpu_modelled_j=counter([60.0] * 40))])
    assert np.isnan(power_w[CPU])
    assert count[CPU] == 0


def test_the_rest_is_calibrated_between_slots() -> None:
    """32 slots of 5 minutes, whole node 150 W, CPU 60 W: the rest is 90 W. The CPU's counter bridges a lost reading."""
    at = times(32, step_s=300.0)
    cpu = counter([60.0] * 32, 300.0)
    cpu[5] = float("nan")
    rows = node_rows(at, cpu_energy_j=cpu, meter_energy_j=counter([150.0] * 32, 300.0))
    power_w, count = calibrated([rows])
    assert (power_w[REST], count[REST]) == (pytest.approx(90.0), 32)
    power_w, count = calibrated([node_rows(at, cpu_energy_j=cpu, epoch_id=1, meter_power_w=[150.0] * 33)])
    assert power_w[REST] == pytest.approx(90.0)


DAY_S = 86_400.0
OF_DAYS = IdlePowers(
    T0, np.array([[60.0, 80.0]]), np.full((1, 2), np.nan), np.full((1, 2), np.nan), np.array([[[40.0], [50.0]]])
)
"""CPU 60 W and the board 40 W on the first day, 80 and 50 W on the second."""


def test_an_interval_takes_the_value_of_the_day_in_which_it_begins() -> None:
    """Readings 10 s before midnight, 10 s and 30 s after it: 2 kJ in 20 s, and one CPU second a second.

    The first begins on the first day: S = 60 * 20 = 1200 J, also of its second half; the next one: 80 * 20 = 1600 J.
    """
    at = [DAY_S - 10, DAY_S + 10, DAY_S + 30]
    rows = node_rows(at, cpu_busy_s=[0.0, 20.0, 40.0], cpu_energy_j=[0.0, 2000.0, 4000.0])
    boards = [gpu_rows(at, energy_j=[0.0, 2000.0, 4000.0])]
    for edges in ([DAY_S - 10, DAY_S, DAY_S + 30], [DAY_S, DAY_S + 30]):
        found = booked(edges, node=[rows], gpu=boards, idle=OF_DAYS)
        last = len(edges) - 2
        assert found.energy_j(Account.IDLE, "cpu", "static", bucket=last) == pytest.approx(600 + 1600)
        assert found.energy_j(Account.IDLE, "gpu", "static", bucket=last) == pytest.approx(400 + 1000)


def test_waste_is_unknown_on_a_day_whose_idle_power_is() -> None:
    """The node model has an idle power; the day was booked without one."""
    unknown = IdlePowers(T0, np.full((1, 1), np.nan), *(np.full((1, 1), np.nan),) * 2, np.full((1, 1, 1), np.nan))
    rows = node_rows([0, 10], cpu_busy_s=[0.0, 10.0], cpu_energy_j=[0.0, 1000.0])
    found = booked([0, 10], node=[rows], lives=[life(1, 0, None, 4)], idle=unknown, model=NodeModel("m", cpu_idle_w=60))
    assert np.isnan(found.fact(1, "waste_j"))
    assert found.energy_j(1, "cpu", "static") == 0
