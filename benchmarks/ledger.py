"""The ledger: what a day, more nodes, a month and one window cost, beside the bare join over the same samples.

    python benchmarks/ledger.py [--nodes 200] [--growth 200,400,800,1400] [--month-days 30] [--bare-join PATH] [--json]

* day: the complete attribution of a day sampled every 15 s, in turn with the bare join: samples read from the DuckDB
  store, booked with all that the method asks for, written to a fresh SQLite ledger, closed against the meters.
  The store is that of a day that is over, laid in the order in which it is read; what laying it cost is told,
  and so is booking from a store as the agents' samples came.
* bare join: counter deltas by window functions, each node's energy split by CPU share, summed per job, over sorted
  Parquet in DuckDB. No static power, components, epochs, gaps, job edges, ledger: the floor, not the method.
* growth: days of more nodes, and the exponent that fits them.
* one window: a server that has booked a day gets 15 minutes more and books them, from samples as they came, with what
  these change in the windows before, closing and sums; and the round after it, in which nothing is new.
* month: the day again and again under later dates (every node restarted at midnight, new jobs), booked into one ledger
  and each day booked once more; the store holds the 8 days that calibration looks at.

Samples come from `day_of_samples.py`. `--bare-join PATH` takes another join for the day, with its own samples,
called as `PATH generate --nodes N --days 1 --out DIR` and `PATH join --days 1 --data DIR`. Every step is a process of
its own; CPU seconds are user and system of all its threads. `--growth ''` and `--month-days 0` leave these out.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import ledger_data as data
import ledger_steps
import numpy as np
from measuring import Figures, median, shown, step

from aggregator.pipeline.memory import keep_freed_memory

PARTS = ("day", "growth", "window", "month")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5, help="medians of so many runs of day and join")
    parser.add_argument("--growth", default="200,400,800,1400", help="numbers of nodes, ascending")
    parser.add_argument("--month-days", type=int, default=30, dest="days")
    parser.add_argument("--bare-join", type=Path, metavar="PATH", help="another bare join, with its own samples")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work here, and leave samples and ledgers")
    parser.add_argument("--json", action="store_true")
    for hidden, kind in (("--step", str), ("--folder", Path), ("--out", Path), ("--store", str), ("--days", int)):
        parser.add_argument(hidden, type=kind, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if "step" in args:
        keep_freed_memory()  # as the server does
        print(json.dumps(ledger_steps.STEPS[args.step](args)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        found = measure(args, folder)
    if args.json:
        print(json.dumps(found))


def measure(args: argparse.Namespace, folder: Path) -> Figures:
    """All parts, each told as soon as it is known."""
    found: Figures = {"day": day(args, folder)}
    tell_day(found["day"])
    found["window"] = {args.nodes: run("rounds", folder, args.nodes, args.bare_join)}
    sizes = [int(size) for size in args.growth.split(",") if size]
    if sizes:
        found["growth"] = growth(folder / "growth", sizes)
        found["window"][sizes[-1]] = run("rounds", folder / "growth", sizes[-1])
        tell_growth(found["growth"])
    tell_windows(found["window"])
    if args.days:
        found["month"] = run("month", folder, args.nodes, args.bare_join, days=args.days)
        tell_month(found["month"], args.nodes)
    return found


def run(name: str, folder: Path, nodes: int, bare_join: Path | None = None, **options: object) -> Figures:
    say(f"{name}, {nodes} nodes …")
    return step(__file__, name, folder=folder, nodes=nodes, bare_join=bare_join, **options)


def day(args: argparse.Namespace, folder: Path) -> Figures:
    """The day and the join in turn, so that they share the machine's noise."""
    given = (folder, args.nodes, args.bare_join)
    found, booked, joined = run("prepare", *given), [], []
    arranging = run("arrange", *given)
    for _ in range(args.runs):
        booked.append(run("attribute", *given, store=data.ARRANGED))
        joined.append(run("join", *given))
    as_came = run("attribute", *given, store=data.INGESTED)
    ours, floor = median(booked), median(joined)
    return found | {
        "attribution": ours,
        "join": floor,
        "arranging": arranging,
        "as_ingested": as_came,
        "ratio": round(ours["seconds"] / floor["seconds"], 2),
        "bytes_per_booking": round(ours["ledger_bytes"] / ours["bookings"], 1),
        "bytes_per_job": round(ours["ledger_bytes"] / found["jobs"]),
    }


def growth(folder: Path, sizes: list[int]) -> Figures:
    """Days of ever more nodes: the largest is generated, the others are its first nodes."""
    folder.mkdir(exist_ok=True)
    run("prepare", folder, sizes[-1])
    run("arrange", folder, sizes[-1])
    runs = {}
    for size in sizes:
        place = folder if size == sizes[-1] else folder / str(size)
        if place != folder:
            run("subset", folder, size, out=place)
        runs[size] = median([run("attribute", place, size, store=data.ARRANGED) for _ in range(3)])
    return {"runs": runs, **{f"exponent_{name}": exponent(runs, name) for name in ("seconds", "cpu_seconds")}}


def exponent(runs: dict[int, Figures], name: str) -> float:
    """`k` of `cost = c * nodes^k`, fitted to the logarithms."""
    costs = [run[name] for run in runs.values()]
    return round(float(np.polyfit(np.log(list(runs)), np.log(costs), 1)[0]), 3) if len(runs) > 1 else 1.0


def tell_day(found: Figures) -> None:
    ours = found["attribution"]
    say(f"{found['nodes']} nodes, one day, {found['samples']} sample rows, {found['jobs']} jobs")
    say(f"attribution   {shown(ours)}  {ours['bookings']} bookings, largest gap to a meter {ours['closure_error']:.1e}")
    say(f"bare join     {shown(found['join'])}")
    say(f"ratio         {found['ratio']:8.2f}")
    say(f"as ingested   {shown(found['as_ingested'])}")
    say(f"arranging     {shown(found['arranging'])}  once a day")
    say(f"ledger        {found['bytes_per_booking']} bytes a booking, {found['bytes_per_job']} bytes a job")


def tell_growth(found: Figures) -> None:
    for size, each in found["runs"].items():
        say(f"{size:5} nodes   {shown(each)}")
    say(f"exponent      {found['exponent_seconds']:8.3f} wall, {found['exponent_cpu_seconds']:.3f} CPU")


def tell_windows(found: dict[int, Figures]) -> None:
    for size, each in found.items():
        for name, what in (("window", "a new window"), ("again", "nothing new")):
            windows = f"{what}: {each[name]['windows']} windows booked, {each[name]['changed']} bookings differ"
            say(f"{size:5} nodes   {shown(each[name])}  {windows}")


def tell_month(found: Figures, nodes: int) -> None:
    for name, what in (("first", "booked"), ("again", "booked again")):
        costs = found[name] | {"peak_mb": found["peak_mb"]}
        say(f"{found['days']} days      {shown(costs)}  {nodes} nodes {what}, {found['bookings']} bookings")


def say(line: str) -> None:
    print(line, file=sys.stderr if "--json" in sys.argv else sys.stdout, flush=True)


if __name__ == "__main__":
    main()
