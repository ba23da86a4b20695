"""The steps of the ledger's benchmark; each runs in a process of its own, started by `ledger.py`."""

import argparse
import shutil

import bare_join_sql
import day_of_samples
import foreign_samples
import ledger_data as data
from day_of_samples import DAY_MS, START_MS
from measuring import Figures, costs_so_far, now, peak_mb

from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.attribute import attribute_range
from aggregator.pipeline.loop import Aggregator
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import Settings
from maxwatt.domain.units import BUCKET_MS

THREADS, MEMORY = 1, "64MB"
"""Of the store. A booking reads few nodes at a time, in threads of its own: more of the store would be in their way."""

JOIN_THREADS = 2

ARRANGING_MEMORY = "256MB"
"""A day is sorted in it, and spills beyond."""

CALIBRATED_DAYS = 8
"""Days that the store of a month holds at a time: what calibration looks back to, and the day itself."""


def prepare(args: argparse.Namespace) -> Figures:
    return data.prepare(args.folder, args.nodes, args.bare_join)


def arrange(args: argparse.Namespace) -> Figures:
    return data.arrange(args.folder, ARRANGING_MEMORY)


def subset(args: argparse.Namespace) -> Figures:
    return data.subset(args.folder, args.out, args.nodes)


def attribute(args: argparse.Namespace) -> Figures:
    """Book the day into a fresh ledger, from the store to the closed windows."""
    path = args.folder / data.LEDGER
    shutil.copy(args.folder / data.FRESH, path)
    before = path.stat().st_size
    store, ledger = DuckDBStore(args.folder / args.store, MEMORY, THREADS), Ledger.open(f"sqlite:///{path}")
    began = now()
    report = attribute_range(store, ledger, settings(args), START_MS, START_MS + DAY_MS)
    found = costs_so_far(began)
    ledger.close()
    store.close()
    grown = path.stat().st_size - before
    told = {"bookings": report.rows, "closure_error": report.closure_error, "faults": report.faults}
    return found | told | {"ledger_bytes": grown}


def join(args: argparse.Namespace) -> Figures:
    if args.bare_join:
        found = foreign_samples.join(args.bare_join, args.folder)
        return {key: found[key] for key in ("seconds", "peak_mb", "closure", "jobs")}
    began = now()
    return costs_so_far(began) | bare_join_sql.join(args.folder, JOIN_THREADS) | {"peak_mb": peak_mb()}


def rounds(args: argparse.Namespace) -> Figures:
    """A server that has booked a day but its last 15 minutes gets these: the round that books them, and the next."""
    path, live, end_ms = args.folder / data.LEDGER, args.folder / "live.duckdb", START_MS + DAY_MS
    shutil.copy(args.folder / data.FRESH, path)
    newest = data.held_back(args.folder, live, args.nodes, end_ms - BUCKET_MS)
    store, ledger = DuckDBStore(live, MEMORY, THREADS), Ledger.open(f"sqlite:///{path}")
    aggregator = Aggregator(store, ledger, settings(args))
    for _ in range(2):
        aggregator.book(end_ms - BUCKET_MS)
    store.write(newest)
    found = {}
    for name, now_ms in (("window", end_ms), ("again", end_ms + 30_000)):
        began = now()
        report = aggregator.book(now_ms).report
        found[name] = costs_so_far(began) | {"windows": report.windows, "changed": report.changed}
    ledger.close()
    store.close()
    return found


def month(args: argparse.Namespace) -> Figures:
    """Book day after day, and each once more: the second time all figures are there and are compared."""
    path, grown = args.folder / "month.sqlite", args.folder / "month.duckdb"
    shutil.copy(args.folder / data.FRESH, path)
    shutil.copy(args.folder / data.ARRANGED, grown)
    passes, rows, changed = {"first": [0.0, 0.0], "again": [0.0, 0.0]}, 0, 0
    for day in range(args.days):
        if day:
            data.add_jobs(path, day)
            data.add_day(args.folder, grown, day, CALIBRATED_DAYS)
        store, ledger = DuckDBStore(grown, MEMORY, THREADS), Ledger.open(f"sqlite:///{path}")
        span = START_MS + day * DAY_MS, START_MS + (day + 1) * DAY_MS
        for costs in passes.values():
            began = now()
            report = attribute_range(store, ledger, settings(args), *span)
            costs[:] = (cost + after - before for cost, after, before in zip(costs, now(), began, strict=True))
        rows, changed = rows + report.rows, changed + report.changed
        ledger.close()
        store.close()
        print(f"day {day + 1} of {args.days}: {passes['again'][0]:.0f} s booked again", flush=True)
    told = {name: {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)} for name, (wall, cpu) in passes.items()}
    return told | {"days": args.days, "bookings": rows, "changed_again": changed, "peak_mb": peak_mb()}


def settings(args: argparse.Namespace) -> Settings:
    day = foreign_samples if args.bare_join else day_of_samples
    return day.settings(args.nodes)


STEPS = {each.__name__: each for each in (prepare, arrange, subset, attribute, join, rounds, month)}
