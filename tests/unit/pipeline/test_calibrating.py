"""Idle powers through store and ledger: found once for each UTC day, frozen, found anew only when asked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import func, select

from aggregator.ledger.idle import Origin
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings
from aggregator.pipeline.attribute import attribute_range
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import Settings
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.units import DAY_MS

T0 = 1_780_272_000_000  # a UTC midnight
STEP_MS = 60_000
HOUR = 3_600_000
MODEL = NodeModel("m", ("worker", "other"), cpu_idle_w=50, cpu_max_w=200, gpu_idle_w=30, gpu_max_w=300)
SETTINGS = replace(Settings(), node_models=(MODEL,))
WORK = JobRecord(
    JobKey("c", 1, T0 + 6 * HOUR), JobState.COMPLETED, user="u", end_ms=T0 + 18 * HOUR, cpus=4, node_count=1,
    allocations=(Allocation("worker", 4.0, 4 << 30, ()),), total_cpu_s=100_000.0,
)  # fmt: skip


def samples(node: str, start_ms: int, end_ms: int) -> dict[str, pa.Table]:
    """CPU 70 W, while the job runs on `worker` 180 W and 4 busy CPUs; the board always 45 W."""
    ts = np.arange(start_ms, end_ms, STEP_MS, dtype=np.int64)
    worked_s = (node == "worker") * (np.clip(ts, WORK.key.start_ms, WORK.end_ms) - WORK.key.start_ms) / 1000
    since_s = (ts - T0) / 1000
    common = {"ts_ms": ts, "node": [node] * len(ts), "monotonic_s": since_s + 50, "epoch_id": np.full(len(ts), 7)}
    energy = 70 * since_s + 110 * worked_s
    nodes = {"cpu_busy_seconds_total": 4 * worked_s + 0.01 * since_s, "cpu_count": np.full(len(ts), 8)}
    gpus = {"gpu": np.zeros(len(ts), np.int64), "uuid": ["G"] * len(ts), "energy_joules_total": 45 * since_s}
    return {
        "node": pa.table({**common, **nodes, "cpu_energy_joules_total": energy}),
        "gpu": pa.table({**common, **gpus}),
    }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(tmp_path / "samples.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    opened.upsert_jobs([WORK], T0 + 2 * DAY_MS)
    yield opened
    opened.close()


def powers(ledger: Ledger, day: int, node: str = "worker") -> dict[str, tuple[float | None, Origin, int]]:
    found = ledger.idle_powers([node], T0 + day * DAY_MS, T0 + day * DAY_MS)
    return {each.component: (each.power_w and round(each.power_w, 6), each.origin, each.revision) for each in found}


def static_j(ledger: Ledger, day: int) -> float:
    """Static CPU energy booked on a day."""
    on = bookings.c.bucket_ms.between(T0 + day * DAY_MS, T0 + (day + 1) * DAY_MS - 1)
    with ledger.engine.begin() as connection:
        return float(connection.execute(select(func.sum(bookings.c.cpu_static_j)).where(on)).scalar() or 0.0)


def test_the_first_day_has_the_models_values_the_second_is_calibrated(store: DuckDBStore, ledger: Ledger) -> None:
    store.write(samples("worker", T0, T0 + DAY_MS + HOUR))
    attribute_range(store, ledger, SETTINGS, T0, T0 + DAY_MS + HOUR)
    assert powers(ledger, 0) == {
        "cpu": (50.0, Origin.MODEL, 1),
        "dram": (None, Origin.NONE, 1),
        "rest": (None, Origin.NONE, 1),
        "gpu": (30.0, Origin.MODEL, 1),
    }
    assert powers(ledger, 1)["cpu"] == (70.0, Origin.CALIBRATED, 1)
    assert powers(ledger, 1)["gpu0"] == (45.0, Origin.CALIBRATED, 1)
    counts = {each.component: each.intervals for each in ledger.idle_powers(["worker"], T0 + DAY_MS, T0 + DAY_MS)}
    # intervals that end by 6:00 and those that begin from 18:05 on and end within the day
    assert counts == {"cpu": 360 + 354, "gpu": 0, "gpu0": 360 + 354, "dram": 0, "rest": 0}
    assert static_j(ledger, 1) == pytest.approx(70.0 * 3540)  # the last sample is one step before the end


def test_what_was_frozen_stays_whatever_comes_later(store: DuckDBStore, ledger: Ledger) -> None:
    store.write(samples("worker", T0, T0 + DAY_MS + HOUR))
    attribute_range(store, ledger, SETTINGS, T0, T0 + DAY_MS + HOUR)
    before = powers(ledger, 0), powers(ledger, 1), static_j(ledger, 0), static_j(ledger, 1)
    store.write(samples("worker", T0 - DAY_MS, T0))
    other = replace(SETTINGS, node_models=(replace(MODEL, cpu_idle_w=20.0),))
    attribute_range(store, ledger, other, T0, T0 + DAY_MS + HOUR)
    assert (powers(ledger, 0), powers(ledger, 1), static_j(ledger, 0), static_j(ledger, 1)) == before


def test_recalibration_is_a_new_revision_of_the_days_asked_for(store: DuckDBStore, ledger: Ledger) -> None:
    """With an idle day and a job on the day before, day 0 can be calibrated too: 70 W instead of the model's 50 W."""
    store.write(samples("worker", T0, T0 + DAY_MS + HOUR))
    attribute_range(store, ledger, SETTINGS, T0, T0 + DAY_MS + HOUR)
    little = static_j(ledger, 0)
    store.write(samples("worker", T0 - DAY_MS, T0))
    earlier = replace(WORK, key=JobKey("c", 2, T0 - 3 * DAY_MS), end_ms=T0 - 2 * DAY_MS)
    ledger.upsert_jobs([earlier], T0 + 2 * DAY_MS)
    report = attribute_range(store, ledger, SETTINGS, T0 + HOUR, T0 + 2 * HOUR, recalibrate=True)
    assert powers(ledger, 0)["cpu"] == (70.0, Origin.CALIBRATED, 2)
    assert powers(ledger, 0)["dram"] == (None, Origin.NONE, 2)
    assert powers(ledger, 1)["cpu"][2] == 1
    assert report.windows > 96  # all of its windows, and those that an interval across midnight reaches
    assert static_j(ledger, 0) - little == pytest.approx(20.0 * 86_400, rel=1e-3)


