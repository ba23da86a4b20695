"""The tables of the embedded store, made from the schema: SQL text and nothing done.

Node names live once in `nodes`; sample tables hold a small integer instead, so that reading needs no string work.
"""

from collections.abc import Collection, Sequence
from typing import Final

from maxwatt.domain.schema import NODE, SESSION, DType, Measurement

DATABASE: Final = "samples"
NODES: Final = f'{DATABASE}."nodes"'
ARRANGED: Final = f'{DATABASE}."arranged"'
CREATE_ARRANGED: Final = f"CREATE TABLE IF NOT EXISTS {ARRANGED} (day_ms BIGINT NOT NULL)"
CREATE_NODES: Final = f"CREATE TABLE IF NOT EXISTS {NODES} (node_id INTEGER NOT NULL, name VARCHAR NOT NULL)"

_SQL_TYPES: Final[dict[DType, str]] = {"int": "BIGINT", "float": "DOUBLE", "str": "VARCHAR"}


def table(measurement: Measurement) -> str:
    """Qualified SQL name of the measurement's table."""
    return f'{DATABASE}."{measurement.name}"'


def stored_columns(measurement: Measurement) -> list[tuple[str, str]]:
    """Name and SQL type of every stored column; the node's name has become its number."""
    return [
        ("node_id", "INTEGER") if name == "node" else (name, _SQL_TYPES[dtype]) for name, dtype in measurement.columns
    ]


def entity(measurement: Measurement) -> list[str]:
    """Stored columns that, with `ts_ms`, tell one row from another."""
    return ["node_id" if tag.name == "node" else tag.name for tag in measurement.tags]


def create_sql(measurement: Measurement) -> str:
    """Makes the measurement's table where it is missing.

    There is no primary key on purpose: its index would cost four times the file. `insert_sql` drops repeats.
    """
    columns = ", ".join(f'"{name}" {kind}' for name, kind in stored_columns(measurement))
    return f"CREATE TABLE IF NOT EXISTS {table(measurement)} ({columns})"


def add_columns_sql(measurement: Measurement, present: Sequence[str]) -> list[str]:
    """One statement for each column that a later schema has and the file has not."""
    return [
        f'ALTER TABLE {table(measurement)} ADD COLUMN "{name}" {kind}'
        for name, kind in stored_columns(measurement)
        if name not in present
    ]


def insert_sql(measurement: Measurement, *, repeats_possible: bool) -> str:
    """Adds the registered `batch`; where repeats are possible, rows already there are left out.

    The search is bounded by the batch's own span of time (parameters 1 and 2), so that it touches only the
    blocks of that time.
    """
    insert = f"INSERT INTO {table(measurement)} BY NAME SELECT b.* FROM batch b"  # noqa: S608  names of the schema
    if not repeats_possible:
        return insert
    same = " AND ".join(f't."{name}" = b."{name}"' for name in ["ts_ms", *entity(measurement)])
    there = f"SELECT 1 FROM {table(measurement)} t WHERE t.ts_ms BETWEEN ? AND ? AND {same}"  # noqa: S608  as above
    return f"{insert} WHERE NOT EXISTS ({there})"


def select_sql(measurement: Measurement, columns: Sequence[str], numbers: Collection[int]) -> str:
    """Rows of the nodes with these numbers, at least one, with `ts_ms` in [parameter 1, parameter 2), in any order;
    their column `node` is the node's number.
    """
    low, high = min(numbers), max(numbers)
    together = high - low == len(numbers) - 1  # nodes that came together have numbers that follow each other
    mine = f"BETWEEN {low} AND {high}" if together else f"IN ({', '.join(map(str, numbers))})"
    picked = ", ".join("node_id AS node" if name == "node" else f'"{name}"' for name in columns)
    return f"SELECT {picked} FROM {table(measurement)} WHERE node_id {mine} AND ts_ms >= ? AND ts_ms < ?"  # noqa: S608  names of the schema


def span_sql(measurement: Measurement) -> str:
    """Oldest and newest time of all rows; nulls where there are none."""
    return f"SELECT min(ts_ms), max(ts_ms) FROM {table(measurement)}"  # noqa: S608  names of the schema


def newest_row_sql(measurement: Measurement) -> str:
    """Number of the newest row with `ts_ms` in [parameter 1, parameter 2)."""
    return f"SELECT max(rowid) FROM {table(measurement)} WHERE ts_ms >= ? AND ts_ms < ?"  # noqa: S608  as above


def copy_in_order_sql(measurement: Measurement) -> str:
    """Adds the rows with `ts_ms` in [parameter 1, parameter 2) once more, by node name, entity and time."""
    order = ", ".join("n.name" if name == "node" else f't."{name}"' for name in sort_keys(measurement))
    return (
        f"INSERT INTO {table(measurement)} SELECT t.* FROM {table(measurement)} t JOIN {NODES} n USING (node_id) "  # noqa: S608  as above
        f"WHERE t.ts_ms >= ? AND t.ts_ms < ? ORDER BY {order}"
    )


def delete_rows_sql(measurement: Measurement) -> str:
    """Deletes the rows with `ts_ms` in [parameter 1, parameter 2) up to number parameter 3."""
    return f"DELETE FROM {table(measurement)} WHERE ts_ms >= ? AND ts_ms < ? AND rowid <= ?"  # noqa: S608  as above


def delete_before_sql(measurement: Measurement) -> str:
    """Deletes the rows with `ts_ms` before parameter 1."""
    return f"DELETE FROM {table(measurement)} WHERE ts_ms < ?"  # noqa: S608  as above


def sort_keys(measurement: Measurement) -> list[str]:
    """Columns that a window is sorted by: whole numbers that name the entity, then time."""
    return ["node", *(tag.name for tag in measurement.tags if tag.dtype == "int"), "ts_ms"]


RENAME_USER: Final = f'UPDATE {table(SESSION)} SET uid = ?, "user" = ? WHERE uid = ? AND ts_ms < ?'  # noqa: S608  as above
"""Gives a user's session rows another number and name: new number, new name, number, before which time."""

NEWEST_BY_NODE: Final = (
    f"SELECT n.name, max(t.ts_ms) FROM {table(NODE)} t JOIN {NODES} n USING (node_id) GROUP BY n.name"  # noqa: S608  as above
)
