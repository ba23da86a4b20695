"""What the pages ask of the queries, timed without the web: one table of questions, for different people."""

import sqlite3
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import app_kinds
from app_jobs import node_names
from measuring import Figures, now

from aggregator.ledger.engine import open_engine
from aggregator.queries.models import JobFilter
from aggregator.queries.queries import Queries
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import Settings
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import ADMIN, Viewer

REPEATS = 3
LONGEST_S = 5.0
"""A question that takes longer is not asked again."""

PEOPLE = {
    "all": ADMIN,
    "user": Viewer("u020"),
    "heavy user": Viewer("u000"),
    "coordinator": Viewer("u020", accounts=frozenset({"proj003"})),
}

Question = Callable[[], object]

FILTERS = {
    "": JobFilter(),
    "of a user": JobFilter(user="u003"),
    "of an account": JobFilter(account="proj007"),
    "of a partition": JobFilter(partition="multi"),
    "search": JobFilter(text="relax_1"),
    "search in vain": JobFilter(text="nothing-is-called-so"),
}
SORTS = ("start_ms", "energy_j", "cpu_efficiency", "co2_g", "elapsed_s", "user", "state", "node_count")


def measure(folder: Path, nodes: int, only: str, say: Callable[[str], None]) -> Figures:
    """Milliseconds of each question, at its first time and after it, and of CPU time; told as they come."""
    engine = open_engine(f"sqlite:///{folder / 'ledger.sqlite'}")
    store = DuckDBStore(folder / "samples.duckdb")
    (end_ms,) = app_kinds._one(folder / "ledger.sqlite", "SELECT max(bucket_ms) + 900000 FROM windows")
    model = NodeModel("bench", tuple(node_names(nodes)), cpu_idle_w=120, cpu_max_w=400, dram_idle_w=24, dram_max_w=40,
                      gpu_idle_w=45, gpu_max_w=400)  # fmt: skip
    queries = Queries(engine, store, Settings(node_models=(model,)), now_ms=lambda: end_ms)
    found: Figures = {}
    try:
        for name, question in _questions(queries, folder / "ledger.sqlite", end_ms):
            if only in name:
                found[name] = each = _times(question)
                say(f"{name:50} {each['ms']:9.1f} ms {each['cpu_ms']:9.1f} CPU ms   first {each['first_ms']:9.1f} ms")
    finally:
        store.close()
        engine.dispose()
    return found


def _times(question: Question) -> Figures:
    wall, cpu = list[float](), list[float]()
    for _ in range(REPEATS + 1):
        began = now()
        question()
        ended = now()
        wall.append((ended[0] - began[0]) * 1000)
        cpu.append((ended[1] - began[1]) * 1000)
        if wall[-1] > LONGEST_S * 1000:
            break
    found = {
        "first_ms": wall[0],
        "ms": statistics.median(wall[1:] or wall),
        "cpu_ms": statistics.median(cpu[1:] or cpu),
    }
    return {name: round(value, 1) for name, value in found.items()}


def _questions(queries: Queries, ledger: Path, end_ms: int) -> Iterator[tuple[str, Question]]:
    yield "bare SELECT, 100 newest jobs (baseline)", partial(_bare, ledger)
    for who, viewer in PEOPLE.items():
        yield from ((f"{who}: {name}", each) for name, each in _of_jobs(queries, viewer))
        yield from ((f"{who}: {name}", each) for name, each in _of_energy(queries, viewer, end_ms))
    for days in (1, 30):
        span = end_ms - days * DAY_MS, end_ms
        yield f"all: nodes, {days} days", partial(queries.energy_of_nodes, ADMIN, *span)
    yield "all: health", partial(queries.health, ADMIN)
    for word, (job_id, start_ms) in app_kinds.jobs_of(ledger).items():
        yield f"job, {word}: detail", partial(queries.job, ADMIN, job_id, start_ms)
        yield f"job, {word}: attempts", partial(queries.job_attempts, ADMIN, job_id)
        yield f"job, {word}: series", partial(queries.job_series, ADMIN, job_id, start_ms, 300)


def _bare(ledger: Path) -> list[object]:
    connection = sqlite3.connect(ledger)
    try:
        return connection.execute("SELECT * FROM jobs ORDER BY start_ms DESC LIMIT 100").fetchall()
    finally:
        connection.close()


def _of_jobs(queries: Queries, viewer: Viewer) -> Iterator[tuple[str, Question]]:
    for word, wanted in FILTERS.items():
        yield f"jobs {word}".strip(), partial(queries.jobs, viewer, wanted, "start_ms", True, 0, 100)
    for sort in SORTS[1:]:
        yield f"jobs by {sort}", partial(queries.jobs, viewer, JobFilter(), sort, True, 0, 100)
    yield "jobs, 5000 further", partial(queries.jobs, viewer, JobFilter(), "start_ms", True, 5000, 100)
    yield (
        "jobs of a partition by energy",
        partial(queries.jobs, viewer, FILTERS["of a partition"], "energy_j", True, 0, 100),
    )


def _of_energy(queries: Queries, viewer: Viewer, end_ms: int) -> Iterator[tuple[str, Question]]:
    for days in (1, 7, 30, 150):
        span = end_ms - days * DAY_MS, end_ms
        yield f"summary, {days} days", partial(queries.energy_summary, viewer, *span)
        yield f"series, {days} days", partial(queries.energy_series, viewer, *span, 360)
        yield f"by user, {days} days", partial(queries.energy_by, viewer, "user", *span)
        yield f"by partition, {days} days", partial(queries.energy_by, viewer, "partition", *span)
    yield "status", partial(queries.status, viewer)
