"""Rows as they were read, brought into the one order that a store promises: pure functions on Arrow tables."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from aggregator.kernel.arrays import I64

_ENTITY_BITS = 40
"""An entity's number below 2^40 fits into one sort key with its node's place."""


def placed(table: pa.Table, places: Mapping[int, int]) -> pa.Table:
    """The table with each node's place, by its number, in the column `node`."""
    place_of = np.zeros(max(places) + 1, np.int32)
    place_of[list(places)] = list(places.values())
    column = table.column_names.index("node")
    return table.set_column(column, "node", pa.array(place_of[table["node"].to_numpy()]))


def in_order(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The rows, sorted; what lies in order already is not copied.

    Args:
        keys: `node`, what else names the entity, `ts_ms`.
    """
    entity = _entity(table, keys[:-1])
    if entity is None:
        return table.sort_by([(name, "ascending") for name in keys])
    ts_ms = table[keys[-1]].to_numpy()
    if _ascends(entity, ts_ms):
        return table
    order = np.argsort(entity, kind="stable")  # rows of an entity most often lie in the order of time
    return table.take(order if _ascends(entity[order], ts_ms[order]) else np.lexsort((ts_ms, entity)))


def _ascends(entity: I64, ts_ms: I64) -> bool:
    before, after = entity[:-1], entity[1:]
    return bool(np.all((before < after) | ((before == after) & (ts_ms[:-1] <= ts_ms[1:]))))


def _entity(table: pa.Table, names: Sequence[str]) -> I64 | None:
    """One number per row that sorts as the columns do, None where they do not fit into one."""
    node, *rest = (table[name].to_numpy() for name in names)
    if not rest:
        return np.asarray(node, np.int64)
    (number,) = rest
    if len(number) and (number.min() < 0 or number.max() >= 1 << _ENTITY_BITS):
        return None
    return np.asarray((node.astype(np.int64) << _ENTITY_BITS) + number)
