"""A small cluster for the pipeline's tests: what its agents would send and what its Slurm would say at any time."""

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from maxwatt.config import AgentSettings, AttributionSettings, CarbonSettings, ClusterSettings, Settings, SlurmSettings
from maxwatt.domain.errors import SourceError
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState, NodeRecord, SlurmSnapshot
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.units import BUCKET_MS

T0 = 1_780_272_000_000  # a UTC midnight
MINUTE = 60_000
STEP_MS = 15_000
NODES = ("wn1", "wn2", "wn3")
CPUS = 16
MEMORY = 64 << 30
CLUSTER = "tiny"

MODEL = NodeModel(
    "tiny", NODES, cpu_idle_w=60, cpu_max_w=220, dram_idle_w=8, dram_max_w=20, gpu_idle_w=30, gpu_max_w=300
)

SETTINGS = Settings(
    cluster=ClusterSettings(CLUSTER),
    agent=AgentSettings(interval_s=15.0),
    slurm=SlurmSettings(live="scontrol", accounting="sacct"),
    attribution=AttributionSettings(nodes_per_chunk=2),
    carbon=CarbonSettings(intensity_g_per_kwh=400.0, pue=1.25),
    node_models=(MODEL,),
)


def _cpu_rate(job_id: int, node: str) -> float:
    return 0.35 + 0.1 * (job_id % 5) + 0.03 * NODES.index(node)


def job(job_id: int, start_min: float, end_min: float, **cpus: int) -> JobRecord:
    """A finished job as it really was."""
    held = tuple(
        Allocation(node, float(n), n * (4 << 30), (0,) if job_id % 2 else ()) for node, n in sorted(cpus.items())
    )
    return JobRecord(
        JobKey(CLUSTER, job_id, T0 + int(start_min * MINUTE)),
        JobState.COMPLETED,
        user=f"u{job_id % 3}",
        end_ms=T0 + int(end_min * MINUTE),
        exit_code=0,
        cpus=sum(cpus.values()),
        node_count=len(cpus),
        allocations=held,
        total_cpu_s=round(sum(_cpu_rate(job_id, a.node) * a.cpus for a in held) * (end_min - start_min) * 60, 3),
    )


JOBS = (
    job(1, 1, 47, wn1=4),
    job(2, 3, 50, wn1=8, wn2=8),
    job(3, 20, 21, wn2=2),
    job(4, 33, 100, wn3=16),
    job(5, 52, 75, wn1=4),
    job(6, 60.1, 60.15, wn1=2),
)


def _used(ts_ms: np.ndarray, record: JobRecord, held: Allocation) -> np.ndarray:
    """CPU seconds of a job on a node up to each time."""
    end_ms = record.end_ms or 0
    lived_s = (np.clip(ts_ms, record.key.start_ms, end_ms) - record.key.start_ms) / 1000
    return lived_s * held.cpus * _cpu_rate(record.key.job_id, held.node)


def samples(node: str, start_ms: int, end_ms: int) -> dict[str, pa.Table]:
    """What the agent of a node reads in a time: counters that depend on the time alone."""
    offset = 1_000 * (1 + NODES.index(node))
    ts = np.arange(T0 + offset, T0 + 6 * 60 * MINUTE, STEP_MS, dtype=np.int64)
    ts = ts[(ts >= start_ms) & (ts < end_ms)]
    since_s = (ts - T0) / 1000
    here = [(record, held) for record in JOBS for held in record.allocations if held.node == node]
    busy = 0.2 * since_s + sum((_used(ts, record, held) for record, held in here), np.zeros(len(ts)))
    common = {"ts_ms": ts, "node": [node] * len(ts), "monotonic_s": since_s + 50, "epoch_id": np.full(len(ts), 7)}
    nodes = {
        **common,
        "cpu_busy_seconds_total": busy,
        "cpu_count": np.full(len(ts), CPUS),
        "memory_total_bytes": np.full(len(ts), MEMORY),
        "cpu_energy_joules_total": 1e6 + 60 * since_s + 9 * busy + 20 * np.sin(since_s / 300),
        "dram_energy_joules_total": 8 * since_s + 0.5 * busy,
    }
    meter_j = 150 * since_s + 11 * busy + 30 * np.sin(since_s / 200)
    if node == "wn2":
        nodes["meter_energy_joules_total"] = meter_j
    if node == "wn3":
        nodes["meter_power_watts"] = 160 + 30 * np.sin(since_s / 200)
    gpus = {
        **common,
        "gpu": np.zeros(len(ts), np.int64),
        "uuid": [f"GPU-{node}"] * len(ts),
        "energy_joules_total": 30 * since_s + 5 * busy,
        "power_watts": np.full(len(ts), 40.0),
    }
    return {"node": pa.table(nodes), "gpu": pa.table(gpus), "job": _job_rows(ts, here, common)}


