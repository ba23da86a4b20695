"""Read models of a job over time, node by node."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class GpuSeries:
    """A whole board of a job over the intervals of its node, None where nothing was read.

    Args:
        gpu: index on the node.
        utilisation: mean share of time with work on it, 0..1.
        memory_bytes: in use at the end of the interval.
        memory_total_bytes: installed; None: unknown.
    """

    gpu: int
    utilisation: tuple[float | None, ...]
    memory_bytes: tuple[float | None, ...]
    memory_total_bytes: float | None


TRAFFIC: Final = ("network_received", "network_sent", "disk_read", "disk_written")
"""What a job moved; each a mean rate [B/s]."""


@dataclass(frozen=True, slots=True)
class NodeSeries:
    """A job on one node over time; every list is as long as `ts_ms`, None where nothing is known.

    `ts_ms` are the ends of the intervals, `start_ms` their starts.
    cpu_used: mean CPUs in use over the interval; memory_bytes: resident at its end;
    power_w: by `cpu_static_w`, `cpu_dynamic_w`, … one list each.
    gpus: the boards that the job has for itself; of a shared one nobody can tell whose work it was.
    threads_per_core: CPUs that Slurm counts for each core; 0: unknown.
    traffic_bytes_per_s: mean rates by the names of `TRAFFIC`, those that are known at all; of a network that other jobs
    use too, nobody can tell whose it was.
    """

    node: str
    start_ms: tuple[int, ...]
    ts_ms: tuple[int, ...]
    cpu_used: tuple[float | None, ...]
    memory_bytes: tuple[float | None, ...]
    power_w: Mapping[str, tuple[float | None, ...]]
    cpus: float
    memory_allocated_bytes: float
    gpus: tuple[GpuSeries, ...] = ()
    threads_per_core: int = 0
    traffic_bytes_per_s: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
