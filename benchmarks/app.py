"""The app under load: how fast each page's data comes while agents push and people look, and how much of it there is.

    python benchmarks/app.py [--full] [--keep DIR] [--parts questions,pages,load,paint] [--only WORD] [--json]

A ledger of jobs over months and a store of samples are made as the server would leave them (older days folded, the
newest with all buckets and samples), and `maxwatt serve` runs on them.

* questions: what the pages ask, without the web: for an administrator and for a user; beside a bare `SELECT … LIMIT 100`.
* pages: every request that each page makes, one at a time while agents push every 15 s; sizes as sent (gzip) and plain.
* load: the same by many users at once, who open a page, read and open another, while agents push; beside an answer that
  holds nothing. Errors, CPU and memory of the server.
* paint: first contentful paint of each page in Chromium, with an empty cache and with a full one.

Times are those of who asks, on loopback: users, agents and server share the machine. What is asked is one table, in
`app_kinds.py`; what a page asks for is found from the app itself. `--full`: 1,000,000 jobs over 6 months, 200 nodes with 30
days of samples, 1,400 agents, 50 users; made in a few minutes, 3 GB. `--keep` leaves what is made, and takes it again.
"""  # noqa: E501

import argparse
import contextlib
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import app_jobs
import app_kinds
import app_ledger
import app_load
import app_pages
import app_questions
import app_samples
import numpy as np
from app_kinds import Kind
from app_paint import paint
from app_server import Running, serving, usage
from measuring import Figures, step

from aggregator.ledger.tables import metadata

PARTS = ("questions", "pages", "load", "paint")
FULL = {"jobs": 1_000_000, "months": 6, "nodes": 200, "days": 30, "agents": 1400, "users": 50, "seconds": 180}
QUICK = {"jobs": 50_000, "months": 2, "nodes": 48, "days": 3, "agents": 200, "users": 10, "seconds": 30}
REPEATS = 5
PAYLOAD_KB = 300
ENDLESS_S = 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the size that the app is built for")
    for name, value in QUICK.items():
        parser.add_argument(f"--{name}", type=int, help=f"default {value:,}, with --full {FULL[name]:,}")
    parser.add_argument("--step", type=int, default=30, dest="step_s", help="seconds between two samples of the store")
    parser.add_argument("--think", type=float, default=10.0, help="seconds for which a page is read, on average")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--only", default="", help="kinds and questions whose name has this in it")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make ledger and store here, or use those there")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--run", choices=sorted(app_load.STEPS), default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("--plan", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if "run" in args:
        print(json.dumps(app_load.STEPS[args.run](args.plan)))
        return
    for name, value in (FULL if args.full else QUICK).items():
        setattr(args, name, getattr(args, name) or value)
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(args, args.keep or Path(scratch))
    if args.json:
        print(json.dumps(found))


def measure(args: argparse.Namespace, folder: Path) -> Figures:
    """All parts asked for, each told as soon as it is known."""
    parts = args.parts.split(",")
    found: Figures = {"made": made(args, folder)}
    if "questions" in parts:
        found["questions"] = app_questions.measure(folder, args.nodes, args.only, say)
    if {"pages", "load", "paint"} & set(parts):
        with serving(folder, args.days, max(args.nodes, args.agents)) as server:
            found |= served(args, folder, server, parts)
    return found


