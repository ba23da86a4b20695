"""How fast samples come in, and a window goes out: our path beside the plain ones, in one run.

    python benchmarks/ingest.py [--lines 200000] [--json]

Lines are what agents send: 200 nodes every 15 s, one `node` line and four `job` lines each.

* parse: our bulk path; our exact path; and the common way, one line at a time split at its separators, unchecked.
* store: our store from line protocol to disk; and SQLite with executemany, from rows parsed already.
* read: one window of all nodes, sorted, from the store.
"""

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from aggregator.ingest.exact_line import parse_line
from aggregator.ingest.line_protocol import parse_lines
from aggregator.ingest.timestamps import TimeRule
from aggregator.store.duckdb import DuckDBStore

START_MS = 1_780_000_000_000
NOW_MS = START_MS + 10**9
NODES = 200
JOBS_PER_NODE = 4
CHUNK_LINES = 16_000
RUNS = 3


def lines() -> Iterator[str]:
    step = 0
    while True:
        ts, up = START_MS + step * 15_000, step * 15.0
        for n in range(NODES):
            i = step * NODES + n
            yield (
                f"node,node=wn{n:03d} monotonic_s={1000 + up:.3f},epoch_id=1780000000i,"
                f"cpu_busy_seconds_total={i * 1.37:.2f},cpu_count=64i,memory_used_bytes={123456789 + i * 4096}i,"
                f"memory_total_bytes=270000000000i,cpu_energy_joules_total={i * 123.456789:.6f},"
                f"dram_energy_joules_total={i * 23.456789:.6f},meter_power_watts={200 + i % 7}.5 {ts}"
            )
            for job in range(n * JOBS_PER_NODE, (n + 1) * JOBS_PER_NODE):
                yield (
                    f"job,node=wn{n:03d},job_id={job} monotonic_s={1000 + up:.3f},epoch_id=1780000000i,"
                    f"cpu_seconds_total={i * 1.37:.2f},cpu_system_seconds_total={i * 0.1:.2f},"
                    f"memory_resident_bytes={i * 4096}i {ts}"
                )
        step += 1


def naive(text: str) -> tuple[str, dict[str, str], dict[str, float], int]:
    """One line as it is commonly read: no escapes, no schema, no place of a fault."""
    head, fields, stamp = text.split(" ")
    name, *tags = head.split(",")
    values = {key: float(value.rstrip("i")) for key, value in (pair.split("=") for pair in fields.split(","))}
    return name, dict(pair.split("=") for pair in tags), values, int(stamp)


def seconds(work: Callable[[], Any], times: int = 1) -> float:
    """The best of some runs [s]."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


def into_sqlite(path: Path, texts: list[str]) -> None:
    rows: dict[str, list[tuple[Any, ...]]] = {"node": [], "job": []}
    for name, tags, values, stamp in map(naive, texts):
        rows[name].append((stamp, *tags.values(), *values.values()))
    with sqlite3.connect(path) as connection:
        for name, found in rows.items():
            columns = ", ".join(f"c{place}" for place in range(len(found[0])))
            keys = "c0, c1" if name == "node" else "c0, c1, c2"
            connection.execute(f"CREATE TABLE {name} ({columns}, PRIMARY KEY ({keys}))")
            marks = ", ".join("?" * len(found[0]))
            connection.executemany(f"INSERT OR IGNORE INTO {name} VALUES ({marks})", found)


def into_store(store: DuckDBStore, chunks: list[bytes]) -> int:
    return sum(store.write(parse_lines(c, now_ms=NOW_MS, precision="ms").tables) for c in chunks)


def measure(count: int, folder: Path) -> dict[str, float]:
    source = lines()
    texts = [next(source) for _ in range(count)]
    chunks = ["\n".join(texts[at : at + CHUNK_LINES]).encode() for at in range(0, count, CHUNK_LINES)]
    sample = [text.encode() for text in texts[: min(count, 20_000)]]
    rule = TimeRule("ms", NOW_MS)
    result = {
        "parse_bulk": count / seconds(lambda: [parse_lines(c, now_ms=NOW_MS, precision="ms") for c in chunks], RUNS),
        "parse_exact": len(sample) / seconds(lambda: [parse_line(raw, 1, rule) for raw in sample], RUNS),
        "parse_naive": count / seconds(lambda: [naive(text) for text in texts], RUNS),
    }
    store = DuckDBStore(folder / "samples.duckdb")
    result["store"] = count / seconds(lambda: into_store(store, chunks))
    result["store_again"] = count / seconds(lambda: into_store(store, chunks))
    nodes = [f"wn{n:03d}" for n in range(NODES)]
    result["read"] = count / seconds(lambda: store.read(nodes, START_MS, NOW_MS), RUNS)
    small = [parse_lines("\n".join(texts[:990]).replace(str(START_MS), str(NOW_MS + 15_000 * n)).encode(),
                         now_ms=10**14, precision="ms").tables for n in range(50)]  # fmt: skip
    result["small_commit_ms"] = seconds(lambda: [store.write(tables) for tables in small]) / len(small) * 1000
    store.close()
    result["bytes_per_row"] = (folder / "samples.duckdb").stat().st_size / (count + 50 * 990)
    result["sqlite"] = count / seconds(lambda: into_sqlite(folder / "samples.sqlite", texts))
    result["sqlite_bytes_per_row"] = (folder / "samples.sqlite").stat().st_size / count
    return result


TOLD = {
    "parse_bulk": "lines/s parsed in bulk, every fault named",
    "parse_exact": "lines/s parsed one by one by the exact path",
    "parse_naive": "lines/s split one by one, unchecked (baseline)",
    "store": "lines/s from text to disk",
    "store_again": "lines/s when all are there already",
    "sqlite": "lines/s from text into SQLite (baseline)",
    "read": "rows/s read back, all nodes, sorted",
    "small_commit_ms": "ms for a commit of 990 rows",
    "bytes_per_row": "bytes per row on disk",
    "sqlite_bytes_per_row": "bytes per row on disk in SQLite (baseline)",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(args.lines, Path(folder))
    if args.json:
        print(json.dumps({name: round(value, 2) for name, value in result.items()}))
        return
    for name, words in TOLD.items():
        print(f"{result[name]:>12,.1f}  {words}")
    print(f"{result['parse_bulk'] / result['parse_naive']:>12,.1f}  times the naive parser")
    print(f"{result['store'] / result['sqlite']:>12,.1f}  times SQLite")


if __name__ == "__main__":
    main()
