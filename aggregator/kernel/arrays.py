"""What the kernel takes and gives: plain numpy arrays, one entry per row. Times are int64 epoch ms UTC."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from maxwatt.domain.node_model import NodeModel

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

FOREVER: Final = int(np.iinfo(np.int64).max)
"""End [epoch ms] of a job that runs and of a suspension that lasts."""


@dataclass(frozen=True, slots=True)
class NodeSamples:
    """Node rows sorted by (node, ts_ms); a value that was not read is NaN.

    `node` indexes the chunk's nodes; counters in J and s; `monotonic_s` and `epoch_id` come from the agent. Of a
    counter's energy `_estimated_j` is what the node model decided; NaN: nothing of it.
    """

    node: I32
    ts_ms: I64
    monotonic_s: F64
    epoch_id: I64
    cpu_busy_s: F64
    cpu_energy_j: F64
    dram_energy_j: F64
    cpu_estimated_j: F64
    dram_estimated_j: F64
    cpu_modelled_j: F64
    meter_energy_j: F64
    meter_power_w: F64


@dataclass(frozen=True, slots=True)
class GpuSamples:
    """GPU rows sorted by (node, gpu, ts_ms). `utilisation` is the share of time with work on the board."""

    node: I32
    gpu: I32
    ts_ms: I64
    monotonic_s: F64
    epoch_id: I64
    energy_j: F64
    power_w: F64
    utilisation: F64


@dataclass(frozen=True, slots=True)
class JobSamples:
    """Job rows sorted by (node, job_id, ts_ms)."""

    node: I32
    job_id: I64
    ts_ms: I64
    cpu_s: F64
    memory_bytes: F64


@dataclass(frozen=True, slots=True)
class SessionSamples:
    """Rows of users' logins, sorted by (node, uid, ts_ms)."""

    node: I32
    uid: I64
    ts_ms: I64
    monotonic_s: F64
    epoch_id: I64
    cpu_s: F64


NO_SESSIONS: Final = SessionSamples(
    *(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64)),
    *(np.zeros(0), np.zeros(0, np.int64), np.zeros(0)),
)
"""Nobody is logged in."""


@dataclass(frozen=True, slots=True)
class NodeTraits:
    """Per node of the chunk: its name, its model, N CPUs and M bytes that Slurm can allocate (0: unknown).

    Of a node `outside` Slurm nobody can reserve anything: what nobody holds of it is the system's, not idle.
    """

    name: str
    model: NodeModel
    cpus: float
    memory_bytes: float
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Lives:
    """Jobs on nodes: one entry per job and node.

    `job` is the caller's own number for the job record (a row per attempt), given back in the bookings.
    `end_ms` is FOREVER while the job runs. `total_cpu_s` is Slurm's TotalCPU of the whole job, NaN while
    unknown; it is the same on each node of the job and is shared by the kernel. `exclusive` marks whole-node jobs;
    `modelled` allocations that were not seen but assumed.
    """

    node: I32
    job: I64
    job_id: I64
    start_ms: I64
    end_ms: I64
    cpus: F64
    memory_bytes: F64
    exclusive: Bool
    modelled: Bool
    total_cpu_s: F64


@dataclass(frozen=True, slots=True)
class Suspensions:
    """Spans in which a life (index into Lives) holds memory and GPUs but no CPUs; end is FOREVER while it lasts."""

    life: I64
    start_ms: I64
    end_ms: I64


@dataclass(frozen=True, slots=True)
class IdlePowers:
    """Power of components without work [W] by UTC day; NaN where neither calibrated nor declared.

    Args:
        first_day_ms: start of the first day [epoch ms UTC]; other days take the nearest one's.
        cpu_w, dram_w, rest_w: [nodes, days].
        gpu_w: [nodes, days, GPU indices].
    """

    first_day_ms: int
    cpu_w: F64
    dram_w: F64
    rest_w: F64
    gpu_w: F64


NO_SUSPENSIONS: Final = Suspensions(*(np.zeros(0, np.int64) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class States:
    """Spans in which what nobody holds of a node goes to another account than `IDLE`; end is FOREVER while it lasts.

    `account` is one of IDLE_ACCOUNTS. Of spans that overlap the later entry holds.
    """

    node: I32
    start_ms: I64
    end_ms: I64
    account: I32


NO_STATES: Final = States(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int32))
"""Nodes of which nothing but plain idle is known."""


@dataclass(frozen=True, slots=True)
class GpuShares:
    """GPUs of which a life (index into Lives) holds something: one entry per life and board, in order of life.

    Args:
        gpu: index of the board on its node; below 0: not known which, and nothing of it is booked on the life.
        share: of the board: 1 for all of it, else what is held of what it is divided into.
        activity: share of the time in which the held part worked, NaN where nothing tells it.
        assumed: the share was told by nobody.
    """

    life: I64
    gpu: I64
    share: F64
    activity: F64
    assumed: Bool


NO_GPU_SHARES: Final = GpuShares(
    np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.bool_)
)


@dataclass(frozen=True, slots=True)
class Tenants:
    """Jobs on some nodes and what they hold there. Lives are in order of node, the others in order of life."""

    lives: Lives
    suspensions: Suspensions
    gpu_shares: GpuShares


@dataclass(frozen=True, slots=True)
class Chunk:
    """Everything needed to attribute some nodes over one window."""

    nodes: tuple[NodeTraits, ...]
    node: NodeSamples
    gpu: GpuSamples
    job: JobSamples
    lives: Lives
    suspensions: Suspensions
    gpu_shares: GpuShares
    idle: IdlePowers
    states: States = NO_STATES
    session: SessionSamples = NO_SESSIONS


@dataclass(frozen=True, slots=True)
class Window:
    """What to book and which readings belong together.

    Args:
        edges_ms: edges of the buckets [epoch ms UTC], ascending, at least two.
        max_gap_ms: the longest interval that is bridged [ms].
        power_gap_ms: between powers further apart [ms] the node model bounds what is integrated.
    """

    edges_ms: I64
    max_gap_ms: int
    power_gap_ms: int = 120_000


@dataclass(frozen=True, slots=True)
class Bookings:
    """One entry per (node, bucket, account, life or uid) with energy or held time, sorted so.

    energy_j: [n, 4 components, 2 parts] in the order of COMPONENTS and PARTS.
    evidence_j: [n, 5] in the order of EVIDENCE; sums to energy_j over all.
    life: index into Lives, -1 where the account is no job. uid: of a session, else -1. bucket: index into the
    window's edges.
    share_s: part of the node times the time it was held, over covered time [s]; of jobs and idle, outside Slurm of
    system, it sums to that time.
    cpu_used_s, waste_j, memory_peak_bytes: NaN where unknown or nobody's.
    """

    account: I32
    life: I64
    uid: I64
    node: I32
    bucket: I32
    energy_j: F64
    evidence_j: F64
    cpu_used_s: F64
    cpu_reserved_s: F64
    held_s: F64
    covered_s: F64
    share_s: F64
    waste_j: F64
    memory_peak_bytes: F64
    uncertainty: F64


@dataclass(frozen=True, slots=True)
class JobEnergy:
    """What `Bookings` say of jobs that is drawn over time: at most one entry per (life, bucket), sorted so.

    Columns as there; entries may be without energy and held time.
    """

    life: I64
    bucket: I64
    energy_j: F64
    cpu_used_s: F64
    covered_s: F64


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured per node and bucket: energy_j [nodes, buckets, 4 components], covered_s [nodes, buckets]."""

    energy_j: F64
    covered_s: F64
