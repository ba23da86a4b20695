"""`maxwatt import`: a site's history, or any dataset, from files. Running it twice changes nothing."""

import argparse
import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from maxwatt.cli._options import add_config_options, settings_of
from maxwatt.config import Settings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import ConfigError, SourceError, StoreLockedError
from maxwatt.domain.units import MS_PER_S

if TYPE_CHECKING:
    from aggregator.ingest.importing import Deliver, ImportSummary

SHOWN_FAULTS: Final = 50
PRECISIONS: Final = ("ns", "us", "ms", "s")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `maxwatt import samples` and `maxwatt import jobs`."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    samples = kinds.add_parser("samples", help="line protocol in the schema of docs/metrics.md")
    samples.add_argument("file", metavar="FILE", help="plain or .gz; -: standard input")
    samples.add_argument("--precision", choices=PRECISIONS, default="ms", help="unit of the timestamps (default: ms)")
    samples.set_defaults(import_kind=_import_samples)
    jobs = kinds.add_parser("jobs", help="output of `sacct -P` with its header, any order of columns, or Slurm's JSON")
    jobs.add_argument("file", metavar="FILE", type=Path, help="plain or .gz; -: standard input")
    jobs.add_argument("--cluster", metavar="NAME", help="cluster whose jobs these are (default: cluster.name)")
    jobs.add_argument(
        "--timezone", metavar="ZONE", help="time zone of times without offset (default: cluster.timezone)"
    )
    jobs.set_defaults(import_kind=_import_jobs)
    for kind in (samples, jobs):
        add_config_options(kind)
        kind.add_argument("--json", action="store_true", help="tell the outcome as one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Import; 1 if any line or row could not be read, although the others are stored."""
    return int(args.import_kind(args, settings_of(args)))


def _import_samples(args: argparse.Namespace, settings: Settings) -> int:
    from aggregator.ingest.files import chunks, opened
    from aggregator.ingest.importing import deliver_all

    began = time.monotonic()
    with (
        opened(args.file) as (stream, position),
        _delivery(settings, args.precision) as deliver,
        _progress(args.file, position) as advance,
    ):
        summary = deliver_all(chunks(stream, args.file), deliver, advance)
    _tell_faults([str(fault) for fault in summary.faults], summary.fault_count)
    _tell_samples(summary, time.monotonic() - began, as_json=args.json)
    return 1 if summary.fault_count else 0


@contextlib.contextmanager
def _delivery(settings: Settings, precision: str) -> "Iterator[Deliver]":
    """Into the store, or, while a server has it open, through that server."""
    from aggregator.ingest.importing import to_server, to_store
    from aggregator.ledger.ledger import Ledger
    from aggregator.store.registry import open_store

    try:
        store = open_store(settings)
    except StoreLockedError:
        url = _server_url(settings)
        if url is None:
            raise
        yield to_server(url, _ingest_token(settings), precision)
        return
    with contextlib.closing(store), contextlib.closing(Ledger.open(settings.ledger_url)) as ledger:
        # Before the rows are written: were we killed between the two, nobody would know that bookings are outdated.
        gap_ms = int(settings.attribution.max_gap_s * MS_PER_S)
        mark = _OnlyOlder(lambda oldest_ms: ledger.mark_dirty(oldest_ms - gap_ms))
        yield to_store(store, precision, now_ms(), mark)


class _OnlyOlder:
    """Passes a time on when it is older than all before; threads take turns."""

    def __init__(self, receive: Callable[[int], object]) -> None:
        self._receive, self._lock = receive, threading.Lock()
        self._oldest_ms: int | None = None

    def __call__(self, oldest_ms: int) -> None:
        with self._lock:
            if self._oldest_ms is None or oldest_ms < self._oldest_ms:
                self._receive(oldest_ms)
                self._oldest_ms = oldest_ms


def _server_url(settings: Settings) -> str | None:
    note = Path(settings.server.data_dir) / "serve.json"
    try:
        return str(json.loads(note.read_text(encoding="utf-8"))["url"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{note}: cannot be read, although a server seems to run: {error}") from error


def _ingest_token(settings: Settings) -> str:
    path = Path(settings.server.data_dir) / "ingest.token"
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read, and the running server asks for it: {error.strerror}") from error


@contextlib.contextmanager
def _progress(name: str, position: Callable[[], int]) -> Iterator[Callable[[], None]]:
    """A progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    size = None if name == "-" else Path(name).stat().st_size
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"reading {name}", total=size)
        yield lambda: bar.update(task, completed=position())


def _tell_faults(faults: list[str], count: int) -> None:
    for fault in faults[:SHOWN_FAULTS]:
        print(fault, file=sys.stderr)
    if count > SHOWN_FAULTS:
        print(f"… and {count - SHOWN_FAULTS} more", file=sys.stderr)


def _tell_samples(summary: "ImportSummary", seconds: float, *, as_json: bool) -> None:
    if as_json:
        told = {"rows": summary.row_count, "added": summary.added, "faults": summary.fault_count}
        print(json.dumps(told | {"seconds": round(seconds, 3)}))
        return
    new = "" if summary.added is None else f", {summary.added} of them new"
    bad = f"; {summary.fault_count} lines could not be read" if summary.fault_count else ""
    print(f"{summary.row_count} rows stored{new} in {seconds:.1f} s{bad}")


def _import_jobs(args: argparse.Namespace, settings: Settings) -> int:
    from aggregator.ledger.ledger import Ledger
    from aggregator.sources.jobs.file import read_jobs_file

    cluster = args.cluster or settings.cluster.name
    records, faults = read_jobs_file(args.file, cluster, _zone(args.timezone or settings.cluster.timezone))
    with contextlib.closing(Ledger.open(settings.ledger_url)) as ledger:
        changed = ledger.upsert_jobs(records, now_ms())
    _tell_faults(faults, len(faults))
    _tell_jobs(len(records), changed, len(faults), as_json=args.json)
    return 1 if faults else 0


def _zone(name: str) -> str:
    """The name, when it is a time zone's."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"{name!r} is no time zone of the tz database, such as Europe/Berlin") from error
    return name


def _tell_jobs(jobs: int, changed: int, faults: int, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"jobs": jobs, "changed": changed, "faults": faults}))
        return
    bad = f"; {faults} rows could not be read" if faults else ""
    print(f"{jobs} jobs read, {changed} of them new or changed{bad}")
