"""Who drew which joule. Dynamic power is the drawer's own; for shared static power there is no physical owner.

So there the law's convention is applied, with the *true* idle power: by the share that Slurm allocated, divided by what
is held where nodes are over-subscribed; what nobody holds is idle's. A board's whole energy is its holder's. The rest
of the node: static by the parts' full powers, dynamic (losses and fans) by the dynamic watts that caused it.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.closed_loop.generator.activity import F64, Activity
from benchmarks.closed_loop.generator.machine import Machine
from benchmarks.closed_loop.generator.power import Power
from benchmarks.closed_loop.generator.regime import Regime
from benchmarks.closed_loop.generator.workload import Job

CPU, DRAM, GPU, REST = range(4)
STATIC, DYNAMIC = range(2)


@dataclass(frozen=True, slots=True)
class NodeTruth:
    """True joules of one node over the scene.

    Args:
        jobs_j: [jobs of the scene, 4 components, 2 parts].
        system_j, idle_j: [4, 2].
        cpu_s: [jobs of the scene] CPU seconds here.
    """

    jobs_j: F64
    system_j: F64
    idle_j: F64
    cpu_s: F64


def node_truth(machine: Machine, did: Activity, drawn: Power, jobs: tuple[Job, ...], regime: Regime) -> NodeTruth:
    """The books of one node."""
    jobs_j, system_j, idle_j = np.zeros((len(jobs), 4, 2)), np.zeros((4, 2)), np.zeros((4, 2))
    _static(machine, did, drawn, jobs, jobs_j, idle_j)
    _dynamic(machine, did, drawn, jobs, regime, jobs_j, system_j)
    cpu_s = np.bincount(did.job, did.cpus * did.seconds[did.piece], len(jobs))
    return NodeTruth(jobs_j, system_j, idle_j, cpu_s)


def _static(
    machine: Machine, did: Activity, drawn: Power, jobs: tuple[Job, ...], jobs_j: F64, idle_j: F64
) -> None:  # fmt: skip
    cpu, memory, boards = _held(machine, did, jobs)
    full_w = (machine.cpu_max_w, machine.dram_max_w, machine.gpus * machine.gpu_max_w)
    rest = (cpu * full_w[0] + memory * full_w[1] + boards * machine.gpu_max_w) / sum(full_w)
    shares = ((CPU, machine.cpu_idle_w, cpu), (DRAM, machine.dram_idle_w, memory), (REST, machine.rest_idle_w, rest))
    for component, idle_w, share in shares:
        full_j = idle_w * drawn.idle * did.seconds
        owned_j = share * full_j[did.piece]
        jobs_j[:, component, STATIC] = np.bincount(did.job, owned_j, len(jobs))
        idle_j[component, STATIC] = full_j.sum() - owned_j.sum()
    board_j = machine.gpu_idle_w * boards * did.seconds[did.piece]
    jobs_j[:, GPU, STATIC] = np.bincount(did.job, board_j, len(jobs))
    idle_j[GPU, STATIC] = machine.gpus * machine.gpu_idle_w * did.seconds.sum() - board_j.sum()


def _held(machine: Machine, did: Activity, jobs: tuple[Job, ...]) -> tuple[F64, F64, F64]:
    """[e] shares of CPUs and memory, and number of boards, that each entry holds."""
    cpus = np.array([machine.cpus if job.exclusive else job.cpus for job in jobs], np.float64)[did.job] * did.runs
    memory = np.array([machine.memory_bytes if job.exclusive else job.memory_bytes for job in jobs])[did.job]
    boards = np.array([machine.gpus if job.exclusive else len(job.gpus) for job in jobs], np.float64)[did.job]
    return _divided(did, cpus / machine.cpus), _divided(did, memory / machine.memory_bytes), boards


def _divided(did: Activity, share: F64) -> F64:
    held = np.bincount(did.piece, share, len(did.seconds))
    return np.asarray(share / np.maximum(1.0, held)[did.piece])


def _dynamic(
    machine: Machine, did: Activity, drawn: Power, jobs: tuple[Job, ...], regime: Regime, jobs_j: F64, system_j: F64
) -> None:
    boards = np.array([machine.gpus if job.exclusive else len(job.gpus) for job in jobs], np.float64)[did.job]
    seconds = did.seconds[did.piece]
    own_w = ((CPU, drawn.cpu_w), (DRAM, drawn.dram_w), (GPU, boards * drawn.gpu_w))
    for component, watts in own_w:
        jobs_j[:, component, DYNAMIC] = np.bincount(did.job, watts * seconds, len(jobs))
    total_w = sum((watts for _, watts in own_w), np.zeros(len(did.job)))
    rest_s = _rest_seconds(machine, did, regime)
    jobs_j[:, REST, DYNAMIC] = np.bincount(did.job, total_w * rest_s[did.piece], len(jobs))
    system_j[CPU, DYNAMIC] = (drawn.system_cpu_w * did.seconds).sum()
    system_j[DRAM, DYNAMIC] = (drawn.system_dram_w * did.seconds).sum()
    system_j[REST, DYNAMIC] = ((drawn.system_cpu_w + drawn.system_dram_w) * rest_s).sum()


def _rest_seconds(machine: Machine, did: Activity, regime: Regime) -> F64:
    """[k] joules of rest for each dynamic watt in a piece: losses at once, fans later, up to the scene's end.

    Fans follow as `fan_ratio * y`, `dy/dt = (watts - y) / lag`. A watt from a to b has turned them for
    `b - a - lag * (exp(-(end - b) / lag) - exp(-(end - a) / lag))` seconds at the end.
    """
    lag_s, end_s = regime.fan_lag_s, did.knots_s[-1]
    still = np.exp(-(end_s - did.knots_s) / lag_s)
    fan_s = did.seconds - lag_s * np.diff(still)
    return np.asarray(machine.loss_ratio * did.seconds + regime.fan_ratio * fan_s)
