"""What a node's meters and cgroups read at some times, with their wraps, scales, delays and noise."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.closed_loop.generator.activity import F64, I64, Activity
from benchmarks.closed_loop.generator.curves import Curves
from benchmarks.closed_loop.generator.machine import Machine
from benchmarks.closed_loop.generator.regime import Regime
from benchmarks.closed_loop.generator.sampling import Sampling
from benchmarks.closed_loop.generator.workload import Job

RANGE_UJ: Final = 65_532_610_987
"""`max_energy_range_uj` of every zone: small enough to wrap every few minutes."""
PACKAGES: Final = (0.52, 0.48)
"""Share of each package in the node's cpu and dram energy."""
REFRESH_S, MEAN_S = 20.0, 5.0
"""A power meter shows a new value so often, and each is the mean of so long."""
LINGER_S: Final = 0.4
"""How long a job's cgroup is still there when the job has ended."""


@dataclass(frozen=True, slots=True)
class JobReadings:
    """The cgroup of one job on one node: index of the job, rows of the sampling, CPU seconds, resident memory."""

    job: int
    row: I64
    cpu_s: F64
    memory_bytes: I64


@dataclass(frozen=True, slots=True)
class Readings:
    """One node's meters at each time of its sampling [n].

    Args:
        busy_s: CPU seconds since boot.
        cpu_uj, dram_uj: [packages, n] raw counters, which wrap one count after RANGE_UJ.
        meter_j: counter of the whole node, meter_w: its power; None where there is no such meter.
        gpu_j: [boards, n] since boot.
        jobs: those that were ever read.
    """

    busy_s: F64
    cpu_uj: I64
    dram_uj: I64
    meter_j: F64 | None
    meter_w: F64 | None
    gpu_j: F64
    jobs: tuple[JobReadings, ...]


def readings(
    rng: np.random.Generator, machine: Machine, did: Activity, true: Curves, when: Sampling, jobs: tuple[Job, ...],
    regime: Regime,
) -> Readings:  # fmt: skip
    """Read everything at every time of the sampling."""

    def late_s() -> F64:
        return np.asarray(when.at_s + regime.read_lag_s * rng.uniform(0, 1, len(when.at_s)))

    cpu, dram, gpu, whole = machine.gains
    booted = np.searchsorted(when.boot, when.boot)  # first reading of each boot
    busy_s, gpu_s = true.at(true.busy_s, late_s()), late_s()
    gpu_j = np.array([gpu * true.at(curve, gpu_s) for curve in true.gpu_j]).reshape(machine.gpus, len(gpu_s))
    return Readings(
        busy_s=busy_s - np.where(when.boot > 0, busy_s[booted] - 10, 0.0),
        cpu_uj=_wrapping(rng, cpu * true.at(true.cpu_j, late_s()), when.boot),
        dram_uj=_wrapping(rng, dram * true.at(true.dram_j, late_s()), when.boot),
        meter_j=whole * true.whole_at(late_s()) if machine.meter == "counter" else None,
        meter_w=_power_w(rng, whole, true, late_s(), regime) if machine.meter == "power" else None,
        gpu_j=gpu_j - np.where(when.boot > 0, gpu_j[:, booted] - 1000, 0.0),
        jobs=_jobs(did, late_s(), jobs),
    )


def _wrapping(rng: np.random.Generator, energy_j: F64, boot: I64) -> I64:
    """Raw counters of the packages; a boot leaves them anywhere."""
    modulus = RANGE_UJ + round(RANGE_UJ / (2**32 - 1))
    start = rng.integers(0, modulus, (len(PACKAGES), 2))
    whole_uj = (np.array(PACKAGES)[:, None] * energy_j * 1e6).astype(np.int64)
    return np.asarray((whole_uj + start[:, boot]) % modulus)


def _power_w(rng: np.random.Generator, gain: float, true: Curves, at_s: F64, regime: Regime) -> F64:
    """Whole watts, refreshed now and then, each the mean of the time before."""
    shown_s = np.maximum(at_s // REFRESH_S * REFRESH_S, MEAN_S)
    mean_w = (true.whole_at(shown_s) - true.whole_at(shown_s - MEAN_S)) / MEAN_S
    refreshed = np.unique(shown_s, return_inverse=True)[1]
    noise = 1 + regime.noise * rng.standard_normal(int(refreshed.max(initial=0)) + 1)
    return np.asarray(np.round(gain * mean_w * noise[refreshed]))


def _jobs(did: Activity, read_s: F64, jobs: tuple[Job, ...]) -> tuple[JobReadings, ...]:
    used_s = did.cpus * did.seconds[did.piece]
    here, first = np.unique(did.job, return_index=True)
    found = []
    for number, low, high in zip(here.tolist(), first, np.append(first[1:], len(did.job)), strict=True):
        job, piece = jobs[number], did.piece[low:high]
        row = np.flatnonzero((read_s >= job.begin_s) & (read_s < job.end_s + LINGER_S))
        knots_s = did.knots_s[np.append(piece, piece[-1] + 1)]
        cpu_s = np.interp(read_s[row], knots_s, np.concatenate([[0.0], np.cumsum(used_s[low:high])]))
        memory = np.full(len(row), job.memory_bytes * 6 // 10)
        found.append(JobReadings(number, row, np.floor(cpu_s * 1e6) / 1e6, memory))
    return tuple(found)
