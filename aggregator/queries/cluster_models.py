"""Read models of the cluster as it is now, and of the grid's intensity; null is unknown, never zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from aggregator.queries.models import JobRow

Split = Literal["kind", "component", "user", "account", "partition"]
"""What power over time is split by; a kind is what the energy was for: jobs, system, a kind of idle, unattributed."""

OTHERS: Final = "(others)"
"""Stands for all names but the largest; no name of Slurm can be called so."""

NodeKind = Literal["allocated", "mixed", "idle", "drained", "down", "powered_off", "booting", "unknown"]
"""What a node's state comes to, for its colour."""


@dataclass(frozen=True, slots=True)
class NodeNow:
    """One node as it was last seen. Uses are 0..1.

    Args:
        partitions: comma-separated, as Slurm says.
        state: Slurm's own words, such as `MIXED+DRAIN`; empty: Slurm never told.
        since_ms: since when it is in that state [epoch ms UTC].
        sampled_ms: time of its newest sample [epoch ms UTC]; None: it never sent one.
        power_w: mean over the last samples by component (`cpu`, `dram`, `gpu`, `rest`); what is not known is left out.
        modelled_w: of the power, what the node model says and no meter.
        jobs: how many run on it.
    """

    node: str
    partitions: str
    state: str
    kind: NodeKind
    reason: str
    since_ms: int | None
    sampled_ms: int | None
    power_w: Mapping[str, float]
    modelled_w: float
    cpu_use: float | None
    memory_use: float | None
    gpu_use: float | None
    jobs: int

    @property
    def total_w(self) -> float | None:
        """Power of the whole node as far as it is known, None where nothing is."""
        return sum(self.power_w.values()) if self.power_w else None


@dataclass(frozen=True, slots=True)
class ClusterNow:
    """Every node as it was last seen; provisional by nature: the ledger says later what it was.

    Args:
        nodes: by name.
        span_s: the mean is over the samples of so many seconds before `now_ms` [s].
        newest_ms: time of the newest sample of all [epoch ms UTC].
    """

    nodes: tuple[NodeNow, ...]
    now_ms: int
    span_s: float
    newest_ms: int | None

    @property
    def known(self) -> tuple[NodeNow, ...]:
        """The nodes whose power is known now."""
        return tuple(node for node in self.nodes if node.power_w)

    @property
    def by_component_w(self) -> dict[str, float]:
        """Power [W] of the known nodes by component."""
        found: dict[str, float] = {}
        for node in self.nodes:
            for component, power_w in node.power_w.items():
                found[component] = found.get(component, 0.0) + power_w
        return found

    @property
    def total_w(self) -> float | None:
        """Power [W] of the known nodes, None where no node's is."""
        return sum(self.by_component_w.values()) if self.known else None

    @property
    def modelled_w(self) -> float:
        """Of this, what node models say [W]."""
        return sum(node.modelled_w for node in self.nodes)


@dataclass(frozen=True, slots=True)
class NodeJob:
    """A job that runs on a node, and what of the node it holds; `gpus` as Slurm numbers them."""

    row: JobRow
    cpus: float
    memory_bytes: float
    gpus: str


@dataclass(frozen=True, slots=True)
class NodeDetail:
    """A node, what runs on it, and its energy of the last day by what it was for [J]; empty where none is booked."""

    now: NodeNow
    jobs: tuple[NodeJob, ...]
    day_j: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class IntensityHour:
    """The grid in one stretch of time.

    Args:
        start_ms, end_ms: epoch ms UTC.
        state: measured, estimated, forecast, fallback or static; of several, the weakest.
        cleanest: one of the cleanest of the hours that are forecast.
    """

    start_ms: int
    end_ms: int
    g_per_kwh: float
    state: str
    cleanest: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """The grid's intensity now and in the hours around.

    Args:
        now: the stretch that holds the present; None where nothing is known.
        origin: who says so, in words.
        hours: the last day, and the next as far as it is forecast; empty for a static figure.
    """

    now: IntensityHour | None
    origin: str
    hours: tuple[IntensityHour, ...] = ()
