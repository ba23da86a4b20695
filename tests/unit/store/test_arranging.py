"""Days laid in the order in which they are read: nothing is lost, late rows are noticed, reading finds the same."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from aggregator.store.duckdb import DuckDBStore
from aggregator.store.order import in_order
from maxwatt.domain.units import DAY_MS

T0 = 1_780_272_000_000  # a UTC midnight
HOUR_MS = 3_600_000
NODES = ["a", "b", "c"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(tmp_path / "s.duckdb")
    yield opened
    opened.close()


def at(ts: int, nodes: list[str] = NODES) -> dict[str, pa.Table]:
    """What all nodes send of one time: two jobs and two boards each, in no order."""
    rows = [(node, number) for node in nodes for number in (7, 3)]
    random.Random(ts).shuffle(rows)  # noqa: S311  the same order each time
    names, numbers = [node for node, _ in rows], [number for _, number in rows]
    value = [float(ts % 1000 + number) for number in numbers]
    return {
        "node": pa.table({"ts_ms": [ts] * len(nodes), "node": nodes[::-1], "monotonic_s": [ts / 1000] * len(nodes)}),
        "gpu": pa.table(
            {"ts_ms": [ts] * len(rows), "node": names, "gpu": numbers, "uuid": ["u"] * len(rows), "power_watts": value}
        ),
        "job": pa.table({"ts_ms": [ts] * len(rows), "node": names, "job_id": numbers, "cpu_seconds_total": value}),
    }


def fill(store: DuckDBStore, days: int) -> None:
    """Batches in the order of time; "c" sends first and so has the lowest number, though its name comes last."""
    store.write(at(T0, ["c"]))
    for ts in range(T0 + HOUR_MS, T0 + days * DAY_MS, HOUR_MS):
        store.write(at(ts))


def everything(store: DuckDBStore, nodes: list[str] = NODES) -> dict[str, list[dict[str, object]]]:
    window = store.read(nodes, T0 - DAY_MS, T0 + 9 * DAY_MS)
    return {name: getattr(window, name).to_pylist() for name in ("node", "gpu", "job", "session")}


def lying(path: Path) -> list[tuple[object, ...]]:
    """The job rows as they lie in the file."""
    found = "SELECT n.name, t.job_id, t.ts_ms FROM job t JOIN nodes n USING (node_id) ORDER BY t.rowid"
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(found).fetchall()


def test_an_arranged_day_lies_by_node_entity_and_time(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "s.duckdb")
    fill(store, days=1)
    assert store.arrange(T0 + DAY_MS) == T0
    store.close()
    rows = lying(tmp_path / "s.duckdb")
    assert rows == sorted(rows) and len(rows) == 2 + 23 * 6


def test_reading_finds_the_same_whatever_is_arranged(store: DuckDBStore) -> None:
    fill(store, days=3)
    asked = (NODES, ["b"], ["c", "a"], ["c", "nobody", "b"])
    before = [everything(store, nodes) for nodes in asked]
    assert all(len(found["job"]) > 100 for found in before)
    for _ in range(3):
        assert store.arrange(T0 + 3 * DAY_MS) is not None
        for nodes, found in zip(asked, before, strict=True):
            assert everything(store, nodes) == found, nodes


def test_the_newest_day_that_is_over_comes_first(store: DuckDBStore) -> None:
    fill(store, days=3)
    days = [store.arrange(T0 + 2 * DAY_MS + HOUR_MS) for _ in range(3)]
    assert days == [T0 + DAY_MS, T0, None]


def test_an_empty_store_has_nothing_to_arrange(store: DuckDBStore) -> None:
    assert store.arrange(T0) is None


def test_late_rows_are_read_in_order_and_their_day_is_arranged_again(store: DuckDBStore) -> None:
    fill(store, days=2)
    for _ in range(2):
        store.arrange(T0 + 2 * DAY_MS)
    store.write(at(T0 + 90 * 60_000))
    found = everything(store)
    for name, keys in (("node", ("node",)), ("gpu", ("node", "gpu")), ("job", ("node", "job_id"))):
        order = [(*(row[key] for key in keys), row["ts_ms"]) for row in found[name]]
        assert order == sorted(order)
    assert store.arrange(T0 + 2 * DAY_MS) == T0
    assert store.arrange(T0 + 2 * DAY_MS) is None
    assert everything(store) == found


def test_rows_that_are_there_already_disturb_nothing(store: DuckDBStore) -> None:
    fill(store, days=1)
    store.arrange(T0 + DAY_MS)
    assert store.write(at(T0 + HOUR_MS)) == 0
    assert store.arrange(T0 + DAY_MS) is None


def test_what_is_arranged_is_known_after_a_restart(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "s.duckdb")
    fill(store, days=2)
    before = everything(store)
    store.arrange(T0 + 2 * DAY_MS)
    store.close()
    again = DuckDBStore(tmp_path / "s.duckdb")
    assert everything(again) == before
    assert again.arrange(T0 + 2 * DAY_MS) == T0
    again.close()


def test_rows_written_meanwhile_are_kept_and_found(store: DuckDBStore) -> None:
    fill(store, days=2)
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            written += store.write(at(T0 + 1 + written))

    writer = threading.Thread(target=write)
    before = sum(len(rows) for rows in everything(store).values())
    writer.start()
    while written < 150:
        store.arrange(T0 + 2 * DAY_MS)
    stop.set()
    writer.join()
    found = everything(store)
    assert sum(len(rows) for rows in found.values()) == before + written
    order = [(row["node"], row["job_id"], row["ts_ms"]) for row in found["job"]]
    assert order == sorted(order)


@pytest.mark.parametrize("times", [[1, 2, 3, 4], [1, 3, 2, 4], [3, 4, 1, 2]])
def test_rows_are_sorted_in_whatever_order_the_days_of_a_node_lie(times: list[int]) -> None:
    table = pa.table({"node": pa.array([1, 0, 1, 0], pa.int32()), "job_id": [7, 5, 7, 5], "ts_ms": times})
    rows = [tuple(row.values()) for row in in_order(table, ["node", "job_id", "ts_ms"]).to_pylist()]
    assert rows == sorted(rows) and [ts for *_, ts in rows] != times


@pytest.mark.parametrize("job_id", [-1, 1 << 41])
def test_numbers_too_large_for_one_key_are_sorted_all_the_same(job_id: int) -> None:
    table = pa.table(
        {"node": pa.array([0, 1, 0, 0], pa.int32()), "job_id": [job_id, 5, 5, job_id], "ts_ms": [1, 1, 2, 2]}
    )
    rows = [tuple(row.values()) for row in in_order(table, ["node", "job_id", "ts_ms"]).to_pylist()]
    assert rows == sorted(rows) and len(rows) == 4


def test_an_arrangement_under_way_can_be_stopped_and_changes_nothing(store: DuckDBStore) -> None:
    count = 400_000
    ts = pa.array(range(T0, T0 + count * 20, 20))
    store.write({"node": pa.table({"ts_ms": ts, "node": pa.array(["a"]).take(pa.array([0] * count))})})
    done: list[int | None] = []
    arranging = threading.Thread(target=lambda: done.append(store.arrange(T0 + DAY_MS)))
    arranging.start()
    while arranging.is_alive():
        store.stop_arranging()
    assert store.read(["a"], T0, T0 + DAY_MS).node.num_rows == count
    if done == [None]:  # a quick machine may have been done before it was told to stop
        assert store.arrange(T0 + DAY_MS) == T0
