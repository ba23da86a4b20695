"""What happens to a batch of rows before it is stored: pure functions on Arrow tables."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from maxwatt.domain.schema import MEASUREMENTS


def without_repeats(name: str, batch: pa.Table) -> pa.Table:
    """The first row of every (entity, time)."""
    keys = ["ts_ms", *(tag.name for tag in MEASUREMENTS[name].tags)]
    distinct = batch.select(keys).group_by(keys).aggregate([])
    if distinct.num_rows == batch.num_rows:
        return batch
    numbered = batch.select(keys).append_column("row", pa.array(range(batch.num_rows), pa.int64()))
    first = numbered.group_by(keys).aggregate([("row", "min")])["row_min"]
    return batch.take(first.take(pc.sort_indices(first)))


def numbered(batch: pa.Table, ids: Mapping[str, int]) -> pa.Table:
    """The batch with `node_id` in the place of `node`."""
    coded = batch["node"].combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    numbers = pa.array([ids[name] for name in coded.dictionary.to_pylist()], pa.int32())
    place = batch.column_names.index("node")
    return batch.set_column(place, "node_id", numbers.take(coded.indices))


def later(newest: Mapping[str, int], batch: pa.Table) -> dict[str, int]:
    """`newest` times [epoch ms] per node, moved on by the batch's rows."""
    added = batch.group_by("node").aggregate([("ts_ms", "max")])
    merged = dict(newest)
    for node, ts_ms in zip(added["node"].to_pylist(), added["ts_ms_max"].to_pylist(), strict=True):
        merged[node] = max(ts_ms, merged.get(node, ts_ms))
    return merged
