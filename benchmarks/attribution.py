"""One day of 200 nodes every 15 s: the complete attribution beside the bare join over the same samples, in one run.

    python benchmarks/attribution.py [--nodes 200] [--runs 3] [--bare-join PATH] [--json]

* attribution: samples read from the DuckDB store, booked by the kernel with all that the method asks for, written to a
  fresh SQLite ledger, and closed against the meters. One process, started for it alone.
* bare join: counter deltas by window functions, each node's energy split by CPU share, summed per job, over sorted
  Parquet in DuckDB. No static power, components, epochs, gaps, job edges, ledger: the floor, not the method.

By default the samples come from `day_of_samples.py` and the join is `bare_join_sql`. `--bare-join PATH` takes another
implementation instead, called as `PATH generate --nodes N --days 1 --out DIR` and `PATH join --days 1 --data DIR`; its
samples are brought into the store, so that both work on the same day.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import bare_join_sql
import day_of_samples
import foreign_samples

from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.attribute import attribute_range
from aggregator.store.duckdb import DuckDBStore

STORE, LEDGER, FRESH = "samples.duckdb", "ledger.sqlite", "fresh.sqlite"
THREADS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3, help="medians of so many runs")
    parser.add_argument("--bare-join", type=Path, metavar="PATH", help="another bare join, with its own samples")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep samples and ledger here")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--step", choices=["prepare", "attribute", "join"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step:
        print(json.dumps({"prepare": prepare, "attribute": attribute, "join": join}[args.step](args)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        tell(measure(args, folder), as_json=args.json)


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Every step in a process of its own, for its own peak memory; the two in turn, so that they share the noise."""
    data = step("prepare", args, folder)
    booked, joined = [], []
    for _ in range(args.runs):
        shutil.copy(folder / FRESH, folder / LEDGER)
        booked.append(step("attribute", args, folder))
        joined.append(step("join", args, folder))
    seconds, floor_s = (statistics.median(run["seconds"] for run in runs) for runs in (booked, joined))
    return {
        "nodes": args.nodes,
        **data,
        "attribution": booked[-1] | {"seconds": round(seconds, 3)},
        "join": joined[-1] | {"seconds": round(floor_s, 3)},
        "ratio": round(seconds / floor_s, 2),
    }


def step(name: str, args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    foreign = ["--bare-join", str(args.bare_join)] if args.bare_join else []
    command = [sys.executable, __file__, "--step", name, "--folder", str(folder), "--nodes", str(args.nodes), *foreign]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


def prepare(args: argparse.Namespace) -> dict[str, Any]:
    """Samples into the store, jobs into a ledger without bookings, Parquet for the join. Not timed."""
    for name in (STORE, LEDGER, FRESH):
        (args.folder / name).unlink(missing_ok=True)
    store, ledger = DuckDBStore(args.folder / STORE), Ledger.open(f"sqlite:///{args.folder / FRESH}")
    day = foreign_samples if args.bare_join else day_of_samples
    rows = day.load(store, ledger, args.folder, args.nodes, args.bare_join)
    store.close()
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()
    return {"samples": rows, "store_mb": round((args.folder / STORE).stat().st_size / 1e6, 1)}


def attribute(args: argparse.Namespace) -> dict[str, Any]:
    path = args.folder / LEDGER
    before = path.stat().st_size
    settings = foreign_samples.settings(args.nodes) if args.bare_join else day_of_samples.settings(args.nodes)
    store, ledger = DuckDBStore(args.folder / STORE, threads=THREADS), Ledger.open(f"sqlite:///{path}")
    start_ms = day_of_samples.START_MS
    began, cpu_began = time.perf_counter(), time.process_time()
    report = attribute_range(store, ledger, settings, start_ms, start_ms + day_of_samples.DAY_MS)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    ledger.close()
    store.close()
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_s, 3),
        "peak_mb": peak_mb(),
        "rows": report.rows,
        "closure_error": report.closure_error,
        "ledger_mb": round((path.stat().st_size - before) / 1e6, 1),
    }


def join(args: argparse.Namespace) -> dict[str, Any]:
    if args.bare_join:
        found = foreign_samples.join(args.bare_join, args.folder)
        return {key: found[key] for key in ("seconds", "peak_mb", "closure", "jobs")}
    return bare_join_sql.join(args.folder, THREADS) | {"peak_mb": peak_mb()}


def peak_mb() -> int:
    """Highest resident memory of this process [MB]; unlike `ru_maxrss` not that of the process that started it."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024  # type: ignore[index]


def tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
        return
    ours, floor = found["attribution"], found["join"]
    print(f"{found['nodes']} nodes, one day, {found['samples']} sample rows, {found['store_mb']} MB in the store")
    print(f"attribution  {costs(ours)}  {ours['rows']} rows, {ours['ledger_mb']} MB")
    print(f"bare join    {costs(floor)}")
    print(f"ratio        {found['ratio']:7.2f}     largest gap to a meter {ours['closure_error']:.1e}")


def costs(run: dict[str, Any]) -> str:
    cpu = f"{run['cpu_seconds']:7.2f} CPU s" if "cpu_seconds" in run else " " * 13
    return f"{run['seconds']:7.2f} s  {cpu}  {run['peak_mb']:6} MB"


if __name__ == "__main__":
    main()
