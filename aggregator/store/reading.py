"""Reading a window: one query per measurement and stretch of time, on a cursor whose transaction has begun."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from aggregator.store import tables as sql
from aggregator.store.arranging import arranged_days, pieces
from aggregator.store.arrow import ARROW_TYPES
from aggregator.store.order import joined
from maxwatt.domain.ports import SampleWindow
from maxwatt.domain.schema import GPU, JOB, NODE, SESSION, Measurement
from maxwatt.domain.units import DAY_MS

Columns = Mapping[str, Sequence[str]]
"""Measurement name to the columns wanted."""


def read_window(
    cursor: Any, ids: Mapping[str, int], nodes: Sequence[str], span_ms: tuple[int, int], columns: Columns | None
) -> SampleWindow:
    """All samples of some nodes in a time.

    Args:
        ids: numbers of the nodes that have rows.
        span_ms: start and end [epoch ms UTC].
        columns: None: everything.
    """
    cursor.register("wanted", _wanted(ids, nodes))
    parts = pieces(span_ms, arranged_days(cursor, span_ms[0] - DAY_MS, span_ms[1]))
    return SampleWindow(tuple(nodes), *(_read(cursor, each, parts, columns) for each in (NODE, GPU, JOB, SESSION)))


def _wanted(ids: Mapping[str, int], nodes: Sequence[str]) -> pa.Table:
    known = [(ids[name], index) for index, name in enumerate(nodes) if name in ids]
    return pa.table(
        {
            "node_id": pa.array([node_id for node_id, _ in known], pa.int32()),
            "node": pa.array([index for _, index in known], pa.int32()),
        }
    )


def _read(
    cursor: Any, measurement: Measurement, parts: Sequence[tuple[int, int, bool]], columns: Columns | None
) -> pa.Table:
    names = _picked(measurement, columns)
    if columns is not None and measurement.name not in columns:
        return _window_schema(measurement, names).empty_table()
    found = [
        cursor.sql(sql.select_sql(measurement, names, ordered=not arranged), params=[start, end]).to_arrow_table()
        for start, end, arranged in parts
    ]
    return joined(found, sql.sort_keys(measurement))


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
