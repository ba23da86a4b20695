"""Jobs as Slurm knows them, whichever source they came from. Times are epoch ms UTC, memory is bytes."""

from dataclasses import dataclass, field
from enum import StrEnum

from maxwatt.domain.gpus import Gpu


class JobState(StrEnum):
    """Slurm's base job states."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    NODE_FAIL = "NODE_FAIL"
    PREEMPTED = "PREEMPTED"
    BOOT_FAIL = "BOOT_FAIL"
    DEADLINE = "DEADLINE"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    REQUEUED = "REQUEUED"
    RESIZING = "RESIZING"
    REVOKED = "REVOKED"
    UNKNOWN = "UNKNOWN"


ACTIVE_STATES = frozenset({JobState.RUNNING, JobState.SUSPENDED, JobState.RESIZING})


@dataclass(frozen=True, slots=True, order=True)
class JobKey:
    """What makes a job unique: a requeued job keeps its id and gets a new start."""

    cluster: str
    job_id: int
    start_ms: int


@dataclass(frozen=True, slots=True)
class Allocation:
    """What Slurm gave a job on one node.

    Args:
        node: host name.
        cpus: logical CPUs allocated; fractional where an unseen job was split evenly over its nodes.
        memory_bytes: memory allocated [B], 0 when it is not known.
        gpus: GPUs allocated, whole ones by their index; empty when none or not known.
        modelled: the split over nodes was not seen live but assumed even.
    """

    node: str
    cpus: float
    memory_bytes: float = 0.0
    gpus: tuple[Gpu, ...] = ()
    modelled: bool = False


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One attempt of one job. `start_ms` is never 0: what never started used nothing and has no record of energy.

    Args:
        end_ms: end of the attempt, None while it runs.
        exit_code, exit_signal: as Slurm reports them, None when unknown.
        total_cpu_s: Slurm's TotalCPU of the finished job [s], None when unknown.
        consumed_energy_j: what Slurm's own energy accounting says of the finished job [J], None when it says nothing.
        suspensions: spans (start, end) in epoch ms in which the job was suspended; end None while it lasts.
        exclusive: the job has whole nodes for itself.
        allocations: per node; empty when only totals are known.
        node_list: Slurm's compact host list, as text.
        gpu_count: GPUs allocated over all nodes.
        source: name of the source that saw it, such as `scontrol`; `sacct` is accounting, whichever way it was asked.
    """

    key: JobKey
    state: JobState
    user: str = ""
    name: str = ""
    account: str = ""
    partition: str = ""
    qos: str = ""
    submit_ms: int | None = None
    end_ms: int | None = None
    time_limit_s: int | None = None
    state_reason: str = ""
    exit_code: int | None = None
    exit_signal: int | None = None
    cpus: int = 0
    node_count: int = 0
    gpu_count: int = 0
    memory_bytes: int = 0
    node_list: str = ""
    allocations: tuple[Allocation, ...] = ()
    suspensions: tuple[tuple[int, int | None], ...] = ()
    exclusive: bool = False
    total_cpu_s: float | None = None
    consumed_energy_j: float | None = None
    features: str = ""
    command: str = ""
    work_dir: str = ""
    stdout: str = ""
    stderr: str = ""
    comment: str = ""
    array_job_id: int | None = None
    array_task_id: int | None = None
    het_job_id: int | None = None
    het_offset: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job that has not started, as the controller says it. Nothing is booked of it.

    Args:
        reason: Slurm's, such as `Priority` or `Resources`.
        expected_ms: when Slurm expects it to start [epoch ms], None when it does not say.
        array_tasks: the tasks of an array that wait, such as `5-99%4`; empty when it is none.
    """

    cluster: str
    job_id: int
    user: str = ""
    name: str = ""
    account: str = ""
    partition: str = ""
    qos: str = ""
    reason: str = ""
    submit_ms: int | None = None
    expected_ms: int | None = None
    time_limit_s: int | None = None
    cpus: int = 0
    node_count: int = 0
    array_tasks: str = ""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A node as Slurm knows it at one moment.

    Args:
        state: base state with its flags, such as `IDLE`, `MIXED+DRAIN`, `DOWN+POWERED_DOWN`.
        cpus: CPUs Slurm can allocate (`CPUEfctv`, else `CPUTot`).
        memory_bytes: memory Slurm can allocate (`RealMemory - MemSpecLimit`) [B].
        gpus: number of GPUs.
    """

    name: str
    state: str
    cpus: int
    memory_bytes: int
    gpus: int = 0
    partitions: tuple[str, ...] = ()
    features: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SlurmSnapshot:
    """One live poll: jobs that Slurm's controller knows and the state of every node, all at `taken_ms`."""

    taken_ms: int
    jobs: tuple[JobRecord, ...]
    nodes: tuple[NodeRecord, ...]
    faults: tuple[str, ...] = field(default=())
    waiting: tuple[WaitingJob, ...] = ()
