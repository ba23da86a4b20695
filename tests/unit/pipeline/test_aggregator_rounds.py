"""When the aggregator polls, and how it stops."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.loop import Aggregator
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import AttributionSettings, CarbonSettings, Settings, SlurmSettings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.jobs import SlurmSnapshot
from maxwatt.domain.units import BUCKET_MS, DAY_MS

T0 = 1_780_272_000_000
SETTINGS = Settings(slurm=SlurmSettings(live="scontrol"), carbon=CarbonSettings(intensity_g_per_kwh=400.0))


class Controller:
    """Answers, and counts how often it was asked."""

    name = "scontrol"

    def __init__(self) -> None:
        self.asked = 0

    def snapshot(self) -> SlurmSnapshot:
        self.asked += 1
        return SlurmSnapshot(T0 + self.asked, (), ())


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


def test_polls_keep_their_interval(ledger: Ledger, store: DuckDBStore) -> None:
    controller = Controller()
    aggregator = Aggregator(store, ledger, SETTINGS, controller)
    for seconds in (0, 5, 14, 15, 20, 30):
        aggregator.poll(T0 + seconds * 1000)
    assert controller.asked == 3


def test_a_wall_clock_that_is_set_back_does_not_silence_the_polls(ledger: Ledger, store: DuckDBStore) -> None:
    controller = Controller()
    aggregator = Aggregator(store, ledger, SETTINGS, controller)
    aggregator.poll(T0)
    aggregator.poll(T0 - 3600_000)
    aggregator.poll(T0 - 3600_000 + 15_000)
    assert controller.asked == 3


def history(days: int) -> dict[str, pa.Table]:
    """One sparse node over some days."""
    ts = list(range(now_ms() - days * DAY_MS, now_ms(), BUCKET_MS))
    counter = [float(n) for n in range(len(ts))]
    clock = {"monotonic_s": [n * BUCKET_MS / 1000 for n in range(len(ts))], "epoch_id": [1] * len(ts)}
    values = {"cpu_busy_seconds_total": counter, "cpu_energy_joules_total": counter}
    return {"node": pa.table({"ts_ms": ts, "node": ["n1"] * len(ts), **clock, **values})}


def test_stopping_does_not_wait_for_a_long_history_and_the_next_start_goes_on(
    ledger: Ledger, store: DuckDBStore
) -> None:
    store.write(history(days=40))
    settings = replace(SETTINGS, slurm=SlurmSettings(), attribution=AttributionSettings(interval_s=0.01))
    aggregator = Aggregator(store, ledger, settings)
    aggregator.start()
    limit_s = time.monotonic() + 30
    while ledger.booked_until() is None and time.monotonic() < limit_s:
        time.sleep(0.002)
    aggregator.stop()
    until = ledger.booked_until()
    assert until is not None and until < now_ms() - 5 * DAY_MS, "the history was booked to its end before stopping"
    with ledger.engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM faults").scalar() == 0
    Aggregator(store, ledger, settings).book(now_ms())
    until = ledger.booked_until()
    assert until is not None and until > now_ms() - DAY_MS


def test_stopping_leaves_what_does_not_end_and_says_so(
    ledger: Ledger, store: DuckDBStore, caplog: pytest.LogCaptureFixture
) -> None:
    asked, go = threading.Event(), threading.Event()

    def silent() -> list[tuple[str, str]]:
        asked.set()
        go.wait(30)
        return []

    aggregator = Aggregator(store, ledger, SETTINGS, coordinators=silent)
    aggregator.start()
    try:
        assert asked.wait(30)
        started = time.monotonic()
        aggregator.stop(limit_s=0.5)
        assert time.monotonic() - started < 10
        assert "coordinators" in caplog.text and "polls" not in caplog.text
    finally:
        go.set()


def test_days_are_arranged_two_hours_after_their_end(ledger: Ledger, store: DuckDBStore) -> None:
    store.write({"node": pa.table({"ts_ms": [T0 - DAY_MS, T0, T0 + DAY_MS], "node": ["n1"] * 3})})
    aggregator = Aggregator(store, ledger, SETTINGS)
    aggregator.arrange(T0 + DAY_MS + 7_199_000)
    assert store.arrange(T0 + DAY_MS) == T0, "only the first of both days that are over was arranged before"
    aggregator.arrange(T0 + 2 * DAY_MS + 7_200_000)
    assert store.arrange(T0 + 2 * DAY_MS) is None
