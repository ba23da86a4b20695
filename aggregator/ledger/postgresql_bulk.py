"""Many rows at once in PostgreSQL: row by row its inserts and deletes are several times slower than these."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table


def copy_rows(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add tuples in the order of the table's columns, in the transaction of the connection."""
    names = ", ".join(_quoted(connection, column.name) for column in table.columns)
    statement = f"COPY {_quoted(connection, table.name)} ({names}) FROM STDIN"
    with _cursor(connection) as cursor, cursor.copy(statement) as to:
        for row in rows:
            to.write_row(row)


def delete_keys(connection: Connection, table: Table, keys: Sequence[tuple[Any, ...]]) -> None:
    """Delete the rows whose primary keys are given."""
    columns = list(table.primary_key.columns)
    kinds = [column.type.compile(dialect=connection.dialect) for column in columns]
    names = [_quoted(connection, column.name) for column in columns]
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    target = _quoted(connection, table.name)
    same = " AND ".join(f"{target}.{name} = key.{name}" for name in names)
    statement = f"DELETE FROM {target} USING unnest({arrays}) AS key ({', '.join(names)}) WHERE {same}"  # noqa: S608
    with _cursor(connection) as cursor:
        cursor.execute(statement, [list(values) for values in zip(*keys, strict=True)])


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()
