"""One day of 200 nodes every 15 s: the attribution kernel alone beside the bare join over the same samples, in one run.

    python benchmarks/kernel.py [--nodes 200] [--chunk 32] [--runs 3] [--profile] [--json]

* kernel: Arrow tables of some nodes at a time, already in memory, to arrays and to bookings of the day's 96 buckets.
* bare join: see `ledger.py`; it reads sorted Parquet in DuckDB with two threads.

Samples and jobs are those of `day_of_samples.py`.
"""

import argparse
import cProfile
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import bare_join_sql
import day_of_samples as day
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measuring import peak_mb
from pyarrow import feather

from aggregator.kernel.arrays import Chunk, GpuShares, Lives, NodeTraits, Suspensions, Window
from aggregator.kernel.attribution import attribute
from aggregator.kernel.from_arrow import gpu_samples, job_samples, node_samples
from aggregator.kernel.idle import declared
from aggregator.pipeline.chunks import COLUMNS
from maxwatt.domain.energy import Account
from maxwatt.domain.jobs import JobKey, JobRecord
from maxwatt.domain.schema import MEASUREMENTS, Measurement

THREADS = 2
MAX_GAP_MS = 3_600_000
BUCKET_MS = 900_000
ORDER = {"node": ("node", "ts_ms"), "gpu": ("node", "gpu", "ts_ms"), "job": ("node", "job_id", "ts_ms")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3, help="medians of so many runs")
    parser.add_argument("--chunk", type=int, default=32, help="nodes at a time; 32 as in the settings")
    parser.add_argument("--profile", action="store_true", help="where the kernel spends its time")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--step", choices=["prepare", "book", "join"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.step:
        print(json.dumps({"prepare": prepare, "book": book, "join": join}[args.step](args)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        tell(measure(args, Path(scratch)), as_json=args.json)


def measure(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Every step in a process of its own, the two in turn, so that they share the noise."""
    rows = step("prepare", args, folder)
    booked, joined = [], []
    for _ in range(args.runs):
        booked.append(step("book", args, folder))
        joined.append(step("join", args, folder))
    seconds, floor_s = (statistics.median(run["seconds"] for run in runs) for runs in (booked, joined))
    return {
        "nodes": args.nodes,
        **rows,
        "kernel": booked[-1] | {"seconds": round(seconds, 3)},
        "join": joined[-1] | {"seconds": round(floor_s, 3)},
        "ratio": round(seconds / floor_s, 2),
    }


def step(name: str, args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    size = ["--nodes", str(args.nodes), "--chunk", str(args.chunk)]
    profile = ["--profile"] if args.profile and name == "book" else []
    command = [sys.executable, __file__, "--step", name, "--folder", str(folder), *size, *profile]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    if profile:
        print(answer)
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


def prepare(args: argparse.Namespace) -> dict[str, Any]:
    """Samples as sorted Arrow files per chunk, lives beside them, Parquet for the join. Not timed."""
    rng, names = np.random.default_rng(1), day.names(args.nodes)
    wide, narrow, records, rows = [], [], dict[JobKey, JobRecord](), 0
    shared, number = list[day.Held](), 100_000
    for first in range(0, args.nodes, args.chunk):
        parts: dict[str, list[pa.Table]] = {kind: [] for kind in ORDER}
        for n in range(first, min(first + args.chunk, args.nodes)):
            if n % 4 == 0:
                shared, number = day.slots(rng, 2, number)
            own, number = day.slots(rng, 6, number)
            held = [day.on_node(each, names[n], records) for each in [*shared, *own]]
            tables, energy, jobs = day.samples(rng, names[n], n, held, gpus=day.GPUS if n % 4 == 0 else 0)
            wide.append(energy)
            narrow.append(jobs)
            for kind, table in tables.items():
                parts[kind].append(_indexed(table, n - first, MEASUREMENTS[kind]))
        for kind, found in parts.items():
            table = pa.concat_tables(found).sort_by([(name, "ascending") for name in ORDER[kind]])
            rows += table.num_rows
            feather.write_feather(table, args.folder / f"{kind}_{first}.feather", compression="uncompressed")
    for kind, found in (("node", wide), ("job", narrow)):
        whole = pa.concat_tables(found)
        pq.write_table(whole, args.folder / f"{kind}.parquet", compression="zstd", row_group_size=200_000)
    _write_lives(args.folder, names, records)
    return {"samples": rows}


def _indexed(table: pa.Table, node: int, kind: Measurement) -> pa.Table:
    """As the pipeline reads it: the node as an index, the columns it needs, null where nothing was read."""
    columns = {"node": pa.array(np.full(table.num_rows, node, np.int32))}
    types = {"int": pa.int64(), "float": pa.float64(), "str": pa.string()}
    for name, dtype in kind.columns[:1] + kind.columns[2:]:  # all but the node's name
        if name in ORDER[kind.name] or name in COLUMNS[kind.name]:
            missing = pa.nulls(table.num_rows, types[dtype])
            columns[name] = table[name].cast(types[dtype]) if name in table.column_names else missing
    return pa.table(columns)


def _write_lives(folder: Path, names: list[str], records: dict[JobKey, JobRecord]) -> None:
    index = {name: n for n, name in enumerate(names)}
    lives = sorted(
        (index[share.node], key.job_id, key.start_ms, record.end_ms, share.cpus, share.memory_bytes)
        for key, record in records.items()
        for share in record.allocations
    )
    node, job_id, start, end, cpus, memory = (np.array(column) for column in zip(*lives, strict=True))
    np.savez(folder / "lives.npz", node=node, job_id=job_id, start=start, end=end, cpus=cpus, memory=memory)


def _lives(folder: Path, first: int, nodes: int) -> Lives:
    saved = np.load(folder / "lives.npz")
    on = (saved["node"] >= first) & (saved["node"] < first + nodes)
    count = int(on.sum())
    no = np.zeros(count, np.bool_)
    return Lives(
        node=(saved["node"][on] - first).astype(np.int32), job=saved["job_id"][on], job_id=saved["job_id"][on],
        start_ms=saved["start"][on], end_ms=saved["end"][on], cpus=saved["cpus"][on], memory_bytes=saved["memory"][on],
        exclusive=no, modelled=no, total_cpu_s=np.full(count, np.nan),
    )  # fmt: skip


def book(args: argparse.Namespace) -> dict[str, Any]:
    edges = np.arange(day.START_MS, day.START_MS + day.DAY_MS + 1, BUCKET_MS, dtype=np.int64)
    model, names = day.settings(1).node_models[0], day.names(args.nodes)
    nobody, none = Suspensions(*(np.zeros(0, np.int64) for _ in range(3))), np.zeros(0, np.int64)
    no_gpus = GpuShares(none, none, np.zeros(0), np.zeros(0), np.zeros(0, np.bool_))
    seconds, cpu_s, rows, gap, energy_j, profiler = 0.0, 0.0, 0, 0.0, 0.0, cProfile.Profile()
    for first in range(0, args.nodes, args.chunk):
        tables = {kind: feather.read_table(args.folder / f"{kind}_{first}.feather", memory_map=False) for kind in ORDER}
        lives = _lives(args.folder, first, args.chunk)
        traits = tuple(
            NodeTraits(name, model, float(day.CPUS), float(day.MEMORY)) for name in names[first : first + args.chunk]
        )
        if args.profile:
            profiler.enable()
        began, cpu_began_s = time.perf_counter(), time.process_time()
        samples = node_samples(tables["node"]), gpu_samples(tables["gpu"]), job_samples(tables["job"])
        del tables  # what follows needs the arrays only
        booked, measured = attribute(
            Chunk(traits, *samples, lives, nobody, no_gpus, declared(traits, 8)), Window(edges, MAX_GAP_MS)
        )
        seconds, cpu_s = seconds + time.perf_counter() - began, cpu_s + time.process_time() - cpu_began_s
        profiler.disable()
        rows += len(booked.account)
        gap = max(gap, abs(booked.energy_j.sum() - measured.energy_j.sum()) / measured.energy_j.sum())
        energy_j += float(booked.energy_j[booked.account == Account.JOB].sum())
        del samples, booked, measured
    if args.profile:
        profiler.print_stats("tottime")
    return {
        "seconds": round(seconds, 3),
        "cpu_s": round(cpu_s, 3),
        "peak_mb": peak_mb(),
        "rows": rows,
        "closure_error": gap,
        "jobs_kwh": round(energy_j / 3.6e6, 1),
    }


def join(args: argparse.Namespace) -> dict[str, Any]:
    return bare_join_sql.join(args.folder, THREADS) | {"peak_mb": peak_mb()}


def tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
        return
    ours, floor = found["kernel"], found["join"]
    print(f"{found['nodes']} nodes, one day, {found['samples']} sample rows")
    print(
        f"kernel     {ours['seconds']:7.2f} s  {ours['peak_mb']:6} MB  {ours['rows']} rows, {ours['cpu_s']:.2f} CPU s"
    )
    print(f"bare join  {floor['seconds']:7.2f} s  {floor['peak_mb']:6} MB")
    print(f"ratio      {found['ratio']:7.2f}     largest gap to the meters {ours['closure_error']:.1e}")


if __name__ == "__main__":
    main()
