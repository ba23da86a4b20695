"""Opening the ledger's database, whichever of the two it is."""

import re
from typing import Final

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from aggregator.ledger import postgresql, sqlite
from aggregator.ledger.transactions import writing
from aggregator.ledger.upgrade import upgrade
from maxwatt.domain.errors import ConfigError, SourceError

_PREPARED: Final = {"sqlite": sqlite.prepare, "postgresql": postgresql.prepare}
"""What sets up an engine, by kind of database."""


def open_engine(url: str) -> Engine:
    """The ledger's database with its tables made or brought to this version.

    Args:
        url: SQLAlchemy URL, such as `sqlite:////var/lib/maxwatt/ledger.sqlite`.

    Raises:
        ConfigError: the URL is none, or a newer maxwatt wrote the tables.
        SourceError: the database cannot be opened.
    """
    engine = _engine_of(url)
    shown = str(engine.url)  # without its password
    try:
        upgrade(engine, writing(engine), shown)
    except SQLAlchemyError as error:
        engine.dispose()
        raise SourceError(f"ledger {shown}: cannot be opened: {_reason(error)}") from error
    except ConfigError:
        engine.dispose()
        raise
    return engine


def _engine_of(url: str) -> Engine:
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
        if kind not in _PREPARED:
            raise ConfigError(f"ledger.url {shown_url(url)}: the ledger is kept in sqlite or postgresql, not in {kind}")
        engine = create_engine(_with_driver(parsed), **(postgresql.OPTIONS if kind == "postgresql" else {}))
    except ImportError as error:
        raise ConfigError(f"ledger.url {shown_url(url)}: {error}; PostgreSQL needs maxwatt[postgres]") from error
    except (ArgumentError, ValueError) as error:
        raise ConfigError(f"ledger.url {shown_url(url)!r} is no database URL: {error}") from error
    _PREPARED[kind](engine)
    return engine


def _with_driver(url: URL) -> URL:
    """`postgresql://` means our driver, not SQLAlchemy's default one."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def shown_url(url: str) -> str:
    """A database URL for people and logs: without its password, also where it is no proper URL."""
    return re.sub(r"^((?:[^:/]*://)?[^:/@]*):(?!//).*@", r"\1:***@", url)


def _reason(error: SQLAlchemyError) -> str:
    """What the database says, and what a person can do about it, where that is plain."""
    text = str(error.__cause__ or error)
    if "not a database" in text or "malformed" in text:
        return f"{text}; put a copy of it back, or move it away, import the jobs again and run maxwatt attribute"
    if "unable to open" in text or "readonly" in text:
        return f"{text}; it and its folder must be this user's to write"
    return text
