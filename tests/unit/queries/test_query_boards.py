"""Boards of a job: readings by hand, in a real store."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from aggregator.queries import gpu_use as module
from aggregator.queries.boards import board_samples, board_series, own_boards
from aggregator.queries.gpu_use import gpu_use
from aggregator.queries.models import NodeHeld
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import Settings
from maxwatt.domain.gpus import GpuPart, Sharing
from maxwatt.domain.node_model import UNKNOWN_MODEL, NodeModel

GIB = 2.0**30
T0 = 1_750_000_000_000


def row(
    seconds: int, gpu: int, utilisation: float | None, used_gib: float | None = 1.0, node: str = "n1"
) -> dict[str, Any]:
    memory = {"memory_used_bytes": None if used_gib is None else int(used_gib * GIB), "memory_total_bytes": 80 << 30}
    board = {"ts_ms": T0 + seconds * 1000, "node": node, "gpu": gpu, "uuid": f"{node}-{gpu}"}
    return {**board, "utilisation_ratio": utilisation, **memory}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    store = DuckDBStore(tmp_path / "samples.duckdb", "256MB")
    rows = [row(10, 0, 0.2), row(20, 0, 0.4, 5.0), row(30, 0, 0.9, 3.0), row(20, 1, 0.0), row(30, 1, None, None)]
    store.write({"gpu": pa.Table.from_pylist([*rows, *(row(s, 0, 1.0, node="n2") for s in (10, 20, 30))])})
    yield store
    store.close()


def share(*gpus: int | GpuPart, node: str = "n1") -> NodeHeld:
    return NodeHeld(node, 8.0, 0.0, gpus, False)


def test_steps_hold_the_mean_of_their_readings_and_the_last_memory(store: DuckDBStore) -> None:
    samples = board_samples(store.read(["n1"], T0, T0 + 60_000).gpu)
    first, second = board_series(samples, 0, (0, 1), np.array([T0, T0 + 20_000, T0 + 40_000, T0 + 60_000]))
    assert first.utilisation == pytest.approx((0.3, 0.9, None))  # a reading at 20 s speaks of the step before
    assert first.memory_bytes == (5 * GIB, 3 * GIB, None)
    assert first.memory_total_bytes == 80 * GIB
    assert second.utilisation == (0.0, None, None)


def test_use_is_the_mean_of_the_boards(store: DuckDBStore) -> None:
    found = gpu_use(store, [share(0, 1)], (T0, T0 + 60_000), Settings(), exclusive=False)
    assert [board.utilisation for board in found.boards] == pytest.approx([0.5, 0.0])
    assert (found.held, found.parts, found.utilisation) == (2, 0, pytest.approx(0.25))
    assert (found.memory_peak_bytes, found.memory_total_bytes) == (6 * GIB, 160 * GIB)
    assert [board.highest for board in found.boards] == [0.9, 0.0]


def test_a_board_without_readings_makes_the_whole_unknown(store: DuckDBStore) -> None:
    found = gpu_use(store, [share(0, 3)], (T0, T0 + 60_000), Settings(), exclusive=False)
    assert (found.held, found.utilisation, found.memory_peak_bytes) == (2, None, None)


def test_of_a_part_of_a_board_nothing_is_told(store: DuckDBStore) -> None:
    half = GpuPart(Sharing.SHARD, 0, 4, 8)
    assert own_boards(share(half, 1), UNKNOWN_MODEL) == (1,)
    assert own_boards(share(0), replace(NodeModel("mig"), mig_slices=("3,3",))) == ()
    found = gpu_use(store, [share(half)], (T0, T0 + 60_000), Settings(), exclusive=False)
    assert (found.boards, found.held, found.parts) == ((), 0, 1)


def test_who_has_the_node_alone_has_every_board(store: DuckDBStore) -> None:
    found = gpu_use(store, [share()], (T0, T0 + 60_000), Settings(), exclusive=True)
    assert [board.gpu for board in found.boards] == [0, 1]


def test_of_very_many_node_hours_some_nodes_are_read(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_NODE_S", 60)
    found = gpu_use(store, [share(0), share(0, node="n2")], (T0, T0 + 60_000), Settings(), exclusive=False)
    assert (len(found.boards), found.held) == (1, 2)
