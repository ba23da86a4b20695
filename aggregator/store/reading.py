"""Reading a window: one query per measurement, on a cursor whose transaction has begun."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from aggregator.store import tables as sql
from aggregator.store.arrow import ARROW_TYPES
from aggregator.store.order import in_order, placed
from maxwatt.domain.ports import SampleWindow
from maxwatt.domain.schema import GPU, JOB, NODE, SESSION, Measurement

Columns = Mapping[str, Sequence[str]]
"""Measurement name to the columns wanted."""

Span = tuple[int, int]
"""Oldest and newest time of some rows [epoch ms UTC]."""


def read_window(
    cursor: Any,
    known: tuple[Mapping[str, int], Mapping[str, Span]],
    nodes: Sequence[str],
    span_ms: tuple[int, int],
    columns: Columns | None,
) -> SampleWindow:
    """All samples of some nodes in a time.

    Args:
        known: numbers of the nodes that have rows; which time the rows of each measurement that has any span.
        span_ms: start and end [epoch ms UTC].
        columns: None: everything.
    """
    ids, spans = known
    places = {ids[name]: place for place, name in enumerate(nodes) if name in ids}
    found = []
    for measurement in (NODE, GPU, JOB, SESSION):
        oldest, newest = spans.get(measurement.name, (0, -1))
        filled = span_ms[0] <= newest and span_ms[1] > oldest
        found.append(_read(cursor, measurement, places if filled else {}, span_ms, columns))
    return SampleWindow(tuple(nodes), *found)


def _read(
    cursor: Any, measurement: Measurement, places: Mapping[int, int], span_ms: Span, columns: Columns | None
) -> pa.Table:
    names = _picked(measurement, columns)
    if not places or (columns is not None and measurement.name not in columns):
        return _window_schema(measurement, names).empty_table()
    rows = cursor.sql(sql.select_sql(measurement, names, places), params=list(span_ms)).to_arrow_table()
    return in_order(placed(rows, places), sql.sort_keys(measurement))


def _picked(measurement: Measurement, columns: Columns | None) -> list[str]:
    names = [name for name, _ in measurement.columns]
    if columns is None or measurement.name not in columns:
        return names
    wanted = {*sql.sort_keys(measurement), *columns[measurement.name]}
    unknown = wanted - set(names)
    if unknown:
        raise ValueError(f"{measurement.name} has no column {', '.join(sorted(unknown))}")
    return [name for name in names if name in wanted]


def _window_schema(measurement: Measurement, names: Sequence[str]) -> pa.Schema:
    types = {name: pa.int32() if name == "node" else ARROW_TYPES[dtype] for name, dtype in measurement.columns}
    return pa.schema([(name, types[name]) for name in names])
