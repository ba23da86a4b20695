"""A believable mix of jobs: kinds of work, who submits them when, and how long they run. Seeded, no clock."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from maxwatt.cli.simulation.cluster import BIGMEM, CPU, GPU, USERS
from maxwatt.domain.jobs import JobState
from maxwatt.domain.units import BYTES_PER_GIB, DAY_MS


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work and how its jobs look.

    Args:
        per_day: submissions on a full working day; `tasks` jobs each.
        cpus, gib, gpus: what one job reserves on each of `nodes` nodes; 0 CPUs: the whole node.
        median_s, sigma: lognormal run time.
        use: mean share of the reserved CPUs in use; gpu_use: likewise of its GPUs.
        memory_use: peak resident memory as a share of what is reserved.
    """

    name: str
    partition: str
    accounts: tuple[str, ...]
    per_day: float
    nodes: tuple[int, int]
    cpus: int
    gib: int
    gpus: int
    median_s: float
    sigma: float
    use: float
    memory_use: float
    gpu_use: float = 0.0
    tasks: int = 1
    limit_s: int = 86_400
    command: str = "run.sh"


WORKS: Final = (
    Work("md-production", CPU.partition, ("theory", "structures"), 9, (2, 4), 0, 480, 0, 28_000, 0.6, 0.96, 0.22,
         limit_s=172_800, command="gmx_mpi.sh"),
    Work("dft-relax", CPU.partition, ("theory",), 22, (1, 1), 0, 480, 0, 11_000, 0.8, 0.91, 0.45, command="relax.sh"),
    Work("indexing", CPU.partition, ("beamline", "structures"), 14, (1, 1), 16, 64, 0, 1_500, 0.9, 0.82, 0.55,
         limit_s=14_400, command="index.sh"),
    Work("frames", CPU.partition, ("beamline",), 3, (1, 1), 4, 16, 0, 420, 0.5, 0.93, 0.6, tasks=48, limit_s=3_600,
         command="frames.sh"),
    Work("notebook", CPU.partition, ("beamline", "imaging", "structures"), 16, (1, 1), 8, 64, 0, 17_000, 0.5, 0.06, 0.3,
         limit_s=28_800, command="jupyter"),
    Work("serial-script", CPU.partition, ("beamline", "theory", "imaging"), 12, (1, 1), 32, 128, 0, 9_000, 0.9, 0.031,
         0.05, command="analyse.sh"),
    Work("test", CPU.partition, tuple(dict.fromkeys(USERS.values())), 25, (1, 1), 2, 8, 0, 35, 1.0, 0.7, 0.2,
         limit_s=600, command="test.sh"),
    Work("reconstruction", BIGMEM.partition, ("imaging",), 14, (1, 1), 64, 900, 0, 9_500, 0.7, 0.78, 0.83,
         limit_s=43_200, command="recon.sh"),
    Work("assembly", BIGMEM.partition, ("structures",), 4, (1, 1), 0, 2000, 0, 24_000, 0.6, 0.35, 0.62,
         command="assemble.sh"),
    Work("training", GPU.partition, ("machine-learning",), 7, (1, 1), 24, 320, 2, 30_000, 0.8, 0.4, 0.4, gpu_use=0.88,
         limit_s=172_800, command="train.sh"),
    Work("big-training", GPU.partition, ("machine-learning",), 1.5, (2, 3), 0, 700, 4, 50_000, 0.5, 0.45, 0.5,
         gpu_use=0.94, limit_s=172_800, command="train_ddp.sh"),
    Work("segmentation", GPU.partition, ("imaging",), 9, (1, 1), 8, 96, 1, 4_500, 0.8, 0.6, 0.5, gpu_use=0.55,
         limit_s=28_800, command="segment.sh"),
    Work("gpu-notebook", GPU.partition, ("machine-learning", "imaging"), 6, (1, 1), 8, 96, 1, 20_000, 0.4, 0.05, 0.25,
         gpu_use=0.04, limit_s=28_800, command="jupyter"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """A job as its user planned it, not yet placed. `run_s` is what it would need; `fate` how it ends."""

    work: Work
    user: str
    submit_ms: int
    node_count: int
    run_s: float
    fate: JobState
    array_task: int | None
    seed: int

    @property
    def whole_node(self) -> bool:
        """The job takes nodes for itself."""
        return self.work.cpus == 0

    @property
    def memory_bytes(self) -> int:
        """Memory reserved per node [B]."""
        return self.work.gib * BYTES_PER_GIB


def plans(start_ms: int, end_ms: int, seed: int) -> list[Plan]:
    """All submissions in [start_ms, end_ms), by submit time: more by day than by night, few at weekends."""
    rng = np.random.default_rng(seed)
    found: list[Plan] = []
    for day_ms in range(start_ms, end_ms, DAY_MS):
        weekday = (day_ms // DAY_MS + 3) % 7  # 1970-01-01 was a Thursday
        activity = 1.0 if weekday < 5 else 0.35
        for work in WORKS:
            for _ in range(rng.poisson(work.per_day * activity)):
                hour = float(np.clip(rng.normal(13.5, 4.0), 0, 23.99)) if rng.random() < 0.8 else rng.uniform(0, 24)
                submit_ms = day_ms + int(hour * 3_600_000)
                found += _submission(work, submit_ms, rng)
    return sorted((plan for plan in found if plan.submit_ms < end_ms), key=lambda plan: plan.submit_ms)


def _submission(work: Work, submit_ms: int, rng: np.random.Generator) -> list[Plan]:
    people = [user for user, account in USERS.items() if account in work.accounts]
    user = people[min(int(rng.exponential(len(people) / 3)), len(people) - 1)]
    node_count = int(rng.integers(work.nodes[0], work.nodes[1] + 1))
    whole = [None] if work.tasks == 1 else list(range(work.tasks))
    return [
        Plan(work, user, submit_ms, node_count, *_length(work, rng), task, int(rng.integers(1 << 31))) for task in whole
    ]


def _length(work: Work, rng: np.random.Generator) -> tuple[float, JobState]:
    run_s = max(float(rng.lognormal(np.log(work.median_s), work.sigma)), 3.0)
    if work.command == "jupyter" and rng.random() < 0.7:
        return min(run_s, work.limit_s), JobState.CANCELLED
    if run_s > work.limit_s:
        return float(work.limit_s), JobState.TIMEOUT
    draw = rng.random()
    if draw < 0.04:
        return max(run_s * rng.uniform(0.02, 0.5), 2.0), JobState.FAILED
    if draw < 0.06:
        return max(run_s * rng.uniform(0.05, 0.9), 2.0), JobState.CANCELLED
    if draw < 0.07 and work.memory_use > 0.5:
        return max(run_s * rng.uniform(0.1, 0.6), 2.0), JobState.OUT_OF_MEMORY
    return run_s, JobState.COMPLETED
