"""Opening a ledger to read it, beside a running server or without one."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from aggregator.queries.queries import Queries
from maxwatt.config import Settings
from maxwatt.domain.errors import NoData, SourceError


@contextlib.contextmanager
def opened_queries(settings: Settings) -> Iterator[Queries]:
    """Queries on the site's ledger, without the samples: the server may have their file.

    Raises:
        NoData: there is no ledger yet.
        SourceError: it is there but cannot be opened.
    """
    from sqlalchemy.exc import DatabaseError

    from aggregator.ledger.ledger import Ledger

    refuse_missing_ledger(settings)
    ledger = Ledger.open(settings.ledger_url)
    try:
        yield Queries(ledger.engine, None, settings)
    except DatabaseError as error:
        raise SourceError(f"the ledger {ledger.engine.url} cannot be read: {error.orig}") from error
    finally:
        ledger.close()


def refuse_missing_ledger(settings: Settings) -> None:
    """Refuse where the ledger is a file that is not there; see `refuse_missing`."""
    path = _file_of(settings.ledger_url)
    if path is not None:
        refuse_missing(path, "ledger")


def refuse_missing(path: Path, what: str) -> None:
    """Who only reads must not make an empty file where the path is merely mistyped.

    Args:
        what: ledger or store.

    Raises:
        NoData: there is no such file.
        SourceError: that cannot be known.
    """
    try:
        there = path.exists()
    except OSError as error:
        raise SourceError(f"the {what} {path} cannot be reached: {error.strerror}") from error
    if not there:
        raise NoData(
            f"there is no {what} yet at {path}. `maxwatt serve` and `maxwatt import` make one; "
            "name another place with --data-dir or --config"
        )


def _file_of(url: str) -> Path | None:
    path = url.removeprefix("sqlite:///")
    return None if path == url or not path or path.startswith(":memory:") else Path(path)
