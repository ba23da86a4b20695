"""What is asked of the app: the one table of kinds, and the jobs that stand for small, wide and running ones."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from maxwatt.domain.units import DAY_MS

PAGE_MS, CLUSTER_MS = 100, 200
"""What 95 of 100 answers should take at most [ms]: of job pages and tables, and of the cluster's pages."""


@dataclass(frozen=True, slots=True)
class Kind:
    """An address, and how fast its parts should come; `rows` are orders that the page's grid asks for as well."""

    name: str
    address: str
    limit_ms: int = PAGE_MS
    rows: tuple[tuple[str, str], ...] = ()
    api: bool = False


NOTHING = "nothing (baseline)"
SORTS = (("energy_j", "desc"), ("cpu_efficiency", "asc"), ("elapsed_s", "desc"), ("user", "asc"))


def kinds(ledger: Path) -> list[Kind]:
    """Every kind, on jobs of this ledger; pages that the app does not have are left out by who asks."""
    found = dict(_jobs(ledger))
    (end_ms,) = _one(ledger, "SELECT max(bucket_ms) + 900000 FROM windows")
    (name,) = _one(ledger, "SELECT name FROM jobs LIMIT 1")
    week = f"since_ms={end_ms - 7 * DAY_MS}&until_ms={end_ms}"
    return [
        Kind("home", "/"),
        Kind("jobs", "/jobs", rows=SORTS),
        Kind("jobs, failed", "/jobs?state=FAILED", rows=SORTS[:1]),
        Kind("jobs of a user", "/jobs?user=u003", rows=SORTS[:1]),
        Kind("jobs of an account", "/jobs?account=proj007&partition=multi", rows=SORTS[:1]),
        Kind("jobs, search", f"/jobs?q={name}"),
        Kind("jobs, search in vain", "/jobs?q=nothing-is-called-so"),
        *(Kind(f"job, {word}", f"/job/{job_id}?start={start}") for word, (job_id, start) in found.items()),
        Kind("energy, a day", "/energy?range=24h", CLUSTER_MS),
        Kind("energy, a week", "/energy?range=7d", CLUSTER_MS),
        Kind("energy, a month", "/energy?range=30d", CLUSTER_MS),
        Kind("me", "/me"),
        Kind("cluster", "/cluster", CLUSTER_MS),
        Kind("public", "/public", CLUSTER_MS),
        Kind("data quality", "/quality", CLUSTER_MS),
        Kind("api, jobs", "/api/v1/jobs?limit=100&sort=energy_j", api=True),
        Kind("api, job", f"/api/v1/jobs/{found['small'][0]}", api=True),
        Kind("api, summary", f"/api/v1/energy/summary?{week}", CLUSTER_MS, api=True),
        Kind("api, by user", f"/api/v1/energy/by/user?{week}", CLUSTER_MS, api=True),
        Kind(NOTHING, "/health", api=True),
    ]


def jobs_of(ledger: Path) -> dict[str, tuple[int, int]]:
    """Id and start [epoch ms] of a job of each kind."""
    return dict(_jobs(ledger))


def _jobs(ledger: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """A small, a wide and a running one, as they are found among the newest."""
    (wide,) = _one(ledger, "SELECT max(node_count) FROM jobs")
    newest = "ORDER BY start_ms DESC LIMIT 1"
    for word, which in {
        "small": f"node_count = 1 AND end_ms - start_ms > 3600000 {newest} OFFSET 50",
        "four nodes": f"node_count = 4 AND end_ms IS NOT NULL {newest} OFFSET 20",
        "all nodes": f"node_count = {wide} AND end_ms IS NOT NULL {newest} OFFSET 1",
        "running": f"node_count = 1 AND end_ms IS NULL {newest}",
        "running, all nodes": f"node_count = {wide} AND end_ms IS NULL {newest}",
    }.items():
        found = _one(ledger, f"SELECT job_id, start_ms FROM jobs WHERE {which}")
        yield word, (int(found[0]), int(found[1]))


def _one(ledger: Path, statement: str) -> tuple[int, ...]:
    connection = sqlite3.connect(ledger)
    try:
        found: tuple[int, ...] = connection.execute(statement).fetchone()
        return found
    finally:
        connection.close()
