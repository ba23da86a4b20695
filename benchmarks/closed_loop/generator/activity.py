"""A node's time cut into pieces in which every power is constant, and who works how hard in each."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.closed_loop.generator.machine import Machine
from benchmarks.closed_loop.generator.workload import Job

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

SYSTEM_STEP_S: Final = 120.0
"""How long the operating system keeps its pace, and the idle power its level."""


@dataclass(frozen=True, slots=True)
class Phases:
    """How a job works: piecewise constant.

    Args:
        start_s: [p] when each phase begins.
        cpus: [p] CPUs that it would use; gpu: [p] activity of each of its boards, 0..1.
    """

    start_s: F64
    cpus: F64
    gpu: F64


@dataclass(frozen=True, slots=True)
class Activity:
    """One node over the whole scene.

    Args:
        knots_s: [k + 1] ends of the pieces.
        job: [e] index of the job of each entry; an entry is one job in one piece. Sorted by job, then piece.
        piece: [e]; runs: [e] False while suspended.
        cpus: [e] CPUs in use; gpu: [e] activity of each of its boards.
        system_cpus: [k] CPUs that the operating system uses.
    """

    knots_s: F64
    job: I64
    piece: I64
    runs: NDArray[np.bool_]
    cpus: F64
    gpu: F64
    system_cpus: F64

    @property
    def seconds(self) -> F64:
        """[k] length of each piece."""
        return np.diff(self.knots_s)


def phases(rng: np.random.Generator, job: Job) -> Phases:
    """Drawn anew for each node of a job: it begins to work a little after it began to hold."""
    length_s = job.end_s - job.begin_s
    count = 1 + min(int(rng.poisson(length_s / 200)), 14)
    first_s = job.begin_s + min(float(rng.uniform(0.02, 0.3)), length_s / 4)
    starts = np.sort(rng.uniform(first_s, job.end_s, count - 1))
    level = np.minimum(job.use * rng.uniform(0.6, 1.4, count) * (rng.random(count) > 0.06), 1.0)
    gpu = np.minimum(job.gpu_use * rng.uniform(0.3, 1.7, count), 1.0) if job.gpus else np.zeros(count)
    return Phases(np.concatenate([[first_s], starts]), level * job.cpus, gpu)


def activity(rng: np.random.Generator, machine: Machine, jobs: list[tuple[int, Job]], seconds: int) -> Activity:
    """Cut the node's time.

    Args:
        jobs: index and job, for the jobs on this node.
    """
    worked = [phases(rng, job) for _, job in jobs]
    steps = np.arange(0, seconds, SYSTEM_STEP_S)
    times = [np.array([0.0, seconds]), steps, *(found.start_s for found in worked)]
    times += [np.array([job.begin_s, job.end_s, *np.ravel(job.suspended)]) for _, job in jobs]
    knots = np.unique(np.concatenate(times))
    parts = [_entries(knots, number, job, found) for (number, job), found in zip(jobs, worked, strict=True)]
    job, piece, runs, cpus, gpu = (np.concatenate(column) for column in zip(_NONE, *parts, strict=True))
    system = np.minimum(rng.lognormal(np.log(0.25), 0.5, len(steps)), 2.0)
    system_cpus = system[np.searchsorted(steps, knots[:-1], side="right") - 1]
    wanted = np.bincount(piece, cpus, len(knots) - 1)
    scale = np.minimum(1.0, (machine.cpus - system_cpus) / np.maximum(wanted, 1e-9))
    return Activity(knots, job, piece, runs, cpus * scale[piece], gpu, system_cpus)


_NONE = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros(0), np.zeros(0))


def _entries(knots: F64, number: int, job: Job, work: Phases) -> tuple[I64, I64, NDArray[np.bool_], F64, F64]:
    low, high = np.searchsorted(knots, [job.begin_s, job.end_s])
    piece = np.arange(low, high)
    at_s = knots[piece]
    phase = np.searchsorted(work.start_s, at_s, side="right") - 1
    runs = np.ones(len(piece), np.bool_)
    for begin_s, end_s in job.suspended:
        runs &= ~((at_s >= begin_s) & (at_s < end_s))
    on = runs & (phase >= 0)
    cpus, gpu = (np.where(on, level[phase], 0.0) for level in (work.cpus, work.gpu))
    return np.full(len(piece), number), piece, runs, cpus, gpu
