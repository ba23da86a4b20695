"""Many rows at once in SQLite: a statement of many rows waits for the interpreter once, one of a single row each time.

Other threads work while rows are written; to wait for them at every row took longer than to write it.
"""

from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Table

from aggregator.ledger.columns import Columns

AT_ONCE: Final = 30_000
"""Values that one statement takes; SQLite's limit is 32,766."""


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[tuple[Any, ...]],
    last: int | None = None,
    *,
    missing: bool = False,
) -> None:
    """Insert tuples in the order of the table's columns.

    Args:
        last: value of the last column in all rows, which then lack it.
        missing: only rows whose keys are not there.
    """
    names = tuple(column.name for column in table.columns)
    width = len(names) - (last is not None)
    ending = "" if last is None else f", {int(last)}"
    how = table.name, names, ending, missing
    at_once = max(1, AT_ONCE // width)
    whole = len(rows) - len(rows) % at_once
    values = rows.values() if isinstance(rows, Columns) else list(chain.from_iterable(rows))
    with closing(connection.connection.cursor()) as cursor:
        for start in range(0, whole, at_once):
            cursor.execute(_statement(*how, at_once), values[start * width : (start + at_once) * width])
        cursor.executemany(_statement(*how, 1), rows[whole:])


@lru_cache(maxsize=64)
def _statement(table: str, names: tuple[str, ...], ending: str, missing: bool, rows: int) -> str:
    places = ", ".join("?" * (len(names) - bool(ending))) + ending
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join([f"({places})"] * rows)
    return f'INSERT INTO "{table}" ({columns}) VALUES {values}{" ON CONFLICT DO NOTHING" * missing}'  # noqa: S608


def delete_keys(connection: Connection, table: Table, keys: Sequence[tuple[Any, ...]]) -> None:
    """Delete the rows whose primary keys are given."""
    same = " AND ".join(f'"{column.name}" = ?' for column in table.primary_key.columns)
    with closing(connection.connection.cursor()) as cursor:
        cursor.executemany(f'DELETE FROM "{table.name}" WHERE {same}', keys)  # noqa: S608  # names of our own tables
