"""Gathers the batches of many requests into few commits; a request is answered when its rows are on disk."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from maxwatt.domain.errors import MaxwattError
from maxwatt.domain.ports import Store

FLUSH_ROWS: Final = 200_000
"""So many waiting rows are committed without waiting for the interval."""

MAX_ROWS: Final = 2_000_000
"""So many waiting rows are all that is taken."""

_LOG = logging.getLogger(__name__)

Tables = Mapping[str, pa.Table]


class BusyError(MaxwattError):
    """No more is taken now: too much is waiting, or the server is stopping. Try again later."""


class Committer:
    """One thread that writes for everybody.

    A commit of one agent's rows costs what a commit of two hundred agents' rows costs. So at most one commit is begun
    in every interval, with all rows that came until then; only FLUSH_ROWS waiting rows make it hurry.

    Args:
        store: where rows go.
        interval_ms: least time between the beginnings of two commits [ms].
        on_commit: called after each commit, before it is acknowledged, with the oldest time [epoch ms UTC] among its
            rows: what lies before a closed window's end came late. Repeated rows are told too: they may be sent again
            because a crash came between the commit and this call.
        max_rows: rows that may wait.
    """

    def __init__(
        self,
        store: Store,
        interval_ms: int = 250,
        on_commit: Callable[[int], None] | None = None,
        max_rows: int = MAX_ROWS,
    ) -> None:
        self._store, self._interval_s, self._on_commit, self._max_rows = store, interval_ms / 1000, on_commit, max_rows
        self._changed = threading.Condition()
        self._waiting: list[tuple[Tables, Future[int]]] = []
        self._waiting_rows = 0
        self._stopping = False
        self.commit_count = 0
        self._thread = threading.Thread(target=self._run, name="maxwatt-ingest", daemon=True)
        self._thread.start()

    def submit(self, tables: Tables) -> int:
        """Add rows and wait until they are on disk. Any thread may call this.

        Returns:
            Rows that the whole commit added, those of others included; rows already there are not counted.

        Raises:
            BusyError: too many rows wait already, or the committer is stopping; nothing was taken.
            MaxwattError: the commit failed; none of its rows are stored.
        """
        rows = sum(table.num_rows for table in tables.values())
        done: Future[int] = Future()
        with self._changed:
            if self._stopping:
                raise BusyError("the server is stopping")
            if self._waiting and self._waiting_rows + rows > self._max_rows:
                raise BusyError(f"{self._waiting_rows} rows wait to be written; try again later")
            self._waiting.append((tables, done))
            self._waiting_rows += rows
            self._changed.notify_all()
        return done.result()

    @property
    def alive(self) -> bool:
        """Whether rows are taken and written."""
        return self._thread.is_alive() and not self._stopping

    def close(self) -> None:
        """Take no more, write what waits, and return when it is on disk. Closing twice does nothing."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        earliest = 0.0
        while True:
            batches = self._next(earliest)
            if not batches:
                return
            earliest = time.monotonic() + self._interval_s
            self._commit(batches)

    def _next(self, earliest: float) -> list[tuple[Tables, Future[int]]]:
        """What is to be committed together now; empty when all is done and the committer stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            hurry = lambda: self._stopping or self._waiting_rows >= FLUSH_ROWS  # noqa: E731
            self._changed.wait_for(hurry, timeout=max(0.0, earliest - time.monotonic()))
            batches, self._waiting, self._waiting_rows = self._waiting, [], 0
            return batches

    def _commit(self, batches: Sequence[tuple[Tables, Future[int]]]) -> None:
        try:
            tables = _joined([batch for batch, _ in batches])
            added = self._store.write(tables)
        except Exception as error:  # noqa: BLE001  whatever it is, the waiting requests must hear it
            for _, done in batches:
                done.set_exception(error)
            return
        self.commit_count += 1
        self._tell(tables)
        for _, done in batches:
            done.set_result(added)

    def _tell(self, tables: Tables) -> None:
        oldest = oldest_ms(tables)
        if self._on_commit is None or oldest is None:
            return
        try:
            self._on_commit(oldest)
        except Exception:  # noqa: BLE001  the rows are stored; a listener's trouble must not stop the next commit
            _LOG.exception("after a commit")


def oldest_ms(tables: Tables) -> int | None:
    """Time [epoch ms UTC] of the oldest row of all, None where there is none."""
    return min((pc.min(table["ts_ms"]).as_py() for table in tables.values() if table.num_rows), default=None)


def _joined(batches: Sequence[Tables]) -> dict[str, pa.Table]:
    parts: dict[str, list[pa.Table]] = {}
    for batch in batches:
        for name, table in batch.items():
            parts.setdefault(name, []).append(table)
    return {name: pa.concat_tables(found) for name, found in parts.items()}
