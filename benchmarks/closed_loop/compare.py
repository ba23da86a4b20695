"""A rule's figures beside the truth, job by job."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.closed_loop.generator.activity import F64
from benchmarks.closed_loop.generator.machine import Machine
from benchmarks.closed_loop.generator.scene import Scene
from benchmarks.closed_loop.generator.workload import Job

LENGTHS_S: Final = (1, 10, 60, 600, 3600, 36_001)
"""Edges of the lengths that tables and pictures tell apart [s]."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of every job of a scene.

    Args:
        length_s: [jobs] true run time; truth_j: [jobs] true energy.
        allocated_w: [jobs] what its allocation draws at full work: the finest claim is this times 1 s for each edge.
        boards_w: [jobs] of this, the boards' share beyond idle.
    """

    length_s: F64
    truth_j: F64
    allocated_w: F64
    boards_w: F64


def facts(world: Scene) -> Facts:
    """The truth of a scene, by job."""
    powers = [[_powers(world.nodes[place].machine, job) for place in job.machines] for job in world.jobs]
    sums = np.array([np.sum(places, axis=0) for places in powers]).reshape(-1, 2)
    return Facts(
        length_s=np.array([job.end_s - job.begin_s for job in world.jobs]),
        truth_j=world.truth_j.sum(axis=(1, 2)),
        allocated_w=sums.sum(axis=1),
        boards_w=sums[:, 1],
    )


def _powers(machine: Machine, job: Job) -> tuple[float, float]:
    """Watts of a job's share of a node at full work, without and with what its boards draw beyond idle."""
    cpus, memory, boards = job.cpus / machine.cpus, job.memory_bytes / machine.memory_bytes, float(len(job.gpus))
    if job.exclusive:
        cpus, memory, boards = 1.0, 1.0, float(machine.gpus)
    full_w = machine.cpu_max_w + machine.dram_max_w + machine.gpus * machine.gpu_max_w
    weight = (cpus * machine.cpu_max_w + memory * machine.dram_max_w + boards * machine.gpu_max_w) / full_w
    static_w = cpus * machine.cpu_idle_w + memory * machine.dram_idle_w + weight * machine.rest_idle_w
    work_w = cpus * machine.cpus * (machine.cpu_j_per_cpu_s + machine.dram_j_per_cpu_s)
    boards_w = boards * (machine.gpu_max_w - machine.gpu_idle_w)
    losses = 1 + machine.loss_ratio
    return static_w + boards * machine.gpu_idle_w + losses * work_w, losses * boards_w


def weighted_error(truth_j: F64, charged_j: F64) -> float:
    """Energy-weighted error of a rule: `sum of |charged - true| / sum of true`."""
    return float(np.abs(charged_j - truth_j).sum() / truth_j.sum())
