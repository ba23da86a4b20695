"""What a simulated job does at any time, in closed form: CPU seconds, memory and GPU work since its start.

Closed forms, so that any moment can be sampled on its own and a later start of the demo goes on where it stopped.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maxwatt.cli.simulation.schedule import Placed
from maxwatt.domain.jobs import Allocation

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

WAVES = (4.0, 2.0, 1.5, 1.0)
"""How the swing of a job is shared out, on average, over slow and fast waves."""


@dataclass(frozen=True, slots=True)
class Life:
    """A job on one node.

    Args:
        begin_s, end_s: epoch seconds.
        cpu_rate: mean CPUs in use while it works.
        swings, turns, phases: its use goes up and down: shares, angular velocities [1/s] and phases of some waves.
        idle_after_s: seconds after its start from which on it does nothing (a hung job), else its whole length.
        joules_factor: its joules per CPU second relative to the node's mean.
        gpu_share: mean utilisation of each of its GPUs.
        network_bytes_per_s, disk_bytes_per_s: mean traffic while it works, of both ways together.
    """

    job_id: int
    begin_s: float
    end_s: float
    cpu_rate: float
    swings: F64
    turns: F64
    phases: F64
    idle_after_s: float
    joules_factor: float
    memory_peak_bytes: float
    gpus: tuple[int, ...]
    gpu_share: float
    network_bytes_per_s: float
    disk_bytes_per_s: float

    def work_s(self, t_s: F64) -> F64:
        """Integral of the activity (mean 1) from the start to each of `t_s` [s]."""
        x = np.clip(t_s - self.begin_s, 0, min(self.end_s - self.begin_s, self.idle_after_s))
        waves = np.cos(self.phases) - np.cos(np.multiply.outer(x, self.turns) + self.phases)
        return np.asarray(x + waves @ (self.swings / self.turns))

    def activity(self, t_s: F64) -> F64:
        """Activity at `t_s`, mean 1; 0 outside its life."""
        x = t_s - self.begin_s
        on = (x >= 0) & (x < min(self.end_s - self.begin_s, self.idle_after_s))
        waves = np.sin(np.multiply.outer(x, self.turns) + self.phases) @ self.swings
        return np.where(on, 1 + waves, 0.0)

    def memory_bytes(self, t_s: F64) -> F64:
        """Resident memory [B] at `t_s`: grows over the first third of its life."""
        x = (t_s - self.begin_s) / max(self.end_s - self.begin_s, 1.0)
        return np.asarray(self.memory_peak_bytes * np.clip(0.15 + 2.6 * x, 0.0, 1.0))


def life_of(job: Placed, allocation: Allocation) -> Life:
    """How `job` behaves on one of its nodes; drawn once from its plan's seed."""
    work, rng = job.plan.work, np.random.default_rng([job.plan.seed, hash_of(allocation.node)])
    begin_s, end_s = job.record.key.start_ms / 1000, (job.record.end_ms or 0) / 1000
    use = float(np.clip(rng.normal(work.use, 0.08 * work.use), 0.002, 0.99))
    hung = rng.random() < 0.03 and end_s - begin_s > 3600
    return Life(
        job_id=job.record.key.job_id,
        begin_s=begin_s,
        end_s=end_s,
        cpu_rate=float(allocation.cpus * use),
        swings=min(0.45, 1 / use - 1) * rng.dirichlet(WAVES),
        turns=2 * np.pi / (rng.uniform(2400, 20_000) / np.array([1.0, 3.7, 9.1, 16.3])),
        phases=rng.uniform(0, 2 * np.pi, 4),
        idle_after_s=(end_s - begin_s) * (float(rng.uniform(0.2, 0.7)) if hung else 1.0),
        joules_factor=float(rng.uniform(0.8, 1.15)),
        memory_peak_bytes=float(allocation.memory_bytes * np.clip(rng.normal(work.memory_use, 0.07), 0.01, 0.99)),
        gpus=tuple(gpu for gpu in allocation.gpus if isinstance(gpu, int)),
        gpu_share=float(np.clip(rng.normal(work.gpu_use, 0.05), 0.0, 1.0)) if allocation.gpus else 0.0,
        network_bytes_per_s=float(rng.lognormal(np.log(2e7), 1.0)),
        disk_bytes_per_s=float(rng.lognormal(np.log(2e6), 1.0)),
    )


def hash_of(name: str) -> int:
    """A number that stays the same from run to run."""
    return int.from_bytes(name.encode()[-6:], "big")


def total_cpu_s(job: Placed) -> float:
    """CPU seconds of the finished job over all its nodes: what Slurm's TotalCPU would say."""
    lives = [life_of(job, allocation) for allocation in job.record.allocations]
    return float(sum(life.cpu_rate * life.work_s(np.array([life.end_s]))[0] for life in lives))
