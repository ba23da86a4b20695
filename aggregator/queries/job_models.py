"""Read models that only the page of one job, and what is downloaded from it, show."""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.queries.models import NodeHeld


@dataclass(frozen=True, slots=True)
class JobNodes:
    """Where a job runs or ran: names of its nodes, in order, and how many boards the node with most of them has.

    Where nobody tells the boards by node, they count as evenly shared out.
    """

    names: tuple[str, ...]
    boards: int

    @classmethod
    def of(cls, nodes: Sequence[NodeHeld], gpu_count: int) -> "JobNodes":
        """The nodes of a job that holds some of each, and so many boards in all."""
        told = max((len(held.gpus) for held in nodes), default=0)
        return cls(tuple(held.node for held in nodes), told or -(-gpu_count // max(len(nodes), 1)))


@dataclass(frozen=True, slots=True)
class JobWindows:
    """A job on all of its nodes over time, from the bookings: what a picture of a large job needs.

    Args:
        nodes: names, in order.
        start_ms: starts of the steps [epoch ms UTC]; each is `step_ms` long.
        power_w, cpu_ratio, memory_bytes: [node][step], None where nothing is known: mean power, CPU seconds used of
            those held, highest resident memory.
        held_s: [node][step] time held [s].
        memory_held_bytes: of each node, 0: unknown.
    """

    nodes: tuple[str, ...]
    start_ms: tuple[int, ...]
    step_ms: int
    power_w: tuple[tuple[float | None, ...], ...]
    cpu_ratio: tuple[tuple[float | None, ...], ...]
    memory_bytes: tuple[tuple[float | None, ...], ...]
    held_s: tuple[tuple[float, ...], ...]
    memory_held_bytes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class IntensitySeries:
    """Carbon intensity [g/kWh] that a job was booked with over time; None where nothing is booked."""

    start_ms: tuple[int, ...]
    end_ms: tuple[int, ...]
    g_per_kwh: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class BoardUse:
    """One board of a job. Mean and highest utilisation 0..1 and memory [B], None where nothing was read."""

    node: str
    gpu: int
    utilisation: float | None
    highest: float | None
    memory_peak_bytes: float | None
    memory_total_bytes: float | None


@dataclass(frozen=True, slots=True)
class GpuUse:
    """How the boards of a job were used.

    Args:
        boards: those that were looked at.
        held: boards that the job has for itself; more than were looked at where it has very many.
        parts: parts of boards (MIG instances, shards), whose use nobody can tell apart.
        utilisation: mean over boards and time with readings; None: unknown for one of them.
        memory_peak_bytes, memory_total_bytes: sums over the boards looked at of each one's peak and size.
    """

    boards: tuple[BoardUse, ...]
    held: int
    parts: int
    utilisation: float | None
    memory_peak_bytes: float | None
    memory_total_bytes: float | None


@dataclass(frozen=True, slots=True)
class Quartiles:
    """One figure of a job among its like: `this` may be unknown; the others are over `count` jobs."""

    name: str
    this: float | None
    lower: float
    median: float
    upper: float
    count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A job beside the user's last jobs of the same name, partition and account.

    Args:
        count: jobs that were found, this one not among them.
        figures: `energy_j`, `elapsed_s`, `cpu_efficiency`, `memory_efficiency`, where enough of the jobs know it.
        longest_s: longest elapsed time of those that completed [s], None where none did.
        completed: how many completed.
    """

    count: int
    figures: tuple[Quartiles, ...]
    longest_s: float | None
    completed: int


@dataclass(frozen=True, slots=True)
class Advice:
    """A line of the batch script to change.

    Args:
        kind: `cpus`, `memory`, `time` or `gpus`.
        line: such as `#SBATCH --mem=12G`; empty: the option is to be left out.
        held, used, proposed: per node, in CPUs, bytes, seconds or boards.
        saves_j: static energy that would not have been the job's [J]; None: none, or unknown.
    """

    kind: str
    line: str
    held: float
    used: float
    proposed: float
    saves_j: float | None


@dataclass(frozen=True, slots=True)
class Advices:
    """What to change, and where there is nothing to say, why: `running`, `short`, `state`, `coverage`, `unknown`."""

    advices: tuple[Advice, ...]
    silent: str = ""


@dataclass(frozen=True, slots=True)
class JobChange:
    """What to change, and what the job stands beside."""

    advices: Advices
    similar: Comparison


Track = tuple[str, tuple[float, ...], tuple[float | None, ...]]
"""A node, lengths of its intervals [s], and a value in each."""


@dataclass(frozen=True, slots=True)
class NodeStatistic:
    """One node's values, by time: mean, highest, 95th percentile."""

    node: str
    mean: float
    highest: float
    p95: float


@dataclass(frozen=True, slots=True)
class UseStatistic:
    """All nodes of a job: mean of the nodes' means, highest and 95th percentile of all.

    Args:
        nodes: those with a value, in order.
        lowest_node, highest_node: by their mean.
        imbalance: highest mean / mean of means - 1; None where the mean is 0.
    """

    mean: float
    highest: float
    p95: float
    nodes: tuple[NodeStatistic, ...]
    lowest_node: NodeStatistic
    highest_node: NodeStatistic
    imbalance: float | None
