"""How large the ledger of a busy site grows: 25,000 jobs a day, in 15-minute rows and folded to days.

    python benchmarks/ledger_size.py [--jobs 25000] [--nodes 300] [--days 2] [--json]

Jobs of a log-normal length (median 15 minutes, sigma 1.7, at most a day: on average a bit less than an hour), one in
ten on four nodes, the others on one, are written with their bookings straight into a fresh SQLite ledger, with the
system's and the idle energy of each node beside them. Sums are made as the server makes them: of each job, and by hour
(kept for 100 days), day, week and month. The file is measured after each step, and after all days were folded; each
time after `VACUUM`.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import delete

from aggregator.ledger.bookings import BOOKING_COLUMNS
from aggregator.ledger.compact import compact
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.refresh import HOURS_KEPT_MS, Site
from aggregator.ledger.retention import fold_next
from aggregator.ledger.rows import Row
from aggregator.ledger.tables import rollups
from aggregator.ledger.transactions import writing
from maxwatt.domain.energy import ENERGY_COLUMNS, Account
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.periods import Period
from maxwatt.domain.units import BUCKET_MS, DAY_MS, MS_PER_S, bucket_start_ms

T0 = 1_780_272_000_000  # a UTC midnight
MEDIAN_S, SIGMA, LONGEST_S = 900.0, 1.7, 86_400.0
YEAR = 365
SITE = Site(ZoneInfo("Europe/Berlin"), lambda _: "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=25_000, help="jobs a day")
    parser.add_argument("--nodes", type=int, default=300)
    parser.add_argument("--days", type=int, default=2, help="days that are folded")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tell(measure(Path(folder) / "ledger.sqlite", args), as_json=args.json)


def measure(path: Path, args: argparse.Namespace) -> dict[str, float]:
    ledger = Ledger.open(f"sqlite:///{path}")
    rng, nodes = np.random.default_rng(1), [f"wn{number:04d}" for number in range(args.nodes)]
    empty = size(ledger, path)
    jobs = [job for day in range(args.days) for job in day_of_jobs(rng, nodes, day, args.jobs)]
    ledger.upsert_jobs(jobs, T0 + args.days * DAY_MS)
    with_jobs = size(ledger, path)
    rows = sum(write_day(ledger, rng, nodes, jobs, day) for day in range(args.days))
    close(ledger, [T0 + args.days * DAY_MS])
    before_sums = size(ledger, path)
    ledger.refresh_rollups(SITE)
    booked = size(ledger, path)
    began = time.perf_counter()
    while fold_next(ledger.engine, T0 + args.days * DAY_MS, lambda: None) is not None:
        pass
    fold_s = (time.perf_counter() - began) / args.days
    folded = size(ledger, path)
    with writing(ledger.engine).begin() as connection:
        connection.execute(delete(rollups).where(rollups.c.period == int(Period.HOUR)))
    without_hours = size(ledger, path)
    ledger.close()
    hours = folded - without_hours
    per_day = {
        "jobs": with_jobs - empty,
        "bookings": before_sums - with_jobs,
        "sums": booked - before_sums - hours,
        "folded_bookings": folded - booked + before_sums - with_jobs,
    }
    return {
        "jobs_a_day": args.jobs,
        "rows_a_day": rows / args.days,
        "fold_s_a_day": round(fold_s, 2),
        **{f"{name}_gb_a_year": round(value / args.days * YEAR / 1e9, 2) for name, value in per_day.items()},
        "hours_kept_gb": round(hours / args.days * HOURS_KEPT_MS / DAY_MS / 1e9, 2),
        "bytes_a_job": round((booked - empty) / len(jobs)),
        "bytes_a_job_folded": round((folded - empty) / len(jobs)),
    }


def size(ledger: Ledger, path: Path) -> int:
    compact(ledger.engine)
    return path.stat().st_size


def day_of_jobs(rng: np.random.Generator, nodes: list[str], day: int, count: int) -> Iterator[JobRecord]:
    starts = rng.integers(0, DAY_MS, count)
    lengths_s = np.minimum(rng.lognormal(np.log(MEDIAN_S), SIGMA, count), LONGEST_S)
    for number, (start, length_s) in enumerate(zip(starts.tolist(), lengths_s.tolist(), strict=True)):
        wide = 4 if number % 10 == 0 else 1
        first = int(rng.integers(0, len(nodes) - wide))
        held = tuple(Allocation(node, 8.0, 32e9) for node in nodes[first : first + wide])
        user, start_ms = f"user{number % 400}", T0 + day * DAY_MS + start
        yield JobRecord(
            *(JobKey("site", day * count + number + 1, start_ms), JobState.COMPLETED),
            user=user,
            account=f"project{number % 60}",
            partition="batch",
            qos="normal",
            name=f"simulation-{number % 50}",
            submit_ms=start_ms - 60_000,
            end_ms=start_ms + int(length_s * MS_PER_S),
            time_limit_s=86_400,
            exit_code=0,
            cpus=8 * wide,
            node_count=wide,
            memory_bytes=32 << 30,
            node_list=",".join(each.node for each in held),
            allocations=held,
            total_cpu_s=length_s * 7.5 * wide,
            command=f"/home/{user}/project/run/submit.sh",
            work_dir=f"/home/{user}/project/run",
            stdout=f"/home/{user}/project/run/slurm-{number}.out",
            stderr=f"/home/{user}/project/run/slurm-{number}.err",
            source="sacct+scontrol",
        )


def write_day(ledger: Ledger, rng: np.random.Generator, nodes: list[str], jobs: list[JobRecord], day: int) -> int:
    """Bookings of a day, its windows closed; returns how many."""
    first_ms, last_ms = T0 + day * DAY_MS, T0 + (day + 1) * DAY_MS
    keys: list[tuple[int, str, int, int]] = []
    for ref, job in enumerate(jobs, start=1):
        begun_ms = max(first_ms, bucket_start_ms(job.key.start_ms))
        touched = range(begun_ms, min(last_ms, job.end_ms or 0), BUCKET_MS)
        keys += [(at, held.node, int(Account.JOB), ref) for at in touched for held in job.allocations]
    times = range(first_ms, last_ms, BUCKET_MS)
    others = (int(Account.SYSTEM), int(Account.IDLE))
    keys += [(at, node, account, 0) for at in times for node in nodes for account in others]
    keys.sort()
    figures = len(BOOKING_COLUMNS) - 4
    values = rng.random((len(keys), figures)) * 1e5
    names = BOOKING_COLUMNS[4:]
    for name, value in (("factor_id", 1), ("method_version", 2)):
        values[:, names.index(name)] = value
    absent = [names.index(name) for name in ENERGY_COLUMNS if name.startswith("gpu")]
    values[:, absent] = 0.0
    rows = [(*key, *row) for key, row in zip(keys, values.tolist(), strict=True)]
    meters: list[Row] = [(at, node, 1e5, 1e4, 0.0, 3e4, 900.0) for at in times for node in nodes]
    ledger.replace_bookings(nodes, (first_ms, last_ms), rows, meters)
    close(ledger, list(times))
    return len(rows)


def close(ledger: Ledger, times: list[int]) -> None:
    ledger.note_booked(dict.fromkeys(times, 0.0), times[-1] + DAY_MS)
    ledger.close_windows(times)


def tell(found: dict[str, float], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:<28} {value:,.10g}")


if __name__ == "__main__":
    main()