def test_a_node_that_never_had_a_job_is_not_calibrated(store: DuckDBStore, ledger: Ledger) -> None:
    store.write(samples("other", T0, T0 + DAY_MS + HOUR))
    attribute_range(store, ledger, SETTINGS, T0, T0 + DAY_MS + HOUR)
    assert powers(ledger, 1, "other")["cpu"] == (50.0, Origin.MODEL, 1)


def test_a_job_long_ago_is_enough(store: DuckDBStore, ledger: Ledger) -> None:
    ledger.upsert_jobs(
        [replace(WORK, key=JobKey("c", 3, T0 - 30 * DAY_MS), end_ms=T0 - 29 * DAY_MS,
                 allocations=(Allocation("other", 4.0, 4 << 30, ()),))], T0,
    )  # fmt: skip
    store.write(samples("other", T0, T0 + DAY_MS + HOUR))
    attribute_range(store, ledger, SETTINGS, T0 + DAY_MS, T0 + DAY_MS + HOUR)
    assert powers(ledger, 1, "other")["cpu"][:2] == (70.0, Origin.CALIBRATED)


def test_any_cut_into_runs_books_the_same(store: DuckDBStore, ledger: Ledger, tmp_path: Path) -> None:
    store.write(samples("worker", T0, T0 + DAY_MS + HOUR))
    attribute_range(store, ledger, SETTINGS, T0, T0 + DAY_MS + HOUR)
    whole = static_j(ledger, 0), static_j(ledger, 1)
    for start_ms in range(T0 + DAY_MS - HOUR, T0 + DAY_MS + HOUR, 900_000):
        assert attribute_range(store, ledger, SETTINGS, start_ms, start_ms + 900_000).changed == 0
    assert (static_j(ledger, 0), static_j(ledger, 1)) == whole
