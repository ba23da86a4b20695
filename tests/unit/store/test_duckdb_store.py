import dataclasses
import threading
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from aggregator.store.connection import STORAGE_VERSION
from aggregator.store.duckdb import DuckDBStore
from aggregator.store.registry import open_store
from maxwatt.config import ServerSettings, Settings, StoreSettings
from maxwatt.domain.errors import SourceError, StoreLockedError

ROW = {"node": ["a"], "ts_ms": [1_780_000_000_000]}


def raw(path: Path, *statements: str) -> list[tuple]:
    with duckdb.connect(str(path)) as connection:
        return [row for statement in statements for row in connection.execute(statement).fetchall()]


def test_columns_of_a_later_schema_are_added_to_an_older_file(tmp_path: Path) -> None:
    path = tmp_path / "samples.duckdb"
    DuckDBStore(path).close()
    raw(
        path,
        "INSERT INTO nodes VALUES (0, 'a')",
        "INSERT INTO node (ts_ms, node_id, monotonic_s) VALUES (5, 0, 1.5)",
        "ALTER TABLE node DROP COLUMN cpu_count",
        "DROP TABLE zone",
    )
    store = DuckDBStore(path)
    store.write({"node": pa.table({"node": ["a"], "ts_ms": [6], "cpu_count": [8]})})
    node = store.read(["a"], 0, 10).node
    store.close()
    assert node["monotonic_s"].to_pylist() == [1.5, None]
    assert node["cpu_count"].to_pylist() == [None, 8]


def test_columns_this_version_does_not_know_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "samples.duckdb"
    DuckDBStore(path).close()
    raw(path, "ALTER TABLE node ADD COLUMN from_the_future DOUBLE")
    store = DuckDBStore(path)
    store.write({"node": pa.table(ROW)})
    assert "from_the_future" not in store.read(["a"], 0, 2**62).node.column_names
    store.close()


def test_the_file_has_the_format_that_older_duckdb_reads(tmp_path: Path) -> None:
    path = tmp_path / "samples.duckdb"
    DuckDBStore(path).close()
    tags = raw(path, "SELECT tags['storage_version'] FROM duckdb_databases() WHERE path IS NOT NULL")
    assert tags[0][0].startswith(STORAGE_VERSION)


def test_nothing_is_kept_of_a_commit_that_failed_halfway(tmp_path: Path) -> None:
    path = tmp_path / "samples.duckdb"
    store = DuckDBStore(path)
    store._connection.execute("DROP TABLE samples.job")
    rows = {"node": pa.table(ROW), "job": pa.table(ROW | {"job_id": [1]})}
    with pytest.raises(SourceError, match="could not be written"):
        store.write(rows)
    assert store.oldest_ms() is None
    store.close()
    assert raw(path, "SELECT * FROM nodes") == []
    again = DuckDBStore(path)
    assert again.write(rows) == 2
    again.close()


def test_only_columns_asked_for_are_read_and_what_sorts_them(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "s.duckdb")
    store.write({"node": pa.table(ROW | {"cpu_count": [8]}), "job": pa.table(ROW | {"job_id": [1]})})
    window = store.read(["a"], 0, 2**62, {"node": ["cpu_count"], "gpu": []})
    assert window.node.column_names == ["ts_ms", "node", "cpu_count"]
    assert window.node.num_rows == 1
    assert window.gpu.column_names == ["ts_ms", "node", "gpu"]
    assert window.job.num_rows == 0
    with pytest.raises(ValueError, match="node has no column watts"):
        store.read(["a"], 0, 1, {"node": ["watts"]})
    store.close()


def test_a_second_store_of_the_same_process_is_refused_too(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "s.duckdb")
    with pytest.raises(StoreLockedError, match="exactly one may"):
        DuckDBStore(tmp_path / "s.duckdb")
    store.close()
    DuckDBStore(tmp_path / "s.duckdb").close()


def test_what_is_no_store_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 1000)
    with pytest.raises(SourceError, match=r"notes\.txt"):
        DuckDBStore(path)
    with pytest.raises(SourceError, match=r"notes\.txt"):
        DuckDBStore(path / "below" / "s.duckdb")


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "s.duckdb")
    store.close()
    store.close()
    with pytest.raises(SourceError):
        store.read(["a"], 0, 1)
    with pytest.raises(SourceError):
        store.write({"node": pa.table(ROW)})
    with pytest.raises(SourceError):
        store.forget_before(1)


def test_closing_breaks_off_what_is_read_and_waits_for_nobody(tmp_path: Path) -> None:
    day_ms = 86_400_000
    times = pa.array(range(1_780_000_000_000, 1_780_000_000_000 + day_ms, 200), pa.int64())
    names = pa.array(["a"] * len(times))
    for _ in range(5):
        store = DuckDBStore(tmp_path / "s.duckdb")
        store.write({"node": pa.table({"node": names, "ts_ms": times, "cpu_count": pa.array([8] * len(times))})})
        said, first = list[str](), threading.Barrier(5)
        readers = [threading.Thread(target=read_until_closed, args=(store, first, said)) for _ in range(4)]
        for reader in readers:
            reader.start()
        first.wait(30)
        store.close()
        for reader in readers:
            reader.join(30)
        assert len(said) == 4, said
        DuckDBStore(tmp_path / "s.duckdb").close()  # the file was let go of


def read_until_closed(store: DuckDBStore, first: threading.Barrier, said: list[str]) -> None:
    try:
        store.read(["a"], 0, 2**62)
        first.wait(30)
        while True:
            store.read(["a"], 0, 2**62)
    except SourceError as error:
        said.append(str(error))


def test_a_name_with_a_quote_is_only_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "o'brien"
    store = DuckDBStore(folder / "s.duckdb")
    store.write({"node": pa.table(ROW | {"node": ["a'); DROP TABLE nodes; --"]})})
    assert list(store.newest_ms()) == ["a'); DROP TABLE nodes; --"]
    store.close()
    assert [path.name for path in folder.iterdir()] == ["s.duckdb"]


def test_the_configuration_chooses_store_and_place(tmp_path: Path) -> None:
    settings = dataclasses.replace(Settings(), server=ServerSettings(data_dir=str(tmp_path / "data")))
    open_store(settings).close()
    assert (tmp_path / "data" / "samples.duckdb").exists()
    elsewhere = dataclasses.replace(settings, store=StoreSettings(path=str(tmp_path / "x.duckdb"), memory_limit="64MB"))
    open_store(elsewhere).close()
    assert (tmp_path / "x.duckdb").exists()


def test_memory_and_threads_are_bounded_as_asked(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "s.duckdb", memory_limit="100MB", threads=1)
    asked = "SELECT current_setting('memory_limit'), current_setting('threads'), current_setting('TimeZone')"
    assert store._connection.execute(asked).fetchone() == ("95.3 MiB", 1, "UTC")
    assert store._connection.execute("SELECT current_setting('temp_directory')").fetchone()[0].startswith(str(tmp_path))
    store.close()