def made(args: argparse.Namespace, folder: Path) -> Figures:
    """Ledger and store, as they are there or made now."""
    folder.mkdir(parents=True, exist_ok=True)
    size = app_jobs.Size(
        args.jobs, args.months, args.nodes, args.days, args.step_s, app_jobs.newest_bucket_end(time.time_ns() // 10**6)
    )
    note, wanted = folder / "made.json", {"size": [*size_of(args)], "tables": _tables()}
    if note.exists() and (known := json.loads(note.read_text()))["wanted"] == wanted:
        return dict(known["made"])
    began = time.monotonic()
    bookings = app_ledger.make(folder / "ledger.sqlite", size)
    say(f"ledger made: {args.jobs:,} jobs, {bookings:,} bookings, {time.monotonic() - began:.0f} s")
    rows = app_samples.make(folder / "samples.duckdb", size)
    say(f"store made: {rows:,} rows of samples, {time.monotonic() - began:.0f} s in all")
    files = {name: (folder / name).stat().st_size >> 20 for name in ("ledger.sqlite", "samples.duckdb")}
    found = {"jobs": args.jobs, "bookings": bookings, "rows": rows, "mb": files, "end_ms": size.end_ms}
    note.write_text(json.dumps({"wanted": wanted, "made": found}))
    return found


def size_of(args: argparse.Namespace) -> tuple[int, ...]:
    return args.jobs, args.months, args.nodes, args.days, args.step_s


def _tables() -> str:
    """What the ledger's tables and the samples look like: another shape is made anew."""
    shapes = [
        f"{table.name} {[*table.columns.keys()]} {sorted(str(i.name) for i in table.indexes)}"
        for table in metadata.sorted_tables
    ]
    scripts = [Path(module.__file__).read_text() for module in (app_jobs, app_ledger, app_samples)]
    return hashlib.sha256("".join([*shapes, *scripts]).encode()).hexdigest()


def served(args: argparse.Namespace, folder: Path, server: Running, parts: list[str]) -> Figures:
    from dash_app.factory import PAGES
    from dash_app.shell import page_of

    there = [kind for kind in app_kinds.kinds(folder / "ledger.sqlite") if args.only in kind.name]
    there = [kind for kind in there if kind.api or page_of(kind.address.partition("?")[0], PAGES)]
    found: Figures = {}
    session = app_pages.Session(server.access_url)
    if {"pages", "load"} & set(parts):
        visits = {kind.name: visit_of(session, kind) for kind in there}
        limits = {kind.name: kind.limit_ms for kind in there if kind.name != app_kinds.NOTHING}
        if "pages" in parts:
            say(f"{args.agents} agents push, one reader …")
            with pushing(plan_of(args, folder, server, session, [])):
                found["pages"] = pages(session, visits, limits)
        if "load" in parts:
            found["load"] = load(args, folder, server, session, visits, limits)
            tell_load(found["load"]["kinds"], limits)
            words = "server: {server_cores} cores, {resident_mb} MB, at most {peak_mb} MB; {requests_per_s} requests/s"
            say(words.format_map(found["load"]))
    if "paint" in parts:
        found["paint"] = paint(server.access_url, [kind for kind in there if not kind.api])
        for name, times in found["paint"].items():
            say(f"{name:24} first paint {times['cold'] or 0:6.0f} ms cold {times['warm'] or 0:6.0f} ms warm; "
                f"its content {times['cold_page']:6.0f}, {times['warm_page']:6.0f} ms")  # fmt: skip
    return found


def visit_of(session: app_pages.Session, kind: Kind) -> list[app_pages.Request]:
    """Requests of a page, and its grid's for rows in other orders and further down."""
    if kind.api:
        return [app_pages.Request("answer", kind.address)]
    found = app_pages.requests_of(session, kind.address)
    grids = [request for request in found if app_pages.asks_rows(request)]
    for grid in grids[:1]:
        found.append(_again(grid, 0, "rows further down", startRow=2000, endRow=2100))
        for number, (column, how) in enumerate(kind.rows, start=1):
            found.append(_again(grid, number, f"rows by {column}", sortModel=[{"colId": column, "sort": how}]))
    return found


def _again(grid: app_pages.Request, number: int, name: str, **wanted: object) -> app_pages.Request:
    return replace(app_pages.rows_request(grid, **wanted), name=name, stage=app_pages.CLICK + number)


def pages(session: app_pages.Session, visits: dict[str, list[app_pages.Request]], limits: dict[str, int]) -> Figures:
    """Every request some times, one after the other, while agents push."""
    found: Figures = {}
    rows: list[list[object]] = []
    for kind, visit in visits.items():
        for request in visit:
            plain = session.ask(request)
            answers = [session.ask(request, gzip=True) for _ in range(REPEATS)]
            times = sorted(answer.seconds * 1000 for answer in answers)
            rows += [[kind, request.name, answer.seconds, answer.status, len(answer.body)] for answer in answers]
            found[f"{kind}: {request.name}"] = each = {
                "ms": round(times[len(times) // 2], 1), "first_ms": round(plain.seconds * 1000, 1),
                "kb": round(len(answers[0].body) / 1000, 1), "plain_kb": round(len(plain.body) / 1000, 1),
                "status": max(answer.status for answer in [plain, *answers]),
            }  # fmt: skip
            limit = limits.get(kind, app_kinds.PAGE_MS)
            marks = [f"over {limit} ms"] * (each["ms"] > limit)
            marks += [f"over {PAYLOAD_KB} kB"] * (each["kb"] > PAYLOAD_KB) + [f"status {each['status']}"] * (
                each["status"] >= 400
            )
            say(f"{kind + ': ' + request.name:50} {each['ms']:8.1f} ms {each['kb']:8.1f} kB sent "
                f"{each['plain_kb']:8.1f} kB plain  {', '.join(marks)}")  # fmt: skip
    together = by_limit(rows, limits)
    tell_load(together, {})
    return found | together


def load(
    args: argparse.Namespace, folder: Path, server: Running, session: app_pages.Session,
    visits: dict[str, list[app_pages.Request]], limits: dict[str, int],
) -> Figures:  # fmt: skip
    """Users and agents for a while; the first quarter warms up and is not counted among the agents' either."""
    requests = [
        [
            {"kind": kind, "part": each.name, "path": each.path, "body": each.body.decode(), "stage": each.stage}
            for each in visit
        ]
        for kind, visit in visits.items()
    ]
    plan = plan_of(args, folder, server, session, requests)
    say(f"{args.agents} agents and {args.users} users for {args.seconds} s …")
    with pushing(plan) as agents:
        before = usage(server.pid)
        rows = step(__file__, "users", flag="run", plan=plan)["rows"]
        after = usage(server.pid)
        pushed = json.loads(agents.communicate()[0].splitlines()[-1])["rows"]
    cpu = (after.cpu_s - before.cpu_s) / (after.at_s - before.at_s)
    return {"kinds": summed([*rows, *pushed]) | by_limit(rows, limits), "server_cores": round(cpu, 2),
            "resident_mb": after.resident_mb, "peak_mb": after.peak_mb,
            "requests_per_s": round(len(rows) / args.seconds, 1)}  # fmt: skip


def plan_of(
    args: argparse.Namespace, folder: Path, server: Running, session: app_pages.Session, visits: list[Any]
) -> Path:
    """A file that tells users and agents what to do; agents without users push until they are stopped."""
    given = {"url": server.url, "host": f"{session.host}:{session.port}", "headers": session.headers,
             "token": server.push_token, "ledger": str(folder / "ledger.sqlite"), "users": args.users,
             "agents": args.agents, "think": args.think, "visits": visits,
             "seconds": args.seconds if visits else ENDLESS_S}  # fmt: skip
    plan = folder / "plan.json"
    plan.write_text(json.dumps(given))
    return plan


@contextlib.contextmanager
def pushing(plan: Path) -> Iterator[subprocess.Popen[str]]:
    """Agents, a moment after they began."""
    words = [sys.executable, __file__, "--run", "agents", "--plan", str(plan)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as agents:
        time.sleep(2)
        try:
            yield agents
        finally:
            agents.terminate()


def summed(rows: list[list[object]]) -> Figures:
    """Quantiles of each kind and part, its errors and sizes."""
    by: dict[str, list[list[object]]] = defaultdict(list)
    for row in rows:
        by[f"{row[0]}: {row[1]}"].append(row)
    return {name: _quantiles(some) for name, some in by.items()}


def by_limit(rows: list[list[object]], limits: dict[str, int]) -> Figures:
    """Quantiles of all answers that should come within the same time."""
    return {f"all within {limit} ms": _quantiles([row for row in rows if limits.get(str(row[0])) == limit])
            for limit in sorted({limits[str(row[0])] for row in rows if row[0] in limits})}  # fmt: skip


def _quantiles(rows: list[list[object]]) -> Figures:
    times = np.array([row[2] for row in rows], float) * 1000
    p50, p95, p99 = (round(float(value), 1) for value in np.percentile(times, [50, 95, 99]))
    errors = sum(not 200 <= int(str(row[3])) < 400 for row in rows)
    return {"n": len(rows), "p50": p50, "p95": p95, "p99": p99, "errors": errors,
            "kb": round(max(int(str(row[4])) for row in rows) / 1000, 1)}  # fmt: skip


def tell_load(found: Figures, limits: dict[str, int]) -> None:
    for name, each in found.items():
        limit = limits.get(name.partition(": ")[0])
        over = f"over {limit} ms" if limit and each["p95"] > limit else ""
        say(f"{name:50} {each['n']:6} x  p50 {each['p50']:8.1f}  p95 {each['p95']:8.1f}  p99 {each['p99']:8.1f} ms  "
            f"{each['errors']} errors {each['kb']:8.1f} kB  {over}")  # fmt: skip


def say(line: str) -> None:
    print(line, file=sys.stderr if "--json" in sys.argv else sys.stdout, flush=True)


if __name__ == "__main__":
    main()
