import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from aggregator.ingest.committer import BusyError, Committer
from aggregator.store.duckdb import DuckDBStore
from maxwatt.domain.errors import InputError

T0 = 1_780_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(tmp_path / "s.duckdb", memory_limit="128MB")
    yield opened
    opened.close()


def rows(node: str, *ms: int) -> dict[str, pa.Table]:
    return {"node": pa.table({"node": [node] * len(ms), "ts_ms": [T0 + offset for offset in ms]})}


def count(store: DuckDBStore) -> int:
    return store.read([f"n{i}" for i in range(100)], 0, 2**62).node.num_rows


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def test_rows_are_on_disk_when_the_request_is_answered(store: DuckDBStore) -> None:
    committer = Committer(store, interval_ms=10)
    for ms in range(5):
        assert committer.submit(rows("n0", ms)) == 1
        assert count(store) == ms + 1
    assert committer.submit(rows("n0", 2)) == 0
    committer.close()


def test_requests_that_come_together_share_few_commits(store: DuckDBStore) -> None:
    committer = Committer(store, interval_ms=200)
    with ThreadPoolExecutor(30) as pool:
        list(pool.map(lambda n: committer.submit(rows(f"n{n}", 0, 1)), range(30)))
    assert committer.commit_count <= 10  # one for each of them on a machine that is not busy with something else: 2
    assert count(store) == 60
    committer.close()


def test_commits_begin_no_more_often_than_the_interval(store: DuckDBStore) -> None:
    committer = Committer(store, interval_ms=120)
    began = time.monotonic()
    for ms in range(3):
        committer.submit(rows("n0", ms))
    assert time.monotonic() - began >= 0.24, "the first at once, then two intervals"
    committer.close()


def test_many_rows_do_not_wait_for_the_interval(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.ingest.committer.FLUSH_ROWS", 3)
    committer = Committer(store, interval_ms=60_000)
    committer.submit(rows("n0", 0))
    began = time.monotonic()
    committer.submit(rows("n0", 1, 2, 3))
    assert time.monotonic() - began < 10
    committer.close()


class FailingOnce:
    """A real store that refuses its second write."""

    def __init__(self, store: DuckDBStore) -> None:
        self._store, self.writes = store, 0

    def write(self, tables: dict[str, pa.Table]) -> int:
        self.writes += 1
        if self.writes == 2:
            raise OSError("disk full")
        return self._store.write(tables)


def test_an_error_is_told_to_every_waiting_request_and_the_next_commit_goes_on(store: DuckDBStore) -> None:
    committer = Committer(FailingOnce(store), interval_ms=150)
    committer.submit(rows("n0", 0))
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(committer.submit, rows(f"n{n}", 1)) for n in range(3)]
    assert [str(request.exception()) for request in waiting] == ["disk full"] * 3
    committer.submit(rows("n0", 2))
    assert count(store) == 2
    committer.close()


def test_rows_that_do_not_fit_the_schema_are_told_to_their_sender(store: DuckDBStore) -> None:
    committer = Committer(store, interval_ms=10)
    with pytest.raises(InputError, match="unknown measurement"):
        committer.submit({"weather": pa.table({"ts_ms": [T0]})})
    assert committer.submit(rows("n0", 0)) == 1
    committer.close()


def test_what_waits_is_bounded_but_one_large_request_is_taken(store: DuckDBStore) -> None:
    committer = Committer(store, interval_ms=60_000, max_rows=3)
    committer.submit(rows("n0", 0))
    waiting = threading.Thread(target=committer.submit, args=(rows("n0", *range(1, 9)),))
    waiting.start()
    until(lambda: committer._waiting_rows == 8)
    with pytest.raises(BusyError, match="8 rows wait"):
        committer.submit(rows("n1", 1))
    committer.close()
    waiting.join()
    assert count(store) == 9


def test_closing_writes_what_waits_and_takes_no_more(store: DuckDBStore) -> None:
    committer = Committer(store, interval_ms=60_000)
    committer.submit(rows("n0", 0))
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(committer.submit, rows(f"n{n}", 1)) for n in range(2)]
        until(lambda: committer._waiting_rows == 2)
        assert committer.alive
        committer.close()
        assert [request.result() for request in waiting] == [2, 2]
    assert count(store) == 3
    assert not committer.alive
    with pytest.raises(BusyError, match="stopping"):
        committer.submit(rows("n0", 2))
    committer.close()


def test_the_oldest_time_of_every_commit_is_told_also_of_rows_sent_again(store: DuckDBStore) -> None:
    told: list[int] = []
    committer = Committer(store, interval_ms=1, on_commit=told.append)
    committer.submit(rows("n0", 50, 7) | {"job": pa.table({"node": ["n0"], "ts_ms": [T0 + 3], "job_id": [1]})})
    committer.submit(rows("n0", 7))
    committer.submit(rows("n1", 9))
    committer.close()
    assert told == [T0 + 3, T0 + 7, T0 + 9]


def test_a_listener_that_fails_does_not_stop_the_commits(store: DuckDBStore, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: int) -> None:
        raise RuntimeError("listener broke")

    committer = Committer(store, interval_ms=1, on_commit=fail)
    assert committer.submit(rows("n0", 0)) == 1
    assert committer.submit(rows("n0", 1)) == 1
    committer.close()
    assert "listener broke" in caplog.text
