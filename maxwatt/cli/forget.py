"""`maxwatt forget USER`: remove a person from the ledger; the sums of projects, partitions and nodes stay."""

import argparse
import contextlib
import dataclasses
import json
import sqlite3
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from maxwatt.cli._options import add_config_options, settings_of
from maxwatt.cli._reading import refuse_missing_ledger
from maxwatt.cli._time import FORMS, parse_moment
from maxwatt.config import Settings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import InputError, StoreLockedError
from maxwatt.domain.periods import Period, start_of

if TYPE_CHECKING:
    from aggregator.ledger.erasure import Erased
    from aggregator.ledger.ledger import Ledger


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `maxwatt forget`."""
    parser.add_argument("user", metavar="USER", help="user name, as in Slurm")
    parser.add_argument(
        "--before", metavar="TIME", help=f"only jobs that began before this day (default: all so far): {FORMS}"
    )
    parser.add_argument("--dry-run", action="store_true", help="count what would go, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="tell the outcome as one line of JSON")
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Count or forget; 1 where the old content may still lie in the file."""
    from aggregator.ledger.erasure import forget_user
    from aggregator.ledger.ledger import Ledger

    settings = settings_of(args)
    if not args.user.strip():
        raise InputError("name the user to forget")
    refuse_missing_ledger(settings)
    before_ms, zone = _before(args, settings), ZoneInfo(settings.cluster.timezone)
    with contextlib.closing(Ledger.open(settings.ledger_url)) as ledger:
        if args.dry_run:
            _tell(args, forget_user(ledger.engine, args.user, before_ms, zone, dry_run=True), None)
            return 0
        _ask(args)
        erased = forget_user(ledger.engine, args.user, before_ms, zone)
        _samples_follow(ledger, settings)
        clean = _compacted(ledger)
        _tell(args, erased, clean)
    return 0 if clean else 1


def _samples_follow(ledger: "Ledger", settings: Settings) -> None:
    """Now where no server has the store open, else that server in its next round."""
    from aggregator.pipeline.renaming import rename_waiting
    from aggregator.store.registry import open_store

    if not settings.store_path.exists():
        return
    with contextlib.suppress(StoreLockedError), contextlib.closing(open_store(settings)) as store:
        rename_waiting(store, ledger)


def _before(args: argparse.Namespace, settings: Settings) -> int:
    """Midnight of the day that was named: sums of days are not cut; else the present."""
    present, zone = now_ms(), settings.cluster.timezone
    if not args.before:
        return present
    return min(present, start_of(Period.DAY, parse_moment(args.before, zone, present), ZoneInfo(zone)))


def _ask(args: argparse.Namespace) -> None:
    """Make sure that it is meant.

    Raises:
        InputError: it is not, or nobody can be asked.
    """
    if args.yes:
        return
    if not sys.stdin.isatty():
        raise InputError("what is forgotten does not come back: say --yes, or --dry-run to see how much it is")
    print(f"Forget {args.user}: names, paths and comments of the jobs go for good. Type the user's name: ", end="")
    if input().strip() != args.user:
        raise InputError("not the user's name: nothing is changed")


def _compacted(ledger: "Ledger") -> bool:
    from aggregator.ledger.compact import compact

    try:
        return compact(ledger.engine)
    except sqlite3.OperationalError:
        return False


def _tell(args: argparse.Namespace, erased: "Erased", clean: bool | None) -> None:
    counts = dataclasses.asdict(erased)
    if args.json:
        print(json.dumps({"user": args.user, "dry_run": args.dry_run, **counts, "compacted": clean}))
        return
    would = "would be " if args.dry_run else ""
    print(f"{counts['jobs']} jobs {would}without name, paths and comments")
    print(f"{counts['sessions']} bookings of logins {would}given to nobody")
    print(f"{counts['sums']} sums of periods {would}added to those of forgotten users")
    print(f"{counts['faults']} faults and {counts['reasons']} reasons of node states {would}without the name")
    if clean is False:
        print(
            "The database was in use: the name may still lie in unused parts of its file. "
            "Run the same command again, or stop the server for it.",
            file=sys.stderr,
        )
