"""Rows read in pieces, brought into the one order that a store promises: pure functions on Arrow tables."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from aggregator.kernel.arrays import I64

_ENTITY_BITS = 40
"""An entity's number below 2^40 fits into one sort key with its node's place."""


def joined(pieces: Sequence[pa.Table], keys: Sequence[str]) -> pa.Table:
    """The rows of all pieces, sorted.

    Args:
        pieces: in order of time; in each the rows of one entity stand together, in order of time.
        keys: `node`, what else names the entity, `ts_ms`.
    """
    filled = [piece for piece in pieces if piece.num_rows]
    table = pa.concat_tables(filled) if filled else pieces[0]
    key = _entity(table, keys[:-1])
    if key is None:
        return table.sort_by([(name, "ascending") for name in keys])
    if np.all(key[1:] >= key[:-1]):
        return table
    return table.take(np.argsort(key, kind="stable"))  # stable: the rows of an entity keep their order of time


def _entity(table: pa.Table, names: Sequence[str]) -> I64 | None:
    """One number per row that sorts as the columns do, None where they do not fit into one."""
    node, *rest = (table[name].to_numpy() for name in names)
    if not rest:
        return np.asarray(node, np.int64)
    (number,) = rest
    if len(number) and (number.min() < 0 or number.max() >= 1 << _ENTITY_BITS):
        return None
    return np.asarray((node.astype(np.int64) << _ENTITY_BITS) + number)
