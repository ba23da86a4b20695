"""The two kinds of transactions of a ledger: those that read see one moment, those that write take turns."""

from typing import Final

from sqlalchemy import Connection, Engine

_WRITES: Final = "ledger_writes"


def writing(engine: Engine) -> Engine:
    """The same engine for transactions that write: they wait for each other at their begin, so none fails late."""
    if engine.dialect.name == "postgresql":  # what was committed while a transaction waited, it must see
        return engine.execution_options(**{_WRITES: True}, isolation_level="READ COMMITTED")
    return engine.execution_options(**{_WRITES: True})


def is_writing(connection: Connection) -> bool:
    """Whether the transaction of this connection is going to write."""
    return bool(connection.get_execution_options().get(_WRITES))
