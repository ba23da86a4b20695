"""The physics of a node: from who works how hard to watts by component."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.closed_loop.generator.activity import SYSTEM_STEP_S, Activity
from benchmarks.closed_loop.generator.machine import Machine
from benchmarks.closed_loop.generator.regime import Regime
from benchmarks.closed_loop.generator.workload import Job

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Power:
    """True watts of one node.

    Args:
        cpu_w, dram_w: [e] dynamic power that an entry of the activity draws; gpu_w: [e] of each of its boards.
        system_cpu_w, system_dram_w: [k] of the operating system.
        idle: [k] idle power relative to the machine's own.
    """

    cpu_w: F64
    dram_w: F64
    gpu_w: F64
    system_cpu_w: F64
    system_dram_w: F64
    idle: F64


def power(rng: np.random.Generator, machine: Machine, did: Activity, jobs: tuple[Job, ...], regime: Regime) -> Power:
    """Watts of every entry and piece: `joules per CPU second * its weight * CPUs * how crowded the node is`."""
    busy = np.bincount(did.piece, did.cpus, len(did.seconds)) + did.system_cpus
    crowd = _turbo(busy, machine.cpus, regime) * _smt(busy, machine.cpus, regime)
    weights = np.array([(job.cpu_weight, job.dram_weight) for job in jobs]).reshape(-1, 2)[did.job]
    per_cpu_w, per_dram_w = machine.cpu_j_per_cpu_s, machine.dram_j_per_cpu_s
    return Power(
        cpu_w=per_cpu_w * weights[:, 0] * did.cpus * crowd[did.piece],
        dram_w=per_dram_w * weights[:, 1] * did.cpus,
        gpu_w=(machine.gpu_max_w - machine.gpu_idle_w) * did.gpu,
        system_cpu_w=per_cpu_w * did.system_cpus * crowd,
        system_dram_w=per_dram_w * did.system_cpus,
        idle=_idle(rng, did, regime),
    )


def _turbo(busy: F64, cpus: int, regime: Regime) -> F64:
    """Few busy cores clock higher, at a higher voltage: each of their seconds costs more."""
    return np.asarray(1 + regime.turbo * np.clip(1 - busy / cpus, 0, 1))


def _smt(busy: F64, cpus: int, regime: Regime) -> F64:
    """Beyond one thread a core, a CPU second costs `smt_share` of the first: mean over all threads."""
    cores = cpus / 2
    first = np.minimum(busy, cores)
    return np.asarray((first + regime.smt_share * (busy - first)) / np.maximum(busy, 1e-9))


def _idle(rng: np.random.Generator, did: Activity, regime: Regime) -> F64:
    """Slow waves, as the room and the leakage go; one level for each step of the system."""
    at_s = did.knots_s[:-1] // SYSTEM_STEP_S * SYSTEM_STEP_S
    period_s, phase = rng.uniform(7_000, 25_000), rng.uniform(0, 2 * np.pi)
    return np.asarray(1 + regime.idle_drift * np.sin(2 * np.pi * at_s / period_s + phase))
