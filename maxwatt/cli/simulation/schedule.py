"""Places the planned jobs on the simulated nodes: first come, first served, with small jobs filling the gaps."""

import dataclasses
import heapq
from dataclasses import dataclass

from maxwatt.cli.simulation.cluster import CLUSTER_NAME, KINDS, NODE_KIND, USERS, NodeKind
from maxwatt.cli.simulation.mix import Plan
from maxwatt.domain.hostlist import compress
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.units import MS_PER_S

FIRST_JOB_ID = 410_000
LOOK_AHEAD = 60
"""How many waiting jobs the scheduler looks at: enough for small ones to pass a large one that waits."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A job as it ran: its finished record and the plan behind it (how hard it works)."""

    record: JobRecord
    plan: Plan


@dataclass(slots=True)
class _Free:
    """What is left of a node."""

    kind: NodeKind
    cpus: int
    memory_bytes: int
    gpus: list[int]


def place(plans: list[Plan]) -> list[Placed]:
    """Every plan with its start, nodes, CPUs, memory and GPU indices; ordered by start."""
    placed: list[Placed] = []
    for kind in KINDS:
        mine = [(number, plan) for number, plan in enumerate(plans) if plan.work.partition == kind.partition]
        placed += _place_partition(kind, mine)
    return sorted(placed, key=lambda job: job.record.key.start_ms)


def _place_partition(kind: NodeKind, plans: list[tuple[int, Plan]]) -> list[Placed]:
    free = {n: _Free(kind, kind.cpus, kind.memory_bytes, list(range(kind.gpus))) for n in kind.model.nodes}
    waiting: list[tuple[int, Plan]] = []
    running: list[tuple[int, int, tuple[Allocation, ...]]] = []
    placed: list[Placed] = []
    arrivals = iter([*plans, None])
    arrival = next(arrivals)
    while arrival is not None or waiting:
        next_end = running[0][0] if running else None
        if arrival is not None and (next_end is None or arrival[1].submit_ms <= next_end):
            now_ms = arrival[1].submit_ms
            waiting.append(arrival)
            arrival = next(arrivals)
        elif next_end is not None:
            now_ms = next_end
            _release(free, heapq.heappop(running)[2])
        else:
            break  # what is left fits on no node of the partition
        for number, plan in waiting[:LOOK_AHEAD]:
            allocations = _fit(free, plan)
            if allocations:
                waiting.remove((number, plan))
                job = _record(number, plan, now_ms, allocations)
                placed.append(Placed(job, plan))
                heapq.heappush(running, (job.end_ms or 0, number, allocations))
    return placed


def _fit(free: dict[str, _Free], plan: Plan) -> tuple[Allocation, ...]:
    work, found = plan.work, list[Allocation]()
    for name, node in free.items():
        cpus = node.kind.cpus if plan.whole_node else work.cpus
        memory = min(plan.memory_bytes, node.kind.memory_bytes)
        if node.cpus >= cpus and node.memory_bytes >= memory and len(node.gpus) >= work.gpus:
            found.append(Allocation(name, cpus, memory, tuple(node.gpus[: work.gpus])))
            if len(found) == plan.node_count:
                break
    if len(found) < plan.node_count:
        return ()
    for a in found:
        node = free[a.node]
        node.cpus -= int(a.cpus)
        node.memory_bytes -= int(a.memory_bytes)
        node.gpus = [gpu for gpu in node.gpus if gpu not in a.gpus]
    return tuple(found)


def _release(free: dict[str, _Free], allocations: tuple[Allocation, ...]) -> None:
    for a in allocations:
        node = free[a.node]
        node.cpus += int(a.cpus)
        node.memory_bytes += int(a.memory_bytes)
        node.gpus = sorted([*node.gpus, *(gpu for gpu in a.gpus if isinstance(gpu, int))])


def _record(number: int, plan: Plan, start_ms: int, allocations: tuple[Allocation, ...]) -> JobRecord:
    start_ms -= start_ms % MS_PER_S  # Slurm knows whole seconds
    work, job_id = plan.work, FIRST_JOB_ID + number
    array_job_id = None if plan.array_task is None else job_id - plan.array_task
    folder = f"/home/{plan.user}/{work.name}"
    output = f"{folder}/slurm-{job_id}.out"
    return JobRecord(
        key=JobKey(CLUSTER_NAME, job_id, start_ms),
        state=plan.fate,
        user=plan.user,
        name=work.name,
        account=USERS[plan.user],
        partition=work.partition,
        qos="normal",
        submit_ms=plan.submit_ms - plan.submit_ms % MS_PER_S,
        end_ms=start_ms + max(round(plan.run_s), 1) * MS_PER_S,
        time_limit_s=work.limit_s,
        exit_code={JobState.FAILED: 1, JobState.OUT_OF_MEMORY: 0}.get(plan.fate, 0),
        exit_signal={JobState.CANCELLED: 15, JobState.OUT_OF_MEMORY: 9}.get(plan.fate, 0),
        cpus=int(sum(a.cpus for a in allocations)),
        node_count=len(allocations),
        gpu_count=sum(len(a.gpus) for a in allocations),
        memory_bytes=int(sum(a.memory_bytes for a in allocations)),
        node_list=compress(a.node for a in allocations),
        allocations=allocations,
        exclusive=plan.whole_node,
        features=NODE_KIND[allocations[0].node].features,
        command=f"{folder}/{work.command}",
        work_dir=folder,
        stdout=output,
        stderr=output,
        array_job_id=array_job_id,
        array_task_id=plan.array_task,
        source="simulated",
    )


def as_seen_at(job: JobRecord, now_ms: int) -> JobRecord:
    """The record as Slurm would show it at `now_ms`, when the job has started but perhaps not ended."""
    if job.end_ms is None or job.end_ms <= now_ms:
        return job
    running = {"state": JobState.RUNNING, "end_ms": None, "exit_code": None, "exit_signal": None, "total_cpu_s": None}
    return dataclasses.replace(job, **running)  # type: ignore[arg-type]  # each value has its field's type
