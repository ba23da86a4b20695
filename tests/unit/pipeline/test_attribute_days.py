"""Days are booked in order, whatever is worked on ahead: what is noted as booked has nothing unbooked before it."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.attribute import attribute_range
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import AttributionSettings, CarbonSettings, Settings
from maxwatt.domain.units import BUCKET_MS, DAY_MS

T0 = 1_780_272_000_000  # a UTC midnight
SETTINGS = Settings(
    attribution=AttributionSettings(nodes_per_chunk=1, workers=3), carbon=CarbonSettings(intensity_g_per_kwh=400.0)
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(tmp_path / "samples.duckdb")
    yield opened
    opened.close()


def fill(store: DuckDBStore, nodes: int, days: int) -> None:
    """Nodes that draw 1 W and are read every 5 minutes."""
    ts = list(range(T0, T0 + days * DAY_MS + 1, 300_000))
    seconds = [(ms - T0) / 1000 for ms in ts]
    values = {"monotonic_s": seconds, "epoch_id": [1] * len(ts), "cpu_energy_joules_total": seconds}
    busy = {"cpu_busy_seconds_total": [0.0] * len(ts)}
    for n in range(nodes):
        store.write({"node": pa.table({"ts_ms": ts, "node": [f"n{n}"] * len(ts), **values, **busy})})


def test_days_without_nodes_are_booked_too(ledger: Ledger, store: DuckDBStore) -> None:
    report = attribute_range(store, ledger, SETTINGS, T0, T0 + 2 * DAY_MS, now_ms=T0 + 3 * DAY_MS)
    assert (report.windows, report.rows) == (192, 0)
    assert (ledger.booked_from(), ledger.booked_until()) == (T0, T0 + 2 * DAY_MS)


def test_every_day_is_whole_and_progress_tells_all_of_it(ledger: Ledger, store: DuckDBStore) -> None:
    fill(store, nodes=4, days=3)
    shares: list[float] = []
    span = (T0, T0 + 3 * DAY_MS)
    report = attribute_range(store, ledger, SETTINGS, *span, progress=shares.append, now_ms=T0 + 4 * DAY_MS)
    assert (report.windows, report.faults) == (288, 0)
    assert shares == pytest.approx([n / 12 for n in range(1, 13)])
    with ledger.engine.begin() as connection:
        booked_j = connection.exec_driver_sql("SELECT sum(cpu_static_j) FROM bookings").scalar_one()
    assert booked_j == pytest.approx(4 * 3 * 86_400)  # 4 nodes, 3 days, 1 W


@pytest.mark.parametrize(("pieces", "whole_days"), [(1, 0), (3, 0), (4, 1), (9, 2)])
def test_a_booking_that_ends_early_has_noted_whole_days_only(
    ledger: Ledger, store: DuckDBStore, pieces: int, whole_days: int
) -> None:
    fill(store, nodes=4, days=3)
    done: list[float] = []

    def stop_after(share: float) -> None:
        done.append(share)
        if len(done) == pieces:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        attribute_range(store, ledger, SETTINGS, T0, T0 + 3 * DAY_MS, progress=stop_after, now_ms=T0 + 4 * DAY_MS)
    assert ledger.revisions(T0, T0 + 3 * DAY_MS).keys() == set(range(T0, T0 + whole_days * DAY_MS, BUCKET_MS))
