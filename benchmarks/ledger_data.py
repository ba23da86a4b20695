"""What the ledger's benchmark works on: a day as it was ingested, the same arranged, fewer nodes of it, more days."""

import shutil
import sqlite3
from pathlib import Path

import day_of_samples
import duckdb
import foreign_samples
import pyarrow as pa
from day_of_samples import DAY_MS, START_MS
from measuring import Figures, costs_so_far, now

from aggregator.ledger.ledger import Ledger
from aggregator.store.connection import STORAGE_VERSION
from aggregator.store.duckdb import DuckDBStore

INGESTED, ARRANGED, FRESH, LEDGER = "ingested.duckdb", "arranged.duckdb", "fresh.sqlite", "ledger.sqlite"
STEP_MS = 15_000
JOBS_A_DAY, REFS_A_DAY = 10**9, 10**7
"""What is added to job ids and job numbers of each further day."""

MOVED = {
    "jobs": {"job_ref": REFS_A_DAY, "job_id": JOBS_A_DAY, "submit_ms": DAY_MS, "start_ms": DAY_MS, "end_ms": DAY_MS},
    "allocations": {"job_ref": REFS_A_DAY},
}


def prepare(folder: Path, nodes: int, bare_join: Path | None) -> Figures:
    """A day of samples into two stores, its jobs into a ledger without bookings, Parquet for the join."""
    loaded = folder / "loaded.duckdb"
    store, ledger = DuckDBStore(loaded), Ledger.open(f"sqlite:///{folder / FRESH}")
    day = foreign_samples if bare_join else day_of_samples
    rows = day.load(store, ledger, folder, nodes, bare_join)
    ledger.close()
    store.close()
    _copy(loaded, folder / INGESTED, f"ORDER BY ts_ms // {STEP_MS}, node_id")
    loaded.unlink()
    return {"nodes": nodes, "samples": rows, "jobs": _jobs(folder / FRESH)}


def arrange(folder: Path, memory: str) -> Figures:
    """Lay the day in the order in which it is read, as the server does two hours after it is over."""
    shutil.copy(folder / INGESTED, folder / ARRANGED)
    store, began = DuckDBStore(folder / ARRANGED, memory), now()
    store.arrange(START_MS + DAY_MS)
    found = costs_so_far(began)
    store.close()
    return found


def subset(folder: Path, out: Path, nodes: int) -> Figures:
    """The first nodes of an arranged day, with their jobs."""
    out.mkdir(exist_ok=True)
    _copy(folder / ARRANGED, out / ARRANGED, f"WHERE node_id < {nodes}")
    shutil.copy(folder / FRESH, out / FRESH)
    connection = sqlite3.connect(out / FRESH)
    for table in ("allocations", "nodes"):
        connection.execute(f"DELETE FROM {table} WHERE node >= ?", (day_of_samples.names(nodes + 1)[-1],))
    connection.execute("DELETE FROM jobs WHERE job_ref NOT IN (SELECT job_ref FROM allocations)")
    connection.commit()
    connection.close()
    return {"nodes": nodes, "jobs": _jobs(out / FRESH)}


def held_back(folder: Path, out: Path, nodes: int, from_ms: int) -> dict[str, pa.Table]:
    """A copy of the store as ingested without the samples from a time on; returns these, ready to be written."""
    shutil.copy(folder / INGESTED, out)
    store, names = DuckDBStore(out), day_of_samples.names(nodes)
    window = store.read(names, from_ms, START_MS + DAY_MS)
    store.close()
    connection = _connect()
    connection.execute(f"ATTACH '{out}' AS b")
    for name in ("node", "gpu", "job"):
        connection.execute(f"DELETE FROM b.{name} WHERE ts_ms >= {from_ms}")
    connection.close()
    tables = {name: getattr(window, name) for name in ("node", "gpu", "job")}
    place = {name: table.column_names.index("node") for name, table in tables.items()}
    known = pa.array(names)
    return {name: table.set_column(place[name], "node", known.take(table["node"])) for name, table in tables.items()}


def add_day(folder: Path, month: Path, day: int, kept: int) -> None:
    """The same day once more, some days later: every node has been restarted at midnight, all jobs are new ones.

    Args:
        month: store that grows; days before the last `kept` ones go.
    """
    connection = _connect()
    connection.execute(f"ATTACH '{month}' AS b; ATTACH '{folder / ARRANGED}' AS a (READ_ONLY)")
    moved = {
        "node": "epoch_id + {day} AS epoch_id",
        "gpu": "epoch_id + {day} AS epoch_id",
        "job": f"job_id + {{day}}::BIGINT * {JOBS_A_DAY} AS job_id",
    }
    for name, change in moved.items():
        columns = f"ts_ms + {day * DAY_MS} AS ts_ms, {change.format(day=day)}"
        connection.execute(f"INSERT INTO b.{name} SELECT * REPLACE ({columns}) FROM a.{name}")
        connection.execute(f"DELETE FROM b.{name} WHERE ts_ms < {START_MS + (day + 1 - kept) * DAY_MS}")
    connection.execute(f"INSERT INTO b.arranged VALUES ({START_MS + day * DAY_MS})")
    connection.execute("CHECKPOINT b")
    connection.close()


def add_jobs(ledger: Path, day: int) -> None:
    """The jobs of the first day once more, some days later."""
    connection = sqlite3.connect(ledger)
    for table, changes in MOVED.items():
        names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        values = [f'"{name}" + {changes[name] * day}' if name in changes else f'"{name}"' for name in names]
        first_day = f"job_ref < {REFS_A_DAY}"
        connection.execute(f"INSERT INTO {table} SELECT {', '.join(values)} FROM {table} WHERE {first_day}")
    connection.commit()
    connection.close()


def _copy(source: Path, target: Path, how: str) -> None:
    """All tables of a store into a new one; the sample tables under a condition or in an order."""
    target.unlink(missing_ok=True)
    DuckDBStore(target).close()
    connection = _connect()
    connection.execute(f"ATTACH '{source}' AS a (READ_ONLY)")
    connection.execute(f"ATTACH '{target}' AS b (STORAGE_VERSION '{STORAGE_VERSION}')")
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'a'").fetchall()
    for (name,) in tables:
        kept = how if name in {"node", "gpu", "job"} else ""
        connection.execute(f"INSERT INTO b.{name} BY NAME SELECT * FROM a.{name} {kept}")
    connection.execute("CHECKPOINT b")
    connection.close()


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "1GB"})
    connection.execute("SET enable_progress_bar = false")
    return connection


def _jobs(ledger: Path) -> int:
    connection = sqlite3.connect(ledger)
    (count,) = connection.execute("SELECT count(*) FROM jobs").fetchone()
    connection.close()
    return int(count)
