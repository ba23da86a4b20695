"""Many rows at once in SQLite: a statement of many rows waits for the interpreter once, one of a single row each time.

Other threads work while rows are written; to wait for them at every row took longer than to write it.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Final

from sqlalchemy import Connection, Table

AT_ONCE: Final = 6_000
"""Values that one statement takes; SQLite's limit is 32,766."""


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Iterable[tuple[Any, ...]],
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
    coming, at_once = iter(rows), max(1, AT_ONCE // width)
    with closing(connection.connection.cursor()) as cursor:
        while block := list(islice(coming, at_once)):
            if len(block) == at_once:
                cursor.execute(_statement(*how, at_once), list(chain.from_iterable(block)))
            else:
                cursor.executemany(_statement(*how, 1), block)


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
