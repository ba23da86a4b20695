"""A store as the server would leave it: days that are over in the order in which they are read, today as it came."""

from pathlib import Path

import app_jobs
import duckdb
from app_jobs import CPUS, GPUS, MEMORY, QUARTER_CPUS, Size, node_names

from aggregator.store.connection import STORAGE_VERSION
from aggregator.store.duckdb import DuckDBStore
from maxwatt.domain.units import DAY_MS

EPOCH_S = 1_700_000_000
"""When the nodes were started."""


def make(path: Path, size: Size) -> int:
    """A store of this size at a path; returns how many rows of samples it holds."""
    path.unlink(missing_ok=True)
    DuckDBStore(path).close()
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as made:
        made.execute("SET enable_progress_bar = false")
        made.execute(f"ATTACH '{path}' AS store (STORAGE_VERSION '{STORAGE_VERSION}')")
        made.register("names", _names(size))
        made.execute("INSERT INTO store.nodes SELECT node_id, name FROM names")
        made.register("given", app_jobs.jobs(size))
        made.execute(
            "CREATE TABLE held AS SELECT *, unnest(range(first_node, first_node + nodes)) AS n FROM given "
            f"WHERE end_ms > {size.full_ms}"
        )
        for day_ms in range(size.full_ms, size.end_ms, DAY_MS):
            _day(made, day_ms, size)
        made.execute("CHECKPOINT store")
        counts = [made.execute(f"SELECT count(*) FROM store.{name}").fetchone() for name in ("node", "gpu", "job")]
    return sum(int(count[0]) for count in counts if count)


def _names(size: Size) -> object:
    import pyarrow as pa

    return pa.table({"node_id": pa.array(range(size.nodes), pa.int32()), "name": node_names(size.nodes)})


def _day(made: duckdb.DuckDBPyConnection, day_ms: int, size: Size) -> None:
    """One day: counters that grow a little differently on each node, none of them by a round figure."""
    over = day_ms + DAY_MS <= size.end_ms
    step_ms = size.step_s * 1000
    steps = (
        f"(SELECT t, t // 1000 - {EPOCH_S} AS up, unnest(range({size.nodes})) AS n FROM "
        f"(SELECT unnest(range({day_ms}, {min(day_ms + DAY_MS, size.end_ms)}, {step_ms})) AS t))"
    )
    clock = f"t + n * 17 % {step_ms} AS ts_ms, up::DOUBLE AS monotonic_s, {EPOCH_S} AS epoch_id"
    order = {True: "ORDER BY node_id, {0}ts_ms", False: "ORDER BY t, node_id"}[over]
    made.execute(f"""
        INSERT INTO store.node BY NAME SELECT n::INTEGER AS node_id, {clock},
        round(up * 70.0 + 900 * sin(up / 900.0 + n)) AS cpu_busy_seconds_total, {CPUS} AS cpu_count,
        {MEMORY // 3} + n * 4096 AS memory_used_bytes, {MEMORY} AS memory_total_bytes,
        round(up * 260.0 + 3000 * sin(up / 900.0 + n)) AS cpu_energy_joules_total,
        round(up * 30.0 + 300 * sin(up / 900.0 + n)) AS dram_energy_joules_total
        FROM {steps} {order.format("")}""")
    made.execute(f"""
        INSERT INTO store.gpu BY NAME SELECT n::INTEGER AS node_id, gpu, 'GPU-' || n || '-' || gpu AS uuid, {clock},
        round(up * 170.0 + 2000 * sin(up / 600.0 + n + gpu)) AS energy_joules_total,
        round(0.5 + 0.4 * sin(up / 600.0 + gpu), 2) AS utilisation_ratio
        FROM {steps}, (SELECT unnest(range({GPUS})) AS gpu) WHERE n % 4 = 0 {order.format("gpu, ")}""")
    low, high = f"greatest(start_ms, {day_ms})", f"least(end_ms, {min(day_ms + DAY_MS, size.end_ms)})"
    first = f"{low} + ({step_ms} - {low} % {step_ms})"
    made.execute(f"""
        INSERT INTO store.job BY NAME SELECT node_id, job_id, {clock},
        round((t - start_ms) * {QUARTER_CPUS} / 1000.0 * use + 300 * (1 - cos((t - start_ms) / 600000.0)), 1)
        AS cpu_seconds_total, (1 << 30) * (10 + (100 * use)::BIGINT) AS memory_resident_bytes
        FROM (SELECT *, n::INTEGER AS node_id, t // 1000 - {EPOCH_S} AS up FROM (SELECT n, job_id, start_ms, use,
        unnest(range({first}, {high}, {step_ms})) AS t FROM held WHERE {low} < {high})) {order.format("job_id, ")}""")
    if over:
        made.execute(f"INSERT INTO store.arranged VALUES ({day_ms})")
