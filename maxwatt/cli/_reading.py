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

    _refuse_missing(settings.ledger_url)
    ledger = Ledger.open(settings.ledger_url)
    try:
        yield Queries(ledger.engine, None, settings)
    except DatabaseError as error:
        raise SourceError(f"the ledger {settings.ledger_url} cannot be read: {error.orig}") from error
    finally:
        ledger.close()


def _refuse_missing(url: str) -> None:
    """A reader must not make an empty ledger where the path is merely mistyped."""
    path = url.removeprefix("sqlite:///")
    if path == url or not path or path.startswith(":memory:"):
        return
    try:
        there = Path(path).exists()
    except OSError as error:
        raise SourceError(f"the ledger {path} cannot be reached: {error.strerror}") from error
    if not there:
        raise NoData(
            f"there is no ledger yet at {path}. `maxwatt serve` and `maxwatt import` make one; "
            "name another place with --data-dir or --config"
        )
