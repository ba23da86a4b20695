"""How fast job records come into a SQLite ledger: `python benchmarks/ledger_jobs.py [--jobs 10000] [--json]`.

A month of ended jobs on 200 nodes, one in five on four of them, whose time is booked and closed already: what new
records make wrong is marked. Then the same records again (unchanged), and again with their TotalCPU (changed).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from aggregator.ledger.ledger import Ledger
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.units import BUCKET_MS

START_MS = 1_780_012_800_000  # a UTC midnight
DAYS, NODES = 30, 200
BUCKETS = DAYS * 96


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rates = measure(records(args.jobs))
    if args.json:
        print(json.dumps({"jobs": args.jobs, **rates}))
    else:
        for name, per_s in rates.items():
            print(f"{name:>9}: {per_s:10,.0f} jobs/s")


def records(count: int) -> list[JobRecord]:
    """Jobs in the order of their start, as accounting tells them."""
    rng = np.random.default_rng(1)
    starts_ms = np.sort(rng.integers(START_MS, START_MS + (DAYS - 1) * 86_400_000, count))
    lengths_ms = np.clip(rng.lognormal(np.log(3.6e6), 1.2, count), 1e4, 8e7).astype(int)
    nodes = rng.integers(0, NODES, count)
    times = zip(starts_ms.tolist(), lengths_ms.tolist(), nodes.tolist(), strict=True)
    return [record(n, start, start + length, node) for n, (start, length, node) in enumerate(times)]


def record(number: int, start_ms: int, end_ms: int, node: int) -> JobRecord:
    """One in five on four nodes."""
    names = [f"wn{(node + n) % NODES:04d}" for n in range(4 if number % 5 == 0 else 1)]
    held = tuple(Allocation(name, 16.0, 64e9) for name in names)
    return JobRecord(
        JobKey("bench", number + 1, start_ms), JobState.COMPLETED, user=f"user{number % 50}", name="run", account="a",
        partition="p", submit_ms=start_ms - 1000, end_ms=end_ms, cpus=16 * len(held), node_count=len(held),
        node_list=",".join(names), allocations=held, work_dir=f"/home/user{number % 50}/{number}", source="sacct",
    )  # fmt: skip


def measure(new: Sequence[JobRecord]) -> dict[str, float]:
    """Records a second."""
    changed = [replace(job, total_cpu_s=1000.0) for job in new]
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(f"sqlite:///{Path(folder) / 'ledger.sqlite'}")
        buckets = [START_MS + n * BUCKET_MS for n in range(BUCKETS)]
        ledger.note_booked(dict.fromkeys(buckets, 0.0), buckets[-1] + BUCKET_MS)
        ledger.close_windows(buckets)
        rates = {name: rate(ledger, jobs) for name, jobs in (("new", new), ("unchanged", new), ("changed", changed))}
        ledger.close()
    return rates


def rate(ledger: Ledger, jobs: Sequence[JobRecord]) -> float:
    """Records a second of one call."""
    began = time.perf_counter()
    ledger.upsert_jobs(jobs, START_MS + DAYS * 86_400_000)
    return round(len(jobs) / (time.perf_counter() - began), 1)


if __name__ == "__main__":
    main()
