"""The samples of another bare join (see `ledger.py`), brought into the store: both then work on the same day."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from day_of_samples import CPUS, GPUS, MEMORY, START_MS, names, settings

from aggregator.ledger.ledger import Ledger
from aggregator.store.duckdb import DuckDBStore
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState, NodeRecord

__all__ = ["join", "load", "settings"]

COMMON = """epoch_ms(ts) - (SELECT (min(epoch_ms(ts)) + 60000) // 86400000 * 86400000 FROM read_parquet('{node}'))
            + {start} AS ts_ms,
            printf('wn%04d', node_id) AS node, (epoch_ms(ts) % 1000000000) / 1000.0 AS monotonic_s, 1 AS epoch_id"""

NODE = """SELECT {common}, cpu_busy_s AS cpu_busy_seconds_total, {cpus} AS cpu_count, mem_used AS memory_used_bytes,
                 {memory} AS memory_total_bytes, (pkg0_uj + pkg1_uj) / 1e6 AS cpu_energy_joules_total,
                 (dram0_uj + dram1_uj) / 1e6 AS dram_energy_joules_total
          FROM read_parquet('{node}') WHERE node_id BETWEEN {low} AND {high}"""

GPU = """SELECT {common}, {gpu} AS gpu, printf('GPU-%d-{gpu}', node_id) AS uuid,
                gpu{gpu}_mj / 1e3 AS energy_joules_total, gpu{gpu}_util / 100.0 AS utilisation_ratio
         FROM read_parquet('{node}') WHERE node_id BETWEEN {low} AND {high}"""

JOB = """SELECT {common}, job_id, (cpu_user_us + cpu_sys_us) / 1e6 AS cpu_seconds_total,
                cpu_sys_us / 1e6 AS cpu_system_seconds_total, rss AS memory_resident_bytes
         FROM read_parquet('{job}') WHERE node_id BETWEEN {low} AND {high}"""

LIVES = """SELECT job_id, node, min(ts_ms), max(ts_ms), greatest(1, ceil(max(cpu_seconds_total) / (count(*) * 15.0)))
           FROM ({jobs}) GROUP BY job_id, node ORDER BY job_id, node"""

NODES_AT_ONCE = 20


def load(store: DuckDBStore, ledger: Ledger, folder: Path, nodes: int, bare_join: Path) -> int:
    """Generate, translate, store; the jobs' shares are those that their CPU time suggests."""
    command = [sys.executable, str(bare_join), "generate", "--nodes", str(nodes), "--days", "1", "--out", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    connection, rows = duckdb.connect(), 0
    for low in range(0, nodes, NODES_AT_ONCE):
        place = _place(folder, low, low + NODES_AT_ONCE - 1)
        gpu = pa.concat_tables([connection.sql(GPU.format(gpu=g, **place)).to_arrow_table() for g in range(GPUS)])
        tables = {"node": connection.sql(NODE.format(**place)).to_arrow_table(), "gpu": gpu}
        tables["job"] = connection.sql(JOB.format(**place)).to_arrow_table()
        rows += store.write(tables)
    ledger.upsert_nodes([NodeRecord(name, "MIXED", CPUS, MEMORY, GPUS) for name in names(nodes)], START_MS)
    ledger.upsert_jobs(_records(connection, folder, nodes), START_MS)
    return rows


def join(bare_join: Path, folder: Path) -> dict[str, Any]:
    """What the other join says of itself."""
    command = [sys.executable, str(bare_join), "join", "--days", "1", "--data", str(folder)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found


def _place(folder: Path, low: int, high: int) -> dict[str, object]:
    node, job = folder / "node_d0.parquet", folder / "job_d0.parquet"
    common = COMMON.format(node=node, start=START_MS)
    return {"common": common, "node": node, "job": job, "low": low, "high": high, "cpus": CPUS, "memory": MEMORY}


def _records(connection: duckdb.DuckDBPyConnection, folder: Path, nodes: int) -> list[JobRecord]:
    jobs = JOB.format(**_place(folder, 0, nodes))
    found: dict[int, list[tuple[Any, ...]]] = {}
    for job_id, *rest in connection.sql(LIVES.format(jobs=jobs)).fetchall():
        found.setdefault(job_id, []).append(tuple(rest))
    return [_record(job_id, places) for job_id, places in found.items()]


def _record(job_id: int, places: list[tuple[Any, ...]]) -> JobRecord:
    held = tuple(Allocation(node, float(cpus), float(cpus) * (4 << 30)) for node, _, _, cpus in places)
    start, end = min(place[1] for place in places) - 10_000, max(place[2] for place in places) + 2_000
    key = JobKey("bench", job_id, start)
    return JobRecord(
        key, JobState.COMPLETED, user=f"u{job_id % 50}", end_ms=end, allocations=held, source="scontrol+sacct"
    )
