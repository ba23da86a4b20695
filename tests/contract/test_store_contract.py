"""What every store promises, run over every entry of the registry."""

import dataclasses
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from aggregator.store.registry import STORES, open_store
from maxwatt.config import ServerSettings, Settings, StoreSettings
from maxwatt.domain.errors import InputError, StoreLockedError
from maxwatt.domain.ports import Store

T0 = 1_780_000_000_000
EMBEDDED = ["duckdb"]


def settings(kind: str, folder: Path) -> Settings:
    return dataclasses.replace(
        Settings(), server=ServerSettings(data_dir=str(folder)), store=StoreSettings(kind=kind, memory_limit="256MB")
    )


@pytest.fixture(params=sorted(STORES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind: str, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(settings(kind, tmp_path))
    yield opened
    opened.close()


def node_rows(*rows: tuple[str, int], **fields: list[float | None]) -> pa.Table:
    return pa.table({"node": [name for name, _ in rows], "ts_ms": [T0 + ms for _, ms in rows], **fields})


def job_rows(*rows: tuple[str, int, int], **fields: list[float | None]) -> pa.Table:
    names = {"node": [r[0] for r in rows], "job_id": [r[1] for r in rows], "ts_ms": [T0 + r[2] for r in rows]}
    return pa.table(names | fields)


def read_all(store: Store, *nodes: str):
    return store.read(nodes, T0 - 10**6, T0 + 10**9)


def test_every_measurement_comes_back_as_it_was_written(store: Store) -> None:
    written = store.write(
        {
            "node": node_rows(("a", 0), monotonic_s=[1.5], epoch_id=[2**62], cpu_count=[64], meter_power_watts=[0.1]),
            "gpu": pa.table(
                {"ts_ms": [T0], "node": ["a"], "gpu": [3], "uuid": ["GPU-é"], "energy_joules_total": [1e12 / 3]}
            ),
            "job": job_rows(("a", 2**40, 0), cpu_seconds_total=[0.0]),
            "session": pa.table(
                {"ts_ms": [T0], "node": ["a"], "uid": [2**32 - 2], "user": ["zoé"], "cpu_seconds_total": [0.5]}
            ),
            "zone": pa.table({"ts_ms": [T0], "node": ["a"], "zone": ["package-0"], "energy_joules_total": [1.0]}),
            "collector": pa.table({"ts_ms": [T0], "node": ["a"], "collector": ["rapl"], "success": [1]}),
        }
    )
    window = read_all(store, "a")
    assert written == 6
    assert window.nodes == ("a",)
    [node], [gpu], [job] = window.node.to_pylist(), window.gpu.to_pylist(), window.job.to_pylist()
    assert (node["monotonic_s"], node["epoch_id"], node["cpu_count"], node["meter_power_watts"]) == (
        1.5,
        2**62,
        64,
        0.1,
    )
    assert (gpu["gpu"], gpu["uuid"], gpu["energy_joules_total"]) == (3, "GPU-é", 1e12 / 3)
    assert (job["job_id"], job["cpu_seconds_total"]) == (2**40, 0.0)
    [session] = window.session.to_pylist()
    assert (session["uid"], session["user"], session["cpu_seconds_total"]) == (2**32 - 2, "zoé", 0.5)


def test_what_was_not_read_is_null_and_not_zero(store: Store) -> None:
    store.write({"node": node_rows(("a", 0), ("a", 1), cpu_energy_joules_total=[None, 0.0])})
    window = read_all(store, "a")
    assert window.node["cpu_energy_joules_total"].to_pylist() == [None, 0.0]
    assert window.node["dram_energy_joules_total"].to_pylist() == [None, None]


def test_types_are_those_of_the_port_also_without_rows(store: Store) -> None:
    empty = read_all(store, "nobody")
    store.write({"node": node_rows(("a", 0)), "job": job_rows(("a", 1, 0))})
    filled = read_all(store, "a")
    for window in (empty, filled):
        assert window.node.schema.field("ts_ms").type == pa.int64()
        assert window.node.schema.field("node").type == pa.int32()
        assert window.gpu.schema.field("uuid").type == pa.string()
        assert window.job.schema.field("job_id").type == pa.int64()
        assert window.job.schema.field("cpu_seconds_total").type == pa.float64()
    assert empty.node.num_rows == empty.gpu.num_rows == empty.job.num_rows == 0


def test_rows_are_sorted_by_the_place_of_the_node_then_entity_then_time(store: Store) -> None:
    rows = [(node, job, ms) for node in ("a", "b", "c") for job in (7, 3, 12) for ms in range(5)]
    random.Random(4).shuffle(rows)  # noqa: S311  order, not secrets
    for half in (rows[:20], rows[20:]):
        store.write({"job": job_rows(*half), "node": node_rows(*{(node, ms) for node, _, ms in half})})
    window = read_all(store, "c", "unknown", "a")
    jobs = list(zip(*(window.job[name].to_pylist() for name in ("node", "job_id", "ts_ms")), strict=True))
    assert jobs == [(place, job, T0 + ms) for place in (0, 2) for job in (3, 7, 12) for ms in range(5)]
    nodes = list(zip(window.node["node"].to_pylist(), window.node["ts_ms"].to_pylist(), strict=True))
    assert nodes == [(place, T0 + ms) for place in (0, 2) for ms in range(5)]


def test_gpus_are_sorted_by_index(store: Store) -> None:
    rows = [("a", gpu, T0 + ms) for ms in range(3) for gpu in (2, 0, 1)]
    node, gpu, ts_ms = (list(column) for column in zip(*rows, strict=True))
    store.write({"gpu": pa.table({"node": node, "gpu": gpu, "ts_ms": ts_ms, "uuid": [f"u{g}" for g in gpu]})})
    window = read_all(store, "a")
    assert window.gpu["gpu"].to_pylist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert window.gpu["ts_ms"].to_pylist() == [T0, T0 + 1, T0 + 2] * 3


def test_sessions_are_sorted_by_user_number(store: Store) -> None:
    rows = [(uid, T0 + ms) for ms in range(2) for uid in (1002, 0, 1001)]
    uid, ts_ms = (list(column) for column in zip(*rows, strict=True))
    store.write({"session": pa.table({"node": ["a"] * 6, "uid": uid, "ts_ms": ts_ms, "user": [f"u{n}" for n in uid]})})
    window = store.read(["a"], T0, T0 + 5, {"session": ("user", "cpu_seconds_total")})
    assert window.session["user"].to_pylist() == ["u0", "u0", "u1001", "u1001", "u1002", "u1002"]
    assert window.session.column_names == ["ts_ms", "node", "uid", "user", "cpu_seconds_total"]
    assert store.read(["a"], T0, T0 + 5, {"job": ()}).session.num_rows == 0


def test_a_window_holds_its_start_and_not_its_end(store: Store) -> None:
    store.write({"node": node_rows(("a", 0), ("a", 10), ("a", 20))})
    assert store.read(["a"], T0, T0 + 20).node["ts_ms"].to_pylist() == [T0, T0 + 10]


def test_repeats_are_dropped_within_a_batch_the_first_stays(store: Store) -> None:
    added = store.write({"node": node_rows(("a", 0), ("b", 0), ("a", 0), ("a", 1), cpu_count=[1, 2, 3, 4])})
    assert added == 3
    assert read_all(store, "a", "b").node["cpu_count"].to_pylist() == [1, 4, 2]


def test_repeats_are_dropped_across_batches_late_and_mixed(store: Store) -> None:
    assert store.write({"node": node_rows(("a", 0), ("a", 30)), "job": job_rows(("a", 1, 0), ("a", 2, 0))}) == 4
    assert store.write({"node": node_rows(("a", 0), ("a", 30)), "job": job_rows(("a", 1, 0), ("a", 2, 0))}) == 0
    assert store.write({"node": node_rows(("a", 10), ("a", 30), ("b", 30)), "job": job_rows(("b", 1, 0))}) == 3
    window = read_all(store, "a", "b")
    assert window.node.num_rows == 4
    assert window.job.num_rows == 3


def test_same_time_of_another_job_gpu_or_zone_is_no_repeat(store: Store) -> None:
    zones = pa.table({"node": ["a", "a"], "ts_ms": [T0, T0], "zone": ["package-0", "package-1"]})
    gpus = pa.table({"node": ["a", "a"], "ts_ms": [T0, T0], "gpu": [0, 1], "uuid": ["x", "y"]})
    assert store.write({"zone": zones, "gpu": gpus, "job": job_rows(("a", 1, 0), ("a", 2, 0))}) == 6


def test_repeats_are_known_again_after_a_restart(kind: str, tmp_path: Path) -> None:
    for expected in (2, 0):
        store = open_store(settings(kind, tmp_path))
        assert store.write({"node": node_rows(("a", 0), ("b", 5))}) == expected
        store.close()


def test_nothing_of_a_write_is_stored_when_one_table_is_wrong(store: Store) -> None:
    wrong = {
        "unknown measurement": {"nodes": node_rows(("a", 0))},
        "unknown column": {"job": job_rows(("a", 1, 0), watts=[1.0])},
        "missing tag": {"job": node_rows(("a", 0))},
        "null tag": {"job": pa.table({"node": ["a"], "ts_ms": [T0], "job_id": pa.array([None], pa.int64())})},
        "type": {"job": job_rows(("a", 1, 0), cpu_seconds_total=["fast"])},
    }
    for fault in wrong.values():
        with pytest.raises(InputError):
            store.write({"node": node_rows(("a", 0))} | fault)
    assert read_all(store, "a").node.num_rows == 0
    assert store.newest_ms() == {}


def test_newest_and_oldest(store: Store) -> None:
    assert (store.newest_ms(), store.oldest_ms()) == ({}, None)
    store.write({"node": node_rows(("a", 5), ("a", 9), ("b", 7))})
    assert (store.newest_ms(), store.oldest_ms()) == ({"a": T0 + 9, "b": T0 + 7}, T0 + 5)
    store.write({"node": node_rows(("a", 6), ("b", 8), ("c", 1)), "job": job_rows(("d", 1, 99))})
    assert (store.newest_ms(), store.oldest_ms()) == ({"a": T0 + 9, "b": T0 + 8, "c": T0 + 1}, T0 + 1)


def test_what_is_forgotten_is_gone_and_may_come_again(store: Store) -> None:
    store.write({"node": node_rows(("a", 0), ("b", 10), ("a", 20)), "job": job_rows(("a", 7, 0), ("a", 7, 20))})
    assert store.forget_before(T0 + 20) == 2
    found = read_all(store, "a", "b")
    assert [(row["node"], row["ts_ms"] - T0) for row in found.node.to_pylist()] == [(0, 20)]
    assert [row["ts_ms"] - T0 for row in found.job.to_pylist()] == [20]
    assert store.oldest_ms() == T0 + 20
    assert store.forget_before(T0 + 20) == 0
    assert store.write({"node": node_rows(("a", 0), ("a", 20))}) == 1


def test_a_users_sessions_get_another_number_and_name(store: Store) -> None:
    rows = [(0, 7, "ada"), (10, 7, "ada"), (0, 8, "bob")]
    names = {"ts_ms": [T0 + ms for ms, _, _ in rows], "node": ["a"] * 3, "uid": [uid for _, uid, _ in rows]}
    store.write({"session": pa.table(names | {"user": [name for _, _, name in rows]})})
    assert store.rename_user(7, 2**41, "(forgotten)", T0 + 10) == 1
    found = store.read(["a"], T0, T0 + 100).session.to_pylist()
    assert [(row["uid"], row["user"], row["ts_ms"] - T0) for row in found] == [
        *((7, "ada", 10), (8, "bob", 0), (2**41, "(forgotten)", 0)),
    ]
    assert store.rename_user(7, 2**41, "(forgotten)", T0 + 10) == 0


def test_newest_is_the_same_after_a_restart(kind: str, tmp_path: Path) -> None:
    first = open_store(settings(kind, tmp_path))
    first.write({"node": node_rows(("a", 5), ("b", 7))})
    known = first.newest_ms()
    first.close()
    second = open_store(settings(kind, tmp_path))
    assert second.newest_ms() == known
    second.close()


def test_empty_writes_add_nothing(store: Store) -> None:
    assert store.write({}) == 0
    assert store.write({"node": node_rows()}) == 0


def test_readers_see_whole_commits_while_another_thread_writes(store: Store) -> None:
    """Each commit adds one row to `node` and two to `job`: a reader must never see another proportion."""
    seen, problems, done = [], [], threading.Event()

    def read() -> None:
        while not done.is_set():
            window = read_all(store, "a")
            seen.append(window.node.num_rows)
            if window.job.num_rows != 2 * window.node.num_rows:
                problems.append((window.node.num_rows, window.job.num_rows))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for ms in range(60):
        store.write({"node": node_rows(("a", ms)), "job": job_rows(("a", 1, ms), ("a", 2, ms))})
    done.set()
    for reader in readers:
        reader.join()
    assert problems == []
    assert seen, "the readers read"
    assert read_all(store, "a").node.num_rows == 60


OPEN_AND_WRITE = """
import sys
from pathlib import Path
import pyarrow as pa
sys.path.insert(0, sys.argv[3])
from test_store_contract import settings, node_rows, job_rows
from aggregator.store.registry import open_store
from maxwatt.domain.errors import StoreLockedError

try:
    store = open_store(settings(sys.argv[1], Path(sys.argv[2])))
except StoreLockedError as error:
    print("refused:", error)
    sys.exit(3)
start = 1 + (max(store.newest_ms().values(), default=0) - 1_780_000_000_000 if store.newest_ms() else -1)
print("open", start, flush=True)
for ms in range(start, start + 100_000):
    store.write({"node": node_rows(("a", ms)), "job": job_rows(*(("a", job, ms) for job in range(50)))})
    print(ms, flush=True)
"""


def other_process(kind: str, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", OPEN_AND_WRITE, kind, str(folder), str(Path(__file__).parent)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kind", EMBEDDED)
def test_a_second_process_is_refused_in_clear_words(kind: str, tmp_path: Path) -> None:
    store = open_store(settings(kind, tmp_path))
    other = other_process(kind, tmp_path)
    told, _ = other.communicate(timeout=60)
    store.close()
    assert other.returncode == 3
    assert "exactly one may" in told
    assert str(tmp_path) in told


@pytest.mark.parametrize("kind", EMBEDDED)
def test_kill_9_while_writing_loses_no_acknowledged_batch(kind: str, tmp_path: Path) -> None:
    acknowledged = -1
    for wanted in (3, 40, 11):
        writer = other_process(kind, tmp_path)
        assert writer.stdout is not None
        assert writer.stdout.readline().startswith("open")
        with pytest.raises(StoreLockedError):
            open_store(settings(kind, tmp_path))
        for _ in range(wanted):
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        late = [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        writer.wait()
        writer.stdout.close()
        acknowledged = max([acknowledged, *late])

        store = open_store(settings(kind, tmp_path))
        window = read_all(store, "a")
        store.close()
        stored = window.node["ts_ms"].to_pylist()
        assert stored == [T0 + ms for ms in range(len(stored))], "in order, without a hole"
        assert len(stored) in {acknowledged + 1, acknowledged + 2}, "all that was acknowledged, at most one more"
        assert window.job.num_rows == 50 * len(stored), "a commit is whole across tables"
