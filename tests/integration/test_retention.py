"""Days that are folded and samples that are removed, through the real store, ledger and pipeline."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pipeline_cluster import JOBS, MINUTE, NODES, SETTINGS, T0, job, samples
from sqlalchemy import func, select

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings, faults, windows
from aggregator.pipeline.attribute import attribute_range
from aggregator.pipeline.loop import Aggregator
from aggregator.pipeline.offline import book_offline
from aggregator.pipeline.retention import retain
from aggregator.pipeline.sums import refresh_sums
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import RetentionSettings, Settings, SlurmSettings
from maxwatt.domain.errors import InputError
from maxwatt.domain.units import DAY_MS

DAYS = 5
NOW = T0 + (DAYS + 1) * DAY_MS
SITE = replace(SETTINGS, slurm=SlurmSettings())


def keeping(**days: int) -> Settings:
    return replace(SITE, retention=RetentionSettings(**({"buckets_days": 0} | days)))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[DuckDBStore, Ledger]]:
    """Two hours of jobs, then days in which a reading a quarter of an hour says that nothing runs; all booked."""
    store, ledger = DuckDBStore(tmp_path / "samples.duckdb"), Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    for node in NODES:
        store.write(samples(node, T0, T0 + 120 * MINUTE))
    ts_ms = np.arange(T0 + DAY_MS, T0 + DAYS * DAY_MS, 15 * MINUTE, dtype=np.int64)
    since_s, many = (ts_ms - T0) / 1000, len(ts_ms)
    idle = {"ts_ms": ts_ms, "node": ["wn1"] * many, "monotonic_s": since_s, "epoch_id": [7] * many}
    store.write({"node": pa.table(idle | {"cpu_energy_joules_total": since_s * 60})})
    ledger.upsert_jobs(JOBS, NOW)
    book_offline(store, ledger, SITE, (T0, T0 + DAYS * DAY_MS), now_ms=NOW)
    refresh_sums(ledger, SITE)
    yield store, ledger
    store.close()
    ledger.close()


def energy_j(ledger: Ledger) -> float:
    with ledger.engine.begin() as connection:
        summed = func.sum(bookings.c.counted_j + bookings.c.modelled_j + bookings.c.integrated_j)
        return float(connection.execute(select(summed)).scalar_one())


def stood(ledger: Ledger, table: object) -> int:
    with ledger.engine.begin() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def go_on() -> None:
    """Nobody stops."""


def test_a_round_folds_one_day_and_no_younger_one(site: tuple[DuckDBStore, Ledger]) -> None:
    store, ledger = site
    before, rows = energy_j(ledger), stood(ledger, bookings)
    for folded in (1, 2, 2):
        retain(store, ledger, keeping(buckets_days=4), NOW, go_on)
        assert ledger.frozen_until() == T0 + folded * DAY_MS
    assert energy_j(ledger) == pytest.approx(before, rel=1e-9)
    assert stood(ledger, bookings) < rows


def test_the_defaults_touch_nothing_young(site: tuple[DuckDBStore, Ledger]) -> None:
    store, ledger = site
    retain(store, ledger, SITE, NOW, go_on)
    assert (ledger.frozen_until(), store.oldest_ms()) == (0, T0 + 1000)


def test_samples_go_day_by_day_and_what_they_made_stays_booked(site: tuple[DuckDBStore, Ledger]) -> None:
    store, ledger = site
    before = energy_j(ledger)
    for _ in range(9):
        retain(store, ledger, keeping(samples_days=3), NOW, go_on)
    assert store.oldest_ms() == T0 + 3 * DAY_MS
    assert ledger.frozen_until() == T0 + 4 * DAY_MS  # the first readings of a day need those before
    assert store.read(NODES, T0, T0 + 3 * DAY_MS).node.num_rows == 0
    assert energy_j(ledger) == before


def test_samples_stay_while_their_windows_may_change(site: tuple[DuckDBStore, Ledger]) -> None:
    store, ledger = site
    ledger.mark_dirty(T0 + DAY_MS, T0 + DAY_MS + 1)
    for _ in range(3):
        retain(store, ledger, keeping(samples_days=1, buckets_days=1), NOW, go_on)
    assert (store.oldest_ms(), ledger.frozen_until()) == (T0 + 1000, T0 + DAY_MS)


def test_what_is_folded_is_not_booked_again_in_any_way(site: tuple[DuckDBStore, Ledger]) -> None:
    store, ledger = site
    retain(store, ledger, keeping(buckets_days=4), NOW, go_on)
    before, states = energy_j(ledger), stood(ledger, windows)
    with pytest.raises(InputError, match="before 2026-06-02T00:00"):
        attribute_range(store, ledger, SITE, T0 + DAY_MS - 1, T0 + 2 * DAY_MS, now_ms=NOW)
    ledger.upsert_jobs([job(99, 10, 20, wn1=2)], NOW)
    aggregator = Aggregator(store, ledger, keeping(buckets_days=4))
    aggregator.note_samples(T0 + 30 * MINUTE)
    aggregator.run_once(NOW)
    assert energy_j(ledger) == pytest.approx(before, rel=1e-9)
    assert stood(ledger, windows) == states
    with ledger.engine.begin() as connection:
        told = connection.execute(select(faults.c.message).where(faults.c.source == "retention")).scalars().all()
    assert sorted(message.partition(":")[0] for message in told) == ["every node", "wn1"]