def _job_rows(ts: np.ndarray, here: list[tuple[JobRecord, Allocation]], common: dict[str, object]) -> pa.Table:
    parts = []
    for record, held in here:
        inside = (ts > record.key.start_ms) & (ts <= (record.end_ms or 0))
        rows = {name: np.asarray(values)[inside] for name, values in common.items()}
        rows["job_id"] = np.full(inside.sum(), record.key.job_id)
        rows["cpu_seconds_total"] = _used(ts[inside], record, held)
        rows["memory_resident_bytes"] = np.full(inside.sum(), 1 << 30)
        parts.append(pa.table(rows))
    return pa.concat_tables(parts)


@dataclass
class Slurm:
    """The controller and accounting of the cluster, which can be down."""

    now_ms: int = T0
    controller_down: bool = False
    accounting_down: bool = False
    accounting_lag_ms: int = 20_000
    forgotten: set[int] = field(default_factory=set)
    drained: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Nodes that are drained from and to a moment."""
    asked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def live(self) -> "Controller":
        return Controller(self)

    @property
    def accounting(self) -> "Accounting":
        return Accounting(self)


@dataclass
class Controller:
    slurm: Slurm
    name: str = "scontrol"

    def snapshot(self) -> SlurmSnapshot:
        if self.slurm.controller_down:
            raise SourceError("slurmctld does not answer")
        now = self.slurm.now_ms
        known = [record for record in JOBS if record.key.start_ms <= now and (record.end_ms or 0) > now - 5 * MINUTE]
        nodes = tuple(NodeRecord(name, self._state(name), CPUS, MEMORY, 1) for name in NODES)
        return SlurmSnapshot(now, tuple(_live(record, now) for record in known), nodes)

    def _state(self, node: str) -> str:
        start_ms, end_ms = self.slurm.drained.get(node, (0, 0))
        return "IDLE+DRAIN" if start_ms <= self.slurm.now_ms < end_ms else "IDLE"


@dataclass
class Accounting:
    slurm: Slurm
    name: str = "sacct"

    def jobs(self, start_ms: int, end_ms: int) -> tuple[list[JobRecord], list[str]]:
        if self.slurm.accounting_down:
            raise SourceError("slurmdbd does not answer")
        self.slurm.asked.append((start_ms, end_ms))
        now = self.slurm.now_ms - self.slurm.accounting_lag_ms
        known = [
            record for record in JOBS if record.key.start_ms <= now and record.key.job_id not in self.slurm.forgotten
        ]
        return [_accounted(record, now) for record in known if (record.end_ms or 0) > start_ms], []


def _live(record: JobRecord, now_ms: int) -> JobRecord:
    seen = replace(record, total_cpu_s=None, source="scontrol")
    ended = (record.end_ms or 0) <= now_ms
    return seen if ended else replace(seen, state=JobState.RUNNING, end_ms=None, exit_code=None)


def _accounted(record: JobRecord, now_ms: int) -> JobRecord:
    cpus, nodes = record.cpus, record.node_count
    even = tuple(Allocation(a.node, cpus / nodes, 0.0, (), modelled=nodes > 1) for a in record.allocations)
    known = replace(record, allocations=even, source="sacct")
    ended = (record.end_ms or 0) <= now_ms
    return known if ended else replace(known, state=JobState.RUNNING, end_ms=None, exit_code=None, total_cpu_s=None)


def buckets(start: int, end: int) -> range:
    return range(T0 + start * BUCKET_MS, T0 + end * BUCKET_MS, BUCKET_MS)
