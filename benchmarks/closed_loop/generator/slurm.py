"""What Slurm will say of a job: whole seconds, one TotalCPU for all of its nodes."""

import math
from dataclasses import dataclass

from benchmarks.closed_loop.generator.workload import Job


@dataclass(frozen=True, slots=True)
class Account:
    """Slurm's record: seconds since the start of the scene, CPU seconds over all nodes."""

    start_s: int
    end_s: int
    suspended: tuple[tuple[int, int], ...]
    total_cpu_s: float


def account(job: Job, cpu_s: float) -> Account:
    """Times are cut to whole seconds; of a killed job only some processes were reaped, of others some count twice.

    Args:
        cpu_s: what it truly used on all of its nodes.
    """
    spans = tuple((math.floor(low), math.floor(high)) for low, high in job.suspended)
    total_cpu_s = round(job.seen * cpu_s, 3)
    return Account(math.floor(job.begin_s), math.floor(job.end_s), spans, total_cpu_s)
