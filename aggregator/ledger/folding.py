"""Bookings of a UTC day as one row per node, account and job: every sum over them stays what it was.

A folded row stands at the start of its day. Rows that know different things (no CPU time, no waste, no CO2) or whose
energy has the other sign are not added up, or what is unknown would become a zero or a gap: they stay rows apart,
at the first of their buckets.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, case, delete, func, select

from aggregator.ledger.rows import Row, chunks, insert_rows
from aggregator.ledger.tables import bookings, measured
from maxwatt.domain.energy import EVIDENCE_COLUMNS
from maxwatt.domain.units import DAY_MS

_KEYS: Final = ("node", "account", "job_ref")
_SUMMED: Final = ("_j", "_s", "_g", "cost", "buckets")
_ENERGY: Final = sum((bookings.c[name] for name in EVIDENCE_COLUMNS[1:]), bookings.c[EVIDENCE_COLUMNS[0]])


def fold(connection: Connection, nodes: Sequence[str], day_ms: int) -> int:
    """Fold a day [epoch ms UTC] of some nodes; what is folded already stays. Returns how many rows are gone."""
    gone = 0
    for some in chunks(nodes):
        gone += _fold_bookings(connection, some, day_ms) + _fold_measured(connection, some, day_ms)
    return gone


def _fold_bookings(connection: Connection, nodes: Sequence[str], day_ms: int) -> int:
    columns = [bookings.c[name] for name in _KEYS]
    alike = [*columns, *(bookings.c[name].is_(None) for name in unknown_apart()), _ENERGY < 0]
    first = func.min(bookings.c.bucket_ms)
    return _replace(connection, bookings, _within(bookings, nodes, day_ms), alike, [*columns, first], day_ms)


def _fold_measured(connection: Connection, nodes: Sequence[str], day_ms: int) -> int:
    alike = [measured.c.node]
    return _replace(connection, measured, _within(measured, nodes, day_ms), alike, alike, day_ms)


def _within(table: Table, nodes: Sequence[str], day_ms: int) -> ColumnElement[bool]:
    time = (table.c.bucket_ms >= day_ms, table.c.bucket_ms < day_ms + DAY_MS)
    return and_(*time, table.c.node.in_(nodes))


def _replace(
    connection: Connection,
    table: Table,
    within: ColumnElement[bool],
    alike: Sequence[Any],
    order: Sequence[Any],
    day_ms: int,
) -> int:
    """Put one row in the place of those that are alike; returns how many rows are gone."""
    folded = [_folded(column).label(column.name) for column in table.columns]
    found = connection.execute(select(*folded, func.count()).where(within).group_by(*alike).order_by(*order))
    before, rows = 0, list[Row]()
    for row in found:
        before += row[-1]
        rows.append(tuple(row[:-1]))
    at_midnight = _at_midnight(rows, day_ms, len(table.primary_key.columns))
    if before != len(rows) or at_midnight != rows:
        connection.execute(delete(table).where(within))
        insert_rows(connection, table, at_midnight)
    return before - len(rows)


def _at_midnight(rows: Sequence[Row], day_ms: int, keys: int) -> list[Row]:
    """Rows in the order of their key but for the time: the first of each key stands at the start of the day."""
    found: list[Row] = []
    for row in rows:
        again = bool(found) and found[-1][1:keys] == row[1:keys]
        found.append(row if again else (day_ms, *row[1:]))
    return found


def unknown_apart() -> list[str]:
    """Columns that are summed and may be unknown: rows that know them and rows that do not are not added up."""
    return [column.name for column in bookings.columns if column.nullable and column.name.endswith(_SUMMED)]


def _folded(column: Any) -> ColumnElement[Any]:
    """What a column of several rows becomes in one.

    Raises:
        KeyError: a new column, of which nobody has said how it is folded.
    """
    if column.primary_key:
        return func.min(column)
    if column.name.endswith(_SUMMED):
        return func.sum(column)
    weight = func.nullif(func.abs(func.sum(_ENERGY)), 0)
    only = case((func.min(column) == func.max(column), func.min(column)))
    return {
        "memory_peak_bytes": func.max(column),
        # |E|·u is what adds up: within one job errors share their cause.
        "uncertainty": func.coalesce(func.sum(func.abs(_ENERGY) * column) / weight, 0),
        "factor_id": case((func.count() == func.count(column), only)),
        "method_version": func.min(column),
        "revision": func.max(column),
    }[column.name]
