"""Many rows at once: prepared statements for whole tuples, and which rows of a table differ from what is wanted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, select
from sqlalchemy.dialects import postgresql

from aggregator.ledger import postgresql_bulk, sqlite_bulk

Row = tuple[Any, ...]

TOLERANCE: Final = 1e-9
"""Relative difference below which two figures are one: sums taken in another order differ in their last digits."""

CHUNK: Final = 500
"""How many values one `IN (…)` names; databases limit it."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Rows to write and keys to remove so that a table says what is wanted."""

    added: Sequence[Row]
    changed: list[Row]
    removed: list[Row]

    def __len__(self) -> int:
        return len(self.added) + len(self.changed) + len(self.removed)


def chunks(values: Sequence[Any], size: int = CHUNK) -> Iterable[Sequence[Any]]:
    """`values` in pieces of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))


def differences(present: Iterable[Row], wanted: Sequence[Row], keys: int, figures: int) -> Changes:
    """What must change for `present` to become `wanted`.

    Args:
        present, wanted: rows; the first `keys` columns name a row, the columns up to `figures` are compared.
    """
    old = {row[:keys]: row[keys:figures] for row in present}
    if not old:
        return Changes(wanted, [], [])
    added, changed = [], []
    for row in wanted:
        before = old.pop(row[:keys], None)
        if before is None:
            added.append(row)
        elif before != row[keys:figures] and not _alike(before, row[keys:figures]):
            changed.append(row)
    return Changes(added, changed, list(old))


def _alike(one: Row, other: Row) -> bool:
    return all(a == b or _close(a, b) for a, b in zip(one, other, strict=True))


def _close(a: Any, b: Any) -> bool:
    return isinstance(a, float) and isinstance(b, float) and isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row], last: int | None = None) -> None:
    """Insert tuples in the order of the table's columns.

    Args:
        last: value of the last column in all rows, which then lack it: cheaper than to make each of them anew.
    """
    if not len(rows):
        return
    if connection.dialect.name == "postgresql":
        postgresql_bulk.copy_rows(connection, table, rows if last is None else ((*row, last) for row in rows))
    else:
        sqlite_bulk.insert_rows(connection, table, rows, last)


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert those tuples, in the order of the table's columns, whose primary keys are not there."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        names = [column.name for column in table.columns]
        missing = postgresql.insert(table).on_conflict_do_nothing()
        connection.execute(missing, [dict(zip(names, row, strict=True)) for row in rows])
    else:
        sqlite_bulk.insert_rows(connection, table, rows, missing=True)


def delete_rows(connection: Connection, table: Table, keys: Sequence[Row]) -> None:
    """Delete the rows whose primary keys are given."""
    if not keys:
        return
    if connection.dialect.name == "postgresql":
        postgresql_bulk.delete_keys(connection, table, keys)
    else:
        sqlite_bulk.delete_keys(connection, table, keys)


def rows_where(connection: Connection, table: Table, *conditions: Any) -> list[Row]:
    """All rows of a table under conditions, as tuples in the order of its columns."""
    return [tuple(row) for row in connection.execute(select(table).where(*conditions)).all()]


def plain_rows(connection: Connection, statement: Select[Any], values: Mapping[str, Any] | None = None) -> list[Row]:
    """What a query finds as the driver gives it, a truth perhaps as 0 or 1: several times as fast for many rows.

    Args:
        values: of the statement's parameters, where it has any.
    """
    cursor = connection.execute(statement, values).cursor
    return [] if cursor is None else list(cursor.fetchall())


def plain_dicts(
    connection: Connection, statement: Any, values: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The same by the names of the columns."""
    found = connection.execute(statement, values)
    names = tuple(found.keys())
    return [] if found.cursor is None else [dict(zip(names, row, strict=True)) for row in found.cursor.fetchall()]


def inserted_key(connection: Connection, statement: Any) -> int:
    """Run an insert of one row and return the number that the database gave it."""
    key = connection.execute(statement).inserted_primary_key
    if key is None:  # SQLAlchemy gives one for every insert of a single row
        raise RuntimeError("the database gave no key for a new row")
    return int(key[0])


def as_mapping(row: Any) -> Mapping[str, Any]:
    """A fetched row by column name."""
    mapping: Mapping[str, Any] = row._mapping  # SQLAlchemy's documented name
    return mapping
