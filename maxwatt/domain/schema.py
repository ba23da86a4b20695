"""Every measurement, declared once: the line protocol, Prometheus names, DuckDB tables and docs all come from here.

Timestamps are whole milliseconds UTC. Base units only; energy is in joules. A field that could not be read is left
out of its row: missing is never zero.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

DType = Literal["str", "int", "float"]


class Kind(StrEnum):
    """How a field moves in time."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Tag:
    """A label that, with its siblings, names the entity a row is about."""

    name: str
    dtype: Literal["str", "int"]
    help: str


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a row."""

    name: str
    kind: Kind
    dtype: Literal["int", "float"]
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """A table of wide rows, one per entity and time."""

    name: str
    tags: tuple[Tag, ...]
    fields: tuple[Field, ...]
    help: str

    @property
    def columns(self) -> tuple[tuple[str, DType], ...]:
        """Name and type of every column: `ts_ms`, the tags, the fields."""
        tags: list[tuple[str, DType]] = [(tag.name, tag.dtype) for tag in self.tags]
        return (("ts_ms", "int"), *tags, *((field.name, field.dtype) for field in self.fields))

    def field(self, name: str) -> Field | None:
        """The field called `name`, or None."""
        return next((field for field in self.fields if field.name == name), None)

    def tag(self, name: str) -> Tag | None:
        """The tag called `name`, or None."""
        return next((tag for tag in self.tags if tag.name == name), None)


def _counter(name: str, unit: str, help: str) -> Field:
    return Field(name, Kind.COUNTER, "float", unit, help)


def _gauge(name: str, unit: str, help: str, dtype: Literal["int", "float"] = "float") -> Field:
    return Field(name, Kind.GAUGE, dtype, unit, help)


NODE_TAG: Final = Tag("node", "str", "host name as Slurm knows it")
MONOTONIC: Final = _gauge("monotonic_s", "s", "the node's monotonic clock when the row was read")
EPOCH: Final = _gauge(
    "epoch_id", "1", "counters with one epoch belong together; a reboot or driver reload opens another", "int"
)

NODE: Final = Measurement(
    "node",
    (NODE_TAG,),
    (
        MONOTONIC,
        EPOCH,
        _counter("cpu_busy_seconds_total", "s", "CPU seconds not idle and not waiting for I/O, all logical CPUs"),
        _gauge("cpu_count", "1", "logical CPUs online", "int"),
        _gauge("memory_used_bytes", "B", "memory in use without page cache (total - available)", "int"),
        _gauge("memory_total_bytes", "B", "memory installed as the kernel sees it", "int"),
        _counter("cpu_energy_joules_total", "J", "RAPL package zones, summed and unwrapped"),
        _counter("dram_energy_joules_total", "J", "RAPL dram zones, summed and unwrapped"),
        _counter(
            "cpu_estimated_joules_total", "J", "of the packages', where a wrap was missed and the node model decided"
        ),
        _counter("dram_estimated_joules_total", "J", "of the dram zones', likewise"),
        _counter("cpu_modelled_energy_joules_total", "J", "modelled from utilisation where nothing measures the CPU"),
        _counter("meter_energy_joules_total", "J", "whole-node meter, where it counts energy"),
        _gauge("meter_power_watts", "W", "whole-node meter, where it reads power only"),
        _counter("network_received_bytes_total", "B", "received by all network adapters, InfiniBand included"),
        _counter("network_sent_bytes_total", "B", "sent by them"),
    ),
    "one row per node: CPU, memory, component energy, whole-node meter, network",
)

GPU: Final = Measurement(
    "gpu",
    (
        NODE_TAG,
        Tag("gpu", "int", "index on the node, as in Slurm's GRES detail"),
        Tag("uuid", "str", "the board's own identity"),
    ),
    (
        MONOTONIC,
        EPOCH,
        _counter("energy_joules_total", "J", "energy of the board since its driver was loaded"),
        _gauge("power_watts", "W", "power of the board"),
        _gauge("utilisation_ratio", "1", "share of time with a kernel running; missing when unknown"),
        _gauge("memory_used_bytes", "B", "GPU memory in use", "int"),
        _gauge("memory_total_bytes", "B", "GPU memory installed", "int"),
    ),
    "one row per GPU",
)

JOB: Final = Measurement(
    "job",
    (NODE_TAG, Tag("job_id", "int", "Slurm's raw job id, from the job-level cgroup")),
    (
        MONOTONIC,
        EPOCH,
        _counter("cpu_seconds_total", "s", "CPU seconds of the job on this node, user and system"),
        _counter("cpu_system_seconds_total", "s", "of these, in the kernel"),
        _gauge("memory_resident_bytes", "B", "anonymous and shared memory, without page cache", "int"),
        _counter("disk_read_bytes_total", "B", "read from the node's own disks, where cgroup v2 counts I/O"),
        _counter("disk_written_bytes_total", "B", "written to them"),
    ),
    "one row per job and node: the job-level cgroup",
)

SESSION: Final = Measurement(
    "session",
    (
        NODE_TAG,
        Tag("uid", "int", "the user's number"),
        Tag("user", "str", "the user's name on this node; the number where it has none"),
    ),
    (
        MONOTONIC,
        EPOCH,
        _counter("cpu_seconds_total", "s", "CPU seconds of the user's logins since the first of them, user and system"),
        _counter("cpu_system_seconds_total", "s", "of these, in the kernel"),
        _gauge("memory_resident_bytes", "B", "anonymous and shared memory, without page cache", "int"),
    ),
    "one row per user who is logged in on the node: the user's slice, which holds no job",
)

ZONE: Final = Measurement(
    "zone",
    (NODE_TAG, Tag("zone", "str", "RAPL zone, such as package-0 or dram-1")),
    (MONOTONIC, EPOCH, _counter("energy_joules_total", "J", "unwrapped energy of one RAPL zone")),
    "detail, slower than the rest: one row per RAPL zone",
)

COLLECTOR: Final = Measurement(
    "collector",
    (NODE_TAG, Tag("collector", "str", "name of the collector")),
    (
        _gauge("success", "1", "1 when the last reading succeeded", "int"),
        _gauge("duration_seconds", "s", "how long the last reading took"),
    ),
    "the agent about itself: one row per collector",
)

MEASUREMENTS: Final[dict[str, Measurement]] = {m.name: m for m in (NODE, GPU, JOB, SESSION, ZONE, COLLECTOR)}


def prometheus_name(measurement: Measurement, field: Field) -> str:
    """Metric name on `/metrics` and in Grafana, such as `maxwatt_node_cpu_busy_seconds_total`."""
    return f"maxwatt_{measurement.name}_{field.name}"
