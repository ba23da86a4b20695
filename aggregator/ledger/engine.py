"""Opening the ledger's database: its pragmas and its transactions."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from aggregator.ledger.upgrade import upgrade
from maxwatt.domain.errors import ConfigError, SourceError

BUSY_TIMEOUT_MS: Final = 30_000
"""How long a process waits for another one that writes."""

WRITES: Final = "ledger_writes"
"""Execution option of a connection whose transaction is going to write."""


def open_engine(url: str) -> Engine:
    """The ledger's database with its tables made or brought to this version.

    Args:
        url: SQLAlchemy URL, such as `sqlite:////var/lib/maxwatt/ledger.sqlite`.

    Raises:
        ConfigError: the URL is none, or a newer maxwatt wrote the tables.
        SourceError: the database cannot be opened.
    """
    try:
        parsed = make_url(url)
        engine = create_engine(parsed)
    except (ArgumentError, ImportError) as error:
        raise ConfigError(f"ledger.url {url!r}: {error}") from error
    if parsed.get_backend_name() == "sqlite":
        _prepare_sqlite(engine, parsed.database)
    try:
        upgrade(engine, writing(engine), str(parsed))
    except SQLAlchemyError as error:
        engine.dispose()
        raise SourceError(f"ledger {parsed}: cannot be opened: {_reason(error)}") from error
    except ConfigError:
        engine.dispose()
        raise
    return engine


def _reason(error: SQLAlchemyError) -> str:
    """What the database says, and what a person can do about it, where that is plain."""
    text = str(error.__cause__ or error)
    if "not a database" in text or "malformed" in text:
        return f"{text}; put a copy of it back, or move it away, import the jobs again and run maxwatt attribute"
    if "unable to open" in text or "readonly" in text:
        return f"{text}; it and its folder must be this user's to write"
    return text


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: on SQLite they take the write lock at once, so none fails late."""
    return engine.execution_options(**{WRITES: True})


def _prepare_sqlite(engine: Engine, database: str | None) -> None:
    if database and database != ":memory:":
        try:
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = "is no folder" if isinstance(error, FileExistsError) else error.strerror
            raise SourceError(f"ledger {database}: its folder: {reason}; choose another --data-dir") from error
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _on_connect(dbapi_connection: Any, _record: Any) -> None:
    # Python's own transaction handling would begin late and in the wrong mode: ours is `_on_begin`.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "cache_size=-32768"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # A transaction that reads first and then writes is refused by SQLite when somebody wrote in between.
    immediate = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
