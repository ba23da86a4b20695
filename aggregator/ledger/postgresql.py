"""What PostgreSQL needs to keep the ledger's promises: readers see one moment, writers take turns."""

from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from aggregator.ledger.transactions import is_writing

LOCK_TIMEOUT_MS: Final = 30_000
"""How long a transaction waits for another one that writes."""

OPTIONS: Final[dict[str, Any]] = {
    "isolation_level": "REPEATABLE READ",  # of those that read: all statements see the same rows, and none can fail
    "pool_pre_ping": True,  # the server may have been restarted
}
"""How its engine is made."""

_WRITERS: Final = 0x6D6178776174  # "maxwat": any number will do, nobody else locks by it in this database


def prepare(engine: Engine) -> None:
    """Set every connection up."""
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _on_connect(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.autocommit = True
    dbapi_connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
    dbapi_connection.autocommit = False


def _on_begin(connection: Connection) -> None:
    # What is written depends on what was read: two writers at once would book a thing twice or fail half way.
    if is_writing(connection):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")
