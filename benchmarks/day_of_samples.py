"""A day of a busy cluster, seeded: eight job slots a node, two of jobs over four nodes, GPUs on every fourth."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aggregator.ledger.ledger import Ledger
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import Settings
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState, NodeRecord
from maxwatt.domain.node_model import NodeModel

STEP_MS = 15_000
DAY_MS = 86_400_000
START_MS = 1_780_012_800_000  # a UTC midnight
SAMPLES = DAY_MS // STEP_MS
CPUS, MEMORY, GPUS = 128, 512 << 30, 4


@dataclass(frozen=True, slots=True)
class Held:
    """A job on a node: which samples, which share."""

    record: JobRecord
    first: int
    last: int
    cpus: int


def names(count: int) -> list[str]:
    return [f"wn{n:04d}" for n in range(count)]


def settings(nodes: int) -> Settings:
    """One kind of node."""
    model = NodeModel(
        "bench", tuple(names(nodes)), cpu_idle_w=120, cpu_max_w=400, dram_idle_w=24, dram_max_w=40, gpu_idle_w=45,
        gpu_max_w=400,
    )  # fmt: skip
    return Settings(node_models=(model,))


def load(store: DuckDBStore, ledger: Ledger, folder: Path, nodes: int, _foreign: Path | None) -> int:
    """Everything into store, ledger and Parquet; returns the number of sample rows."""
    rng = np.random.default_rng(1)
    parts: dict[str, list[pa.Table]] = {"node": [], "job": []}
    records: dict[JobKey, JobRecord] = {}
    rows, shared, number = 0, list[Held](), 100_000
    for n, name in enumerate(names(nodes)):
        if n % 4 == 0:
            shared, number = slots(rng, 2, number)
        own, number = slots(rng, 6, number)
        held = [on_node(each, name, records) for each in [*shared, *own]]
        tables, wide, jobs = samples(rng, name, n, held, gpus=GPUS if n % 4 == 0 else 0)
        store.write(tables)
        rows += sum(table.num_rows for table in tables.values())
        parts["node"].append(wide)
        parts["job"].append(jobs)
    for kind, tables_of in parts.items():
        pq.write_table(
            pa.concat_tables(tables_of), folder / f"{kind}.parquet", compression="zstd", row_group_size=200_000
        )
    ledger.upsert_nodes([NodeRecord(name, "MIXED", CPUS, MEMORY, GPUS) for name in names(nodes)], START_MS)
    ledger.upsert_jobs(records.values(), START_MS)
    return rows


def slots(rng: np.random.Generator, count: int, number: int) -> tuple[list[Held], int]:
    """Alternating jobs and gaps in `count` slots."""
    found = []
    for _ in range(count):
        at = int(rng.integers(0, 600)) * int(rng.random() < 0.5)
        while at < SAMPLES:
            length = int(np.clip(rng.lognormal(np.log(240), 1.2), 8, 5760))
            last, number = min(at + length, SAMPLES), number + 1
            key = JobKey("bench", number, START_MS + at * STEP_MS - 5_000)
            record = JobRecord(
                key, JobState.COMPLETED, user=f"u{number % 50}", end_ms=START_MS + last * STEP_MS - 9_000
            )
            found.append(Held(replace(record, source="scontrol+sacct"), at, last, int(rng.choice([1, 2, 4, 8, 16]))))
            at += length + int(rng.exponential(length)) + 1
    return found, number


def on_node(held: Held, name: str, records: dict[JobKey, JobRecord]) -> Held:
    """The same job with this node among its nodes."""
    before = records.get(held.record.key, held.record)
    share = Allocation(name, float(held.cpus), held.cpus * float(4 << 30))
    records[held.record.key] = replace(before, allocations=(*before.allocations, share), cpus=before.cpus + held.cpus)
    return held


def samples(
    rng: np.random.Generator, name: str, n: int, held: list[Held], gpus: int
) -> tuple[dict[str, pa.Table], pa.Table, pa.Table]:
    """Tables of the store for one node, and the wide ones of the join."""
    ts = (
        START_MS
        + int(rng.integers(0, 5_000))
        + np.arange(SAMPLES, dtype=np.int64) * STEP_MS
        + rng.integers(0, 40, SAMPLES)
    )
    busy, job_parts = np.abs(rng.normal(4.5, 1.5, SAMPLES)), []
    for each in held:
        used = rng.uniform(0.55, 1.0) * each.cpus * 15 * rng.uniform(0.95, 1.0, each.last - each.first)
        busy[each.first : each.last] += used
        resident = np.full(len(used), each.cpus * (1 << 30))
        job_parts.append((np.arange(each.first, each.last), each.record.key.job_id, np.cumsum(used), resident))
    common = {"ts_ms": ts, "node": pa.array([name]).take(pa.array(np.zeros(SAMPLES, np.int64)))}
    clock = {"monotonic_s": (ts - START_MS) / 1000 + 1e5, "epoch_id": np.full(SAMPLES, 1_780_000_000)}
    cpu_j, dram_j = np.cumsum(1800 + 1.9 * busy * 2), np.cumsum(360 + 0.13 * busy)
    nodes = {
        **common, **clock, "cpu_busy_seconds_total": np.cumsum(busy), "cpu_count": np.full(SAMPLES, CPUS),
        "memory_used_bytes": np.full(SAMPLES, MEMORY // 3), "memory_total_bytes": np.full(SAMPLES, MEMORY),
        "cpu_energy_joules_total": cpu_j, "dram_energy_joules_total": dram_j,
    }  # fmt: skip
    gpu_tables, gpu_j = gpu_rows(rng, name, common | clock, gpus)
    jobs = job_rows(common | clock, job_parts)
    wide = pa.table(
        {"node": np.full(SAMPLES, n), "ts_ms": ts, "energy_j": cpu_j + dram_j + gpu_j, "busy_s": np.cumsum(busy)}
    )
    narrow = pa.table(
        {
            "node": np.full(jobs.num_rows, n), "ts_ms": jobs["ts_ms"], "job_id": jobs["job_id"],
            "cpu_s": jobs["cpu_seconds_total"],
        }
    )  # fmt: skip
    return {"node": pa.table(nodes), "job": jobs, **gpu_tables}, wide, narrow


def job_rows(columns: dict[str, object], parts: list[tuple[np.ndarray, int, np.ndarray, np.ndarray]]) -> pa.Table:
    index = np.concatenate([part[0] for part in parts])
    rows = pa.table(columns).take(pa.array(index))
    rows = rows.append_column("job_id", pa.array(np.concatenate([np.full(len(part[0]), part[1]) for part in parts])))
    rows = rows.append_column("cpu_seconds_total", pa.array(np.concatenate([part[2] for part in parts])))
    return rows.append_column("memory_resident_bytes", pa.array(np.concatenate([part[3] for part in parts])))


def gpu_rows(
    rng: np.random.Generator, name: str, columns: dict[str, object], gpus: int
) -> tuple[dict[str, pa.Table], np.ndarray]:
    if not gpus:
        return {}, np.zeros(SAMPLES)
    tables, total = [], np.zeros(SAMPLES)
    for gpu in range(gpus):
        energy_j = np.cumsum(rng.uniform(600, 4500, SAMPLES))
        total += energy_j
        rows = {"gpu": np.full(SAMPLES, gpu), "uuid": [f"GPU-{name}-{gpu}"] * SAMPLES, "energy_joules_total": energy_j}
        tables.append(pa.table(columns | rows))
    return {"gpu": pa.concat_tables(tables)}, total
