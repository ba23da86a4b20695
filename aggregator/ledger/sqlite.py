"""What SQLite needs: a folder, its pragmas, and transactions that begin as ours must."""

import sqlite3
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from aggregator.ledger.transactions import is_writing
from maxwatt.domain.errors import SourceError

BUSY_TIMEOUT_MS: Final = 30_000
"""How long a process waits for another one that writes."""


_PRAGMAS: Final = (
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "synchronous=NORMAL",
    "cache_size=-32768",
    "wal_autocheckpoint=4000",  # pages; a booking writes many of them several times
)

# Without it the driver looks at every null it is given for a way to adapt it, which takes longer than to bind it.
sqlite3.register_adapter(type(None), {}.get)  # type: ignore[arg-type]  # this gives None


def prepare(engine: Engine) -> None:
    """Make the folder of the file and set every connection up.

    Raises:
        SourceError: the folder cannot be made.
    """
    database = engine.url.database
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
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    _keep_a_wal(cursor)
    cursor.close()


def _keep_a_wal(cursor: Any) -> None:
    """Have the file keep a write-ahead log. While another connection changes a new file to it, SQLite refuses at once,
    without the `busy_timeout` that all else waits.
    """
    until_s = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
            time.sleep(0.01)


def _on_begin(connection: Connection) -> None:
    # A transaction that reads first and then writes is refused by SQLite when somebody wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing(connection) else "BEGIN")
