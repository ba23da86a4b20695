"""Making the database anew, so that what was removed is not left in its file."""

import contextlib

from sqlalchemy import Engine

from aggregator.ledger.tables import faults, jobs, node_states, rollups


def compact(engine: Engine) -> bool:
    """Write the tables that had names in them anew; whether nothing old is left (SQLite: not while another one reads).

    Takes as long as to copy the file, and needs its size once more; who writes waits meanwhile.

    Raises:
        sqlite3.OperationalError: another process writes for longer than is waited for.
    """
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            for table in (jobs, rollups, faults, node_states):
                connection.exec_driver_sql(f"VACUUM FULL {table.name}")
        return True
    with contextlib.closing(engine.raw_connection()) as raw:  # outside of our transactions
        cursor = raw.cursor()
        cursor.execute("VACUUM")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
