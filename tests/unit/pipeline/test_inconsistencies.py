"""A whole-node meter that shows less than the node's parts is told once for each day and node, with the day's size."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import select

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import faults
from aggregator.pipeline.attribute import attribute_range
from aggregator.pipeline.closing import close_settled
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import Settings
from maxwatt.domain.units import DAY_MS

T0 = 1_780_272_000_000  # a UTC midnight
HOUR = 3_600_000
SETTINGS = Settings()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    """CPU 100 W; the meter of `short` shows 90 W, that of `right` 150 W. A reading a minute over 26 hours."""
    opened = DuckDBStore(tmp_path / "samples.duckdb")
    for node, meter_w in (("short", 90.0), ("right", 150.0)):
        ts = np.arange(T0, T0 + DAY_MS + 2 * HOUR, 60_000, dtype=np.int64)
        since_s = (ts - T0) / 1000
        columns = {
            "ts_ms": ts,
            "node": [node] * len(ts),
            "monotonic_s": since_s,
            "epoch_id": np.full(len(ts), 7),
            "cpu_energy_joules_total": 100.0 * since_s,
            "meter_energy_joules_total": meter_w * since_s,
        }
        opened.write({"node": pa.table(columns)})
    yield opened
    opened.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


def told(ledger: Ledger) -> list[tuple[str, int]]:
    with ledger.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(select(faults.c.message, faults.c.count))]


def test_an_overshoot_is_told_once_when_its_day_is_complete(store: DuckDBStore, ledger: Ledger) -> None:
    """10 W over 86400 s."""
    attribute_range(store, ledger, SETTINGS, T0, T0 + DAY_MS + 2 * HOUR)
    close_settled(ledger, T0 + 12 * HOUR, None, T0)
    assert told(ledger) == []
    for hour in (24, 25):
        close_settled(ledger, T0 + hour * HOUR + 1, None, T0 + hour * HOUR)
    ((message, count),) = told(ledger)
    assert message.startswith("node short, 2026-06-01: its parts drew 864000 J more than its whole-node meter shows")
    assert count == 1
    close_settled(ledger, T0 + 26 * HOUR + 1, None, T0 + 26 * HOUR)  # there are no more windows
    days = [message.partition(":")[0] for message, _ in told(ledger)]
    assert days == ["node short, 2026-06-01", "node short, 2026-06-02"]
    assert ledger.overshoots(T0, T0 + DAY_MS) == {"short": pytest.approx(864_000)}
