"""Read models of jobs: what pages, API, mail and command line show. Null is unknown, in every read model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from maxwatt.domain.gpus import Gpu


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a figure says about itself.

    Args:
        shares: share of the energy by kind (`counted`, `integrated`, …), sums to 1.
        coverage: share of the time with samples, 0..1.
        uncertainty: relative uncertainty of the energy.
        method_version: version of the method that booked it.
        provisional: some window of it is still open.
    """

    shares: Mapping[str, float]
    coverage: float
    uncertainty: float
    method_version: int
    provisional: bool


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job in a table. Efficiencies are 0..1 (above 1 is a fault to show), None where unknown.

    `tags` are the words of its comment that `maxwatt.domain.tags` calls so.
    """

    job_id: int
    start_ms: int
    end_ms: int | None
    name: str
    user: str
    account: str
    partition: str
    state: str
    exit_code: int | None
    node_list: str
    node_count: int
    cpus: int
    gpu_count: int
    elapsed_s: float
    time_limit_s: int | None
    cpu_efficiency: float | None
    memory_efficiency: float | None
    energy_j: float | None
    energy_static_j: float | None
    energy_dynamic_j: float | None
    waste_j: float | None
    co2_g: float | None
    co2_market_g: float | None
    cost: float | None
    array_job_id: int | None = None
    array_task_id: int | None = None
    evidence: Evidence | None = None
    het_job_id: int | None = None
    het_offset: int | None = None
    qos: str = ""
    tags: tuple[str, ...] = ()

    @property
    def shown_id(self) -> str:
        """The id as Slurm shows it: `4711`, `4711_3` for an array task, `4711+1` for a part of a heterogeneous job."""
        if self.array_job_id is not None and self.array_task_id is not None:
            return f"{self.array_job_id}_{self.array_task_id}"
        if self.het_job_id is not None and self.het_offset is not None:
            return f"{self.het_job_id}+{self.het_offset}"
        return str(self.job_id)


@dataclass(frozen=True, slots=True)
class JobPage:
    """A slice of the job table and how many rows there are in all; with `more`, there are more than that.

    Args:
        since_ms: jobs that began before this were not looked at [epoch ms]; None: all were.
    """

    rows: tuple[JobRow, ...]
    total: int
    more: bool = False
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FigureRange:
    """Jobs whose figure is known and in [low, high]; None: no bound.

    Args:
        figure: one of `job_conditions.FIGURES`, such as `energy_j`; the bounds have its unit.
    """

    figure: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What to show. Empty means any. Times are epoch ms; a job counts when it overlaps [since_ms, until_ms).

    Args:
        user, partition, account, qos, name: exactly this.
        states: any of these.
        text: in the name, or a job's, array task's or node's own name.
        nodes: a host list; jobs that held something on one of them.
        array_job_id: tasks of this array.
        tags: all of these words of the comment, such as `project=x` or `#test`.
        ranges: figures, all of them within their bounds.
        newest: where no index has the answer, so many of the newest jobs are looked through; None: all; see `reach`.
    """

    user: str = ""
    partition: str = ""
    account: str = ""
    qos: str = ""
    name: str = ""
    states: tuple[str, ...] = ()
    text: str = ""
    nodes: str = ""
    array_job_id: int | None = None
    tags: tuple[str, ...] = ()
    since_ms: int | None = None
    until_ms: int | None = None
    ranges: tuple[FigureRange, ...] = ()
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class NodeHeld:
    """What a job holds of one node."""

    node: str
    cpus: float
    memory_bytes: float
    gpus: tuple[Gpu, ...]
    allocation_modelled: bool


@dataclass(frozen=True, slots=True)
class NodeShare(NodeHeld):
    """And what is booked of it there. Energy by component and part, `{"cpu_static_j": …}`."""

    cpu_used_s: float | None
    memory_peak_bytes: float | None
    energy_j: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class JobSums:
    """What is booked of a job, all its nodes together.

    Args:
        energy_j: by component and part, as in `NodeShare`; empty while nothing is known.
        cpu_used_s: CPU seconds; None where those of one node are unknown.
        memory_peak_bytes: sum over the nodes of each one's peak; None where that of one node is unknown.
    """

    energy_j: Mapping[str, float]
    cpu_used_s: float | None
    memory_peak_bytes: float | None


@dataclass(frozen=True, slots=True)
class FigureUse:
    """A figure that grams or money were computed with, all of one origin together.

    Args:
        quantity: intensity and market [g/kWh], pue, price [per kWh].
        provider, zone, kind, vintage, state: see `maxwatt.domain.carbon.Figure`.
        value: mean over the energy that it was used for.
        share: of the energy [1].
    """

    quantity: str
    provider: str
    zone: str
    kind: str
    vintage: str
    state: str
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class JobHead:
    """Everything known of one job as a whole.

    Args:
        nodes: in order; what is booked on each of them takes long to sum up for a large job, see `JobDetail`.
        full_j: its energy with its part of what nobody used [J], see `queries.full`; None while a day of it is open.
        embodied_g: its part of what making the nodes emitted [g], kept apart from its CO2; None where no model says it.
        consumed_energy_j: what Slurm itself says it consumed [J], where a site has that. Slurm charges a shared node's
            whole energy to every job on it.
    """

    row: JobRow
    submit_ms: int | None
    state_reason: str
    qos: str
    features: str
    gpus: str
    command: str
    work_dir: str
    stdout: str
    stderr: str
    comment: str
    exit_signal: int | None
    memory_bytes: int
    total_cpu_s: float | None
    nodes: tuple[NodeHeld, ...]
    sums: JobSums
    figures: tuple[FigureUse, ...]
    full_j: float | None = None
    embodied_g: float | None = None
    consumed_energy_j: float | None = None


@dataclass(frozen=True, slots=True)
class JobDetail(JobHead):
    """The same with what is booked on each of its nodes."""

    nodes: tuple[NodeShare, ...]


@dataclass(frozen=True, slots=True)
class SourceAge:
    """How old what we know from one source is."""

    name: str
    success_ms: int | None
    age_s: float | None
    error: str


@dataclass(frozen=True, slots=True)
class Status:
    """What every page says about its own data."""

    cluster: str
    timezone: str
    simulated: bool
    booked_until_ms: int | None
    closed_until_ms: int | None
    newest_ms: int | None
    sources: tuple[SourceAge, ...] = ()
    currency: str = "EUR"
    faults: tuple[str, ...] = field(default=())
