"""The embedded store: samples in one DuckDB file, opened by exactly one process."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from aggregator.store import arranging, batches
from aggregator.store import tables as sql
from aggregator.store.arrow import as_samples
from aggregator.store.connection import connect
from aggregator.store.reading import Span, read_window
from maxwatt.domain.errors import SourceError
from maxwatt.domain.ports import SampleWindow
from maxwatt.domain.schema import MEASUREMENTS, NODE
from maxwatt.domain.units import DAY_MS

THREADS: Final = 2

READS_END_S: Final = 3.0
"""So long [s] the closing of a store waits for reads that it broke off."""

_LOG = logging.getLogger(__name__)


class DuckDBStore:
    """`maxwatt.domain.ports.Store` in a file.

    Any thread may read while another writes; writes take turns. A write that returned is on disk.

    Args:
        path: the file; it and its folder are made where they are missing.
        memory_limit: memory DuckDB may use, such as `1GB`; beyond it, it spills to `<path>.tmp`.
        threads: threads DuckDB may use.

    Raises:
        StoreLockedError: another process, or another store of this one, has the file open.
        SourceError: the file cannot be read or is no DuckDB file.
    """

    def __init__(self, path: Path, memory_limit: str = "1GB", threads: int = THREADS) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._reads, self._readers = threading.Condition(), set[Any]()
        self._opened: Any | None = connect(path, memory_limit, threads)
        try:
            self._prepare()
        except duckdb.Error as error:
            self.close()
            raise SourceError(f"{path}: {error}") from error

    @property
    def _connection(self) -> Any:
        if self._opened is None:
            raise SourceError(f"{self._path}: this store has been closed")
        return self._opened

    def _prepare(self) -> None:
        self._connection.execute(sql.CREATE_NODES)
        self._connection.execute(sql.CREATE_ARRANGED)
        for measurement in MEASUREMENTS.values():
            self._connection.execute(sql.create_sql(measurement))
            present = [row[0] for row in self._rows(f"DESCRIBE {sql.table(measurement)}")]
            for statement in sql.add_columns_sql(measurement, present):
                self._connection.execute(statement)
        self._node_ids: dict[str, int] = dict(self._rows(f"SELECT name, node_id FROM {sql.NODES}"))  # noqa: S608
        # Oldest and newest time per measurement: a batch that begins after it can hold no row that is there already.
        self._spans_ms = self._spans_of_rows()
        self._newest_by_node: dict[str, int] | None = None
        self._arranged: set[int] = {day for (day,) in self._rows(f"SELECT day_ms FROM {sql.ARRANGED}")}  # noqa: S608
        self._arranging: int | None = None
        self._arranger: Any | None = None

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._connection.execute(statement).fetchall()
        return found

    def _spans_of_rows(self) -> dict[str, Span]:
        found = {m.name: self._rows(sql.span_sql(m))[0] for m in MEASUREMENTS.values()}
        return {name: (oldest, newest) for name, (oldest, newest) in found.items() if oldest is not None}

    def write(self, tables: Mapping[str, pa.Table]) -> int:
        """Add rows in one commit, atomic across measurements; rows already there are dropped.

        Args:
            tables: measurement name to table with the columns of its schema, `node` as text; fields may be left out.

        Returns:
            Rows added.

        Raises:
            InputError: a table does not fit the schema; nothing is written.
            SourceError: the file could not be written; nothing is written.
        """
        fitting = {name: batches.without_repeats(name, as_samples(name, table)) for name, table in tables.items()}
        filled = {name: table for name, table in fitting.items() if table.num_rows}
        if not filled:
            return 0
        with self._lock:
            return self._commit(filled)

    def _commit(self, filled: Mapping[str, pa.Table]) -> int:
        new_ids = self._new_node_ids(filled)
        ids = self._node_ids | new_ids
        with self._changing():
            self._insert_nodes(new_ids)
            added = {name: self._insert(name, batches.numbered(batch, ids)) for name, batch in filled.items()}
            disturbed = self._disturb([batch for name, batch in filled.items() if added[name]])
        self._node_ids = ids
        self._arranged -= disturbed
        self._note_spans(filled)
        return sum(added.values())

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Any]:
        """A transaction; who opens it has the lock."""
        try:
            self._connection.begin()
            try:
                yield self._connection
                self._connection.commit()
            except BaseException:
                with contextlib.suppress(duckdb.TransactionException):  # a failed commit has rolled back by itself
                    self._connection.rollback()
                raise
        except duckdb.Error as error:
            raise SourceError(f"{self._path}: could not be written: {error}") from error

    def _disturb(self, written: Sequence[pa.Table]) -> set[int]:
        """The arranged days that rows came late for: they lie behind the others. They are noted as not arranged."""
        days = arranging.days_of(written)
        if self._arranging in days:
            self._arranging = None
        disturbed = days & self._arranged
        arranging.forget(self._connection, disturbed)
        return disturbed

    def _new_node_ids(self, filled: Mapping[str, pa.Table]) -> dict[str, int]:
        names = {name for batch in filled.values() for name in pc.unique(batch["node"]).to_pylist()}
        new = sorted(names - self._node_ids.keys())
        return {name: number for number, name in enumerate(new, start=len(self._node_ids))}

    def _insert_nodes(self, ids: Mapping[str, int]) -> None:
        if ids:
            rows = pa.table({"node_id": pa.array(ids.values(), pa.int32()), "name": pa.array(ids, pa.string())})
            self._execute_with("batch", rows, f"INSERT INTO {sql.NODES} BY NAME SELECT * FROM batch", [])  # noqa: S608

    def _insert(self, name: str, batch: pa.Table) -> int:
        span = pc.min_max(batch["ts_ms"]).as_py()
        known = self._spans_ms.get(name)
        repeats_possible = known is not None and span["min"] <= known[1]
        statement = sql.insert_sql(MEASUREMENTS[name], repeats_possible=repeats_possible)
        return self._execute_with("batch", batch, statement, [span["min"], span["max"]] if repeats_possible else [])

    def _execute_with(self, view: str, rows: pa.Table, statement: str, parameters: list[int]) -> int:
        self._connection.register(view, rows)
        try:
            return int(self._connection.execute(statement, parameters).fetchone()[0])
        finally:
            self._connection.unregister(view)

    def _note_spans(self, filled: Mapping[str, pa.Table]) -> None:
        found = dict(self._spans_ms)
        for name, batch in filled.items():
            new = pc.min_max(batch["ts_ms"]).as_py()
            oldest, newest = found.get(name, (new["min"], new["max"]))
            found[name] = min(oldest, new["min"]), max(newest, new["max"])
        self._spans_ms = found  # at once: readers look at it
        if self._newest_by_node is not None and NODE.name in filled:
            self._newest_by_node = batches.later(self._newest_by_node, filled[NODE.name])

    def read(
        self,
        nodes: Sequence[str],
        start_ms: int,
        end_ms: int,
        columns: Mapping[str, Sequence[str]] | None = None,
    ) -> SampleWindow:
        """All samples of `nodes` with `start_ms <= ts_ms < end_ms`, as they stood at one moment.

        Args:
            nodes: distinct host names; one without samples has no rows.
            start_ms, end_ms: epoch ms UTC.
            columns: measurement name (`node`, `gpu`, `job`, `session`) to the columns wanted; what rows are sorted
                by always comes along. One that is not named is not read: its table has no rows. None: everything.

        Raises:
            SourceError: the file could not be read.
        """
        with self._cursor("read") as cursor:
            known = self._node_ids, self._spans_ms
            cursor.begin()
            return read_window(cursor, known, nodes, (start_ms, end_ms), columns)

    @contextlib.contextmanager
    def _cursor(self, purpose: str) -> Iterator[Any]:
        """A cursor of the calling thread's own, so that it need not wait for the writer."""
        try:
            cursor = self._new_cursor()
            try:
                yield cursor
            finally:
                self._give_back(cursor)
        except duckdb.Error as error:
            raise SourceError(f"{self._path}: could not be {purpose}: {error}") from error

    def _new_cursor(self) -> Any:
        with self._reads:
            cursor = self._connection.cursor()
            self._readers.add(cursor)
            return cursor

    def _give_back(self, cursor: Any) -> None:
        with self._reads:
            self._readers.discard(cursor)
            cursor.close()
            self._reads.notify_all()

    def newest_ms(self) -> dict[str, int]:
        """Time [epoch ms UTC] of the newest node row per node."""
        if self._newest_by_node is None:  # the whole table is looked through once, then every write moves it on
            with self._lock:
                self._newest_by_node = dict(self._rows(sql.NEWEST_BY_NODE))
        return dict(self._newest_by_node)

    def oldest_ms(self) -> int | None:
        """Time [epoch ms UTC] of the oldest node row of all, None while there is none."""
        span = self._spans_ms.get(NODE.name)
        return span[0] if span else None

    def forget_before(self, before_ms: int) -> int:
        """Remove all samples before a time [epoch ms UTC]; returns how many node rows that were.

        The file does not grow smaller: what is free in it is used again.

        Raises:
            SourceError: the file could not be written; nothing is removed.
        """
        with self._lock, self._changing() as connection:
            gone = {m.name: _changed(connection, sql.delete_before_sql(m), [before_ms]) for m in MEASUREMENTS.values()}
            left = self._spans_of_rows()
        self._spans_ms = left
        return gone[NODE.name]

    def rename_user(self, uid: int, new_uid: int, new_name: str, before_ms: int) -> int:
        """Give a user's session rows before a time [epoch ms UTC] another number and name; returns how many.

        Raises:
            SourceError: the file could not be written; nothing is changed.
        """
        with self._lock, self._changing() as connection:
            return _changed(connection, sql.RENAME_USER, [new_uid, new_name, uid, before_ms])

    def arrange(self, before_ms: int) -> int | None:
        """Lay one day in the order in which it is read: the newest UTC day that ends before and does not lie so yet.

        Others may read and write meanwhile; a day for which rows come while it is laid counts as not arranged.

        Args:
            before_ms: epoch ms UTC.

        Returns:
            The day's start [epoch ms UTC], None where all days lie in order or `stop_arranging` was called.

        Raises:
            SourceError: the file could not be written.
        """
        day = self._to_arrange(before_ms)
        if day is None:
            return None
        with self._cursor("arranged") as cursor:
            with self._lock:  # what is written from here on is not seen below
                self._arranging = day
                cursor.begin()
                arranging.arranged_days(cursor, day, day)  # a transaction sees the file as it is when it first looks
            self._arranger = cursor
            try:
                arranging.lay_anew(cursor, day)
            except duckdb.InterruptException:
                return None
            finally:
                self._arranger = None
            with self._lock:
                self._finish_arranging(cursor, day)
        return day

    def stop_arranging(self) -> None:
        """End an arrangement that is under way: its day stays as it lies."""
        arranger = self._arranger
        if arranger is not None:
            arranger.interrupt()

    def _finish_arranging(self, cursor: Any, day: int) -> None:
        undisturbed = self._arranging == day
        if undisturbed:
            arranging.note(cursor, day)
        cursor.commit()
        self._arranged |= {day} if undisturbed else set()

    def _to_arrange(self, before_ms: int) -> int | None:
        oldest = self.oldest_ms()
        if oldest is None:
            return None
        last = before_ms - before_ms % DAY_MS - DAY_MS
        days = range(last, oldest - oldest % DAY_MS - 1, -DAY_MS)
        return next((day for day in days if day not in self._arranged), None)

    def close(self) -> None:
        """Write everything into the file proper and let go of it. Closing twice does nothing.

        Reads under way are broken off. One that does not end for all that keeps the file open until the process ends.
        """
        with self._lock, self._reads:
            opened, self._opened = self._opened, None  # kept beyond the interpreter's end, DuckDB would complain
        if opened is None:
            return
        if self._reads_end(READS_END_S):
            opened.close()  # with a read under way it would refuse, or wait for it
        else:
            _LOG.warning("%s: left as it is: it is still read", self._path)

    def _reads_end(self, limit_s: float) -> bool:
        """Break off what is read, again and again, as a read is made of several questions; whether that ended them."""
        end_s = time.monotonic() + limit_s
        with self._reads:
            while self._readers and time.monotonic() < end_s:
                for cursor in self._readers:
                    cursor.interrupt()
                self._reads.wait(0.05)
            return not self._readers


def _changed(connection: Any, statement: str, values: list[Any]) -> int:
    """Run a statement; returns how many rows it changed."""
    return int(connection.execute(statement, values).fetchone()[0])
