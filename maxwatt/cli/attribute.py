"""`maxwatt attribute`: book the energy of past windows again, or of a history that was brought in."""

import argparse
import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from maxwatt.cli._options import add_config_options, settings_of
from maxwatt.cli._reading import refuse_missing
from maxwatt.cli._time import FORMS, parse_moment
from maxwatt.config import Settings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import InputError, NoData, StoreLockedError
from maxwatt.domain.ports import Store

if TYPE_CHECKING:
    from aggregator.ledger.ledger import Ledger
    from aggregator.pipeline.attribute import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `maxwatt attribute`."""
    parser.add_argument("--since", metavar="TIME", help=f"from here on (default: the oldest sample): {FORMS}")
    parser.add_argument("--until", metavar="TIME", help="up to here, exclusive (default: the newest sample)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument(
        "--recalibrate", action="store_true", help="find the idle powers of these UTC days anew, a new revision of them"
    )
    only.add_argument(
        "--factors",
        action="store_true",
        help="only compute CO2 and cost again, from the booked energy and the factors known now "
        "(default: all that is booked)",
    )
    parser.add_argument("--json", action="store_true", help="tell the outcome as one line of JSON")
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Book, or leave it to the server that runs; 1 where accounts do not sum to the meter."""
    from aggregator.ledger.ledger import Ledger
    from aggregator.store.registry import open_store

    settings = settings_of(args)
    refuse_missing(settings.store_path, "store")
    ledger = Ledger.open(settings.ledger_url)
    with contextlib.closing(ledger):
        try:
            store = open_store(settings)
        except StoreLockedError:
            return _leave_to_server(ledger, settings, args)
        with contextlib.closing(store):
            return (_value if args.factors else _book)(store, ledger, settings, args)


def _leave_to_server(ledger: "Ledger", settings: Settings, args: argparse.Namespace) -> int:
    from aggregator.pipeline.idle_powers import thaw

    since_ms, until_ms = _asked(args, settings)
    if args.factors:
        return _leave_values(ledger, since_ms, until_ms, as_json=args.json)
    since_ms = max(since_ms or 0, ledger.frozen_until())
    if args.recalibrate:
        since_ms, until_ms = thaw(ledger, settings, since_ms, until_ms or now_ms())
    marked = ledger.mark_dirty(max(since_ms, 0), until_ms)
    said = "The server runs: it books these windows again in its next round."
    if not marked:
        said = "The server runs: nothing of this time is booked yet, it will be in its next rounds."
    print(json.dumps({"left_to_server": True, "marked": marked}) if args.json else said)
    return 0


def _leave_values(ledger: "Ledger", since_ms: int | None, until_ms: int | None, *, as_json: bool) -> int:
    marked = ledger.values.mark(*_booked_span(ledger, since_ms, until_ms))
    print(json.dumps({"left_to_server": True, "marked": marked}) if as_json else _VALUED_BY_SERVER)
    return 0


_VALUED_BY_SERVER = "The server runs: it computes CO₂ and cost of this time again in its next round."


def _booked_span(ledger: "Ledger", since_ms: int | None, until_ms: int | None) -> tuple[int, int]:
    """The time asked for, within what is booked."""
    first, last = ledger.booked_from(), ledger.booked_until()
    if first is None or last is None:
        raise NoData("nothing is booked yet: there is no CO₂ and no cost to compute again")
    span_ms = max(first, since_ms or first), min(last, until_ms or last)
    if span_ms[0] >= span_ms[1]:
        raise NoData("nothing of this time is booked")
    return span_ms


def _value(store: Store, ledger: "Ledger", settings: Settings, args: argparse.Namespace) -> int:
    from aggregator.pipeline.offline import value_offline

    span_ms = _booked_span(ledger, *_asked(args, settings))
    with _progress("CO₂ and cost") as progress:
        done = value_offline(store, ledger, settings, span_ms, now_ms=now_ms(), progress=progress)
    said = f"{done.buckets} windows looked at: CO₂ or cost of {done.changed} bookings changed"
    print(json.dumps(dataclasses.asdict(done)) if args.json else said)
    return 0


def _book(store: Store, ledger: "Ledger", settings: Settings, args: argparse.Namespace) -> int:
    from aggregator.pipeline.memory import keep_freed_memory
    from aggregator.pipeline.offline import book_offline

    keep_freed_memory()
    since_ms, until_ms = _asked(args, settings)
    span_ms = _span(store, since_ms or ledger.frozen_until(), until_ms)
    with _progress() as progress:
        report = book_offline(
            store, ledger, settings, span_ms, now_ms=now_ms(), progress=progress, recalibrate=args.recalibrate
        )
    _tell(report, as_json=args.json)
    return 1 if report.faults else 0


def _asked(args: argparse.Namespace, settings: Settings) -> tuple[int | None, int | None]:
    """`--since` and `--until` in epoch ms, None where not given.

    Raises:
        InputError: one cannot be read, or the time is empty.
    """
    zone, present = settings.cluster.timezone, now_ms()
    since_ms, until_ms = (text and parse_moment(text, zone, present) for text in (args.since, args.until))
    if since_ms is not None and until_ms is not None and since_ms >= until_ms:
        raise InputError(f"--since {args.since} is not before --until {args.until}")
    return since_ms, until_ms


def _span(store: Store, since_ms: int | None, until_ms: int | None) -> tuple[int, int]:
    """The time to book, within that of the samples."""
    oldest_ms, newest_ms = store.oldest_ms(), max(store.newest_ms().values(), default=None)
    if oldest_ms is None or newest_ms is None:
        raise NoData("there are no samples yet: nothing to book")
    first, last = max(oldest_ms, since_ms or oldest_ms), min(newest_ms + 1, until_ms or newest_ms + 1)
    if first >= last:
        raise NoData("there are no samples in this time: nothing to book")
    return first, last


@contextlib.contextmanager
def _progress(what: str = "booking") -> Iterator[Callable[[float], None]]:
    """A progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda done: bar.update(task, completed=done)


def _tell(report: "Report", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(dataclasses.asdict(report)))
        return
    print(f"{report.windows} windows booked: {report.rows} bookings, {report.changed} of them new or changed")
    print(f"largest gap between accounts and meter: {report.closure_error:.1e}")
    if report.faults:
        print(
            f"{report.faults} sums miss their meter by more than the method allows: see the faults on the status page"
        )
