"""The bare join: counter deltas, each node's energy by CPU share, summed per job; -1 is idle, -2 the total."""

import time
from pathlib import Path
from typing import Any

import duckdb

SQL = """
WITH n AS (SELECT node, ts_ms, e - lag(e, 1, e) OVER w AS de, c - lag(c, 1, c) OVER w AS dc
           FROM (SELECT node, ts_ms, energy_j AS e, busy_s AS c FROM '{folder}/node.parquet')
           WINDOW w AS (PARTITION BY node ORDER BY ts_ms)),
     j AS (SELECT node, ts_ms, job_id, c - lag(c, 1, c) OVER (PARTITION BY node, job_id ORDER BY ts_ms) AS dj
           FROM (SELECT node, ts_ms, job_id, cpu_s AS c FROM '{folder}/job.parquet')),
     s AS (SELECT node, ts_ms, sum(dj) AS sj FROM j GROUP BY ALL),
     m AS (SELECT n.*, coalesce(sj, 0) AS sj, greatest(dc, coalesce(sj, 0)) AS d
           FROM n LEFT JOIN s USING (node, ts_ms))
SELECT job_id, sum(de * (dj / d)) AS energy_j FROM j JOIN m USING (node, ts_ms) WHERE dj > 0 GROUP BY job_id
UNION ALL SELECT -1, sum(de * (1.0 - CASE WHEN d > 0 THEN sj / d ELSE 0 END)) FROM m
UNION ALL SELECT -2, sum(1.0 * de) FROM m"""


def join(folder: Path, threads: int) -> dict[str, Any]:
    """Seconds, jobs and how well the parts sum to the total."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}; SET enable_progress_bar = false")
    began, cpu_began = time.perf_counter(), time.process_time()
    sums = dict(connection.execute(SQL.format(folder=folder)).fetchall())
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    total = sums.pop(-2)
    closure = abs(sum(sums.values()) - total) / total
    return {"seconds": round(seconds, 3), "cpu_seconds": round(cpu_s, 3), "jobs": len(sums) - 1, "closure": closure}
