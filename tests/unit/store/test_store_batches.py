import pyarrow as pa
import pytest

from aggregator.store import batches
from aggregator.store.arrow import SCHEMAS, as_samples
from aggregator.store.tables import add_columns_sql, create_sql, insert_sql, sort_keys
from maxwatt.domain.errors import InputError
from maxwatt.domain.schema import GPU, JOB, MEASUREMENTS, NODE


def test_the_first_of_repeated_rows_stays_and_the_order_too() -> None:
    table = as_samples(
        "node", pa.table({"node": ["b", "a", "b", "a"], "ts_ms": [1, 1, 1, 2], "cpu_count": [1, 2, 3, 4]})
    )
    kept = batches.without_repeats("node", table)
    assert kept["cpu_count"].to_pylist() == [1, 2, 4]
    assert batches.without_repeats("node", kept) is kept


def test_names_become_numbers_over_chunks() -> None:
    parts = [pa.table({"node": names, "ts_ms": [0] * len(names)}) for names in (["b", "a"], [], ["b"])]
    numbered = batches.numbered(pa.concat_tables(parts, promote_options="permissive"), {"a": 7, "b": 9})
    assert numbered["node_id"].to_pylist() == [9, 7, 9]
    assert "node" not in numbered.column_names


def test_newest_times_only_move_forward() -> None:
    batch = pa.table({"node": ["a", "a", "b", "c"], "ts_ms": [3, 9, 2, 1]})
    assert batches.later({"a": 5, "b": 8}, batch) == {"a": 9, "b": 8, "c": 1}


def test_tables_are_brought_into_the_schema() -> None:
    table = as_samples("node", pa.table({"ts_ms": pa.array([1], pa.int32()), "node": ["a"], "monotonic_s": [3]}))
    assert table.schema == SCHEMAS["node"]
    assert table["monotonic_s"].to_pylist() == [3.0]
    assert table["epoch_id"].to_pylist() == [None]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"ts_ms": [1]}, "column node is missing"),
        ({"ts_ms": [None, 1], "node": ["a", "a"]}, "column ts_ms has 1 empty"),
        ({"ts_ms": [1], "node": ["a"], "cpu_count": [1.5]}, "column cpu_count"),
        ({"ts_ms": [1], "node": ["a"], "zone": ["x"]}, "unknown column zone"),
    ],
)
def test_tables_that_do_not_fit_are_refused_in_words(columns: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        as_samples("node", pa.table(columns))


def test_every_measurement_has_its_table() -> None:
    for measurement in MEASUREMENTS.values():
        text = create_sql(measurement)
        assert '"node_id" INTEGER' in text
        assert all(f'"{field.name}"' in text for field in measurement.fields)
        assert add_columns_sql(measurement, ["ts_ms", "node_id", *(c for c, _ in measurement.columns)]) == []


def test_repeats_are_looked_for_by_the_whole_entity_within_the_time_of_the_batch() -> None:
    text = insert_sql(GPU, repeats_possible=True)
    assert "BETWEEN ? AND ?" in text
    assert all(f't."{name}" = b."{name}"' in text for name in ("ts_ms", "node_id", "gpu", "uuid"))
    assert "EXISTS" not in insert_sql(GPU, repeats_possible=False)


def test_windows_are_sorted_as_the_port_promises() -> None:
    assert sort_keys(NODE) == ["node", "ts_ms"]
    assert sort_keys(GPU) == ["node", "gpu", "ts_ms"]
    assert sort_keys(JOB) == ["node", "job_id", "ts_ms"]
