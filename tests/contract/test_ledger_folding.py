"""Bookings that are folded to days: every sum stays what it was, in both databases."""

import random
from dataclasses import asdict, is_dataclass

import pytest
from sqlalchemy import func, select

from aggregator.ledger.bookings import BOOKING_COLUMNS
from aggregator.ledger.folding import unknown_apart
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.retention import fold_next, forget_faults
from aggregator.ledger.tables import bookings, faults, measured, stale, stale_jobs, windows
from aggregator.queries.models import JobFilter
from aggregator.queries.queries import Queries
from maxwatt.config import Settings
from maxwatt.domain.energy import ENERGY_COLUMNS, EVIDENCE_COLUMNS, Account
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import Viewer

T0 = 1_780_272_000_000  # a UTC midnight
NODES = tuple(f"n{number}" for number in range(40))  # more than are folded in one transaction
BUCKETS = 96
ADMIN = Viewer("root", sees_all=True)


def row(dice: random.Random, bucket_ms: int, node: str, account: int, job_ref: int) -> tuple[object, ...]:
    """A booking of which some things are unknown and whose energy may be negative."""
    values: dict[str, object] = {name: dice.random() * 1e5 for name in BOOKING_COLUMNS}
    sign = -1.0 if account == Account.UNATTRIBUTED and dice.random() < 0.5 else 1.0
    share = [dice.random() for _ in EVIDENCE_COLUMNS]
    energy_j = {name: sign * dice.random() * 1e5 for name in ENERGY_COLUMNS}
    evidence_j = [sum(energy_j.values()) * part / sum(share) for part in share]
    unknown = {name: None for name in unknown_apart() if dice.random() < 0.2}
    keys = {"bucket_ms": bucket_ms, "node": node, "account": account, "job_ref": job_ref}
    rest = {"uncertainty": dice.random() * 0.2, "factor_id": dice.choice([1, 2]), "method_version": 2}
    peak = {"memory_peak_bytes": dice.choice([None, 1e9, 2e9])}
    evidence = dict(zip(EVIDENCE_COLUMNS, evidence_j, strict=True))
    return tuple((values | energy_j | evidence | unknown | keys | rest | peak).values())


def fill(ledger: Ledger, days: int = 2) -> None:
    """Days on all nodes: a job that is always there, one at noon, idle and unattributed energy; all windows closed."""
    dice = random.Random(7)  # noqa: S311  the same numbers in every run
    for number in (1, 2):
        held = tuple(Allocation(node, 4.0, 8e9) for node in NODES)
        key = JobKey("c", number, T0)
        job = JobRecord(key, JobState.COMPLETED, user=f"u{number}", end_ms=T0 + days * DAY_MS, allocations=held, cpus=8)
        ledger.upsert_jobs([job], T0)
    rows, meters = [], []
    for day in range(days):
        for node in NODES:
            for bucket in dice.sample(range(BUCKETS), 12):
                at = T0 + day * DAY_MS + bucket * BUCKET_MS
                rows += [row(dice, at, node, account, 0) for account in (Account.IDLE, Account.UNATTRIBUTED)]
                rows += [row(dice, at, node, Account.JOB, 1)]
                rows += [row(dice, at, node, Account.JOB, 2)] if 48 <= bucket < 60 else []
                meters.append((at, node, *(dice.random() * 1e5 for _ in range(4)), 450.0))
    span = (T0, T0 + days * DAY_MS)
    ledger.replace_bookings(NODES, span, rows, meters)
    times = list(range(*span, BUCKET_MS))
    ledger.note_booked(dict.fromkeys(times, 0.0), span[1] + DAY_MS)
    ledger.close_windows(times)
    with ledger.engine.begin() as connection:
        for table in (stale, stale_jobs):
            connection.execute(table.delete())


def figures(value: object) -> object:
    """Read models as plain values."""
    if is_dataclass(value) and not isinstance(value, type):
        return figures(asdict(value))
    if isinstance(value, dict):
        return {str(key): figures(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [figures(item) for item in value]
    return value


def answers(ledger: Ledger) -> dict[str, object]:
    """Everything that the queries say of the first day and of all."""
    queries = Queries(ledger.engine, None, Settings(), now_ms=lambda: T0 + 30 * DAY_MS)
    found: dict[str, object] = {}
    for name, until in (("day", T0 + DAY_MS), ("all", T0 + 9 * DAY_MS)):
        found[f"summary {name}"] = figures(queries.energy_summary(ADMIN, T0, until))
        for group in ("user", "account", "partition"):
            found[f"{group} {name}"] = figures(queries.energy_by(ADMIN, group, T0, until))  # type: ignore[arg-type]
    found["jobs"] = figures(queries.jobs(ADMIN, JobFilter(), "energy_j", True, 0, 10))
    found["own"] = figures(queries.energy_summary(Viewer("u1"), T0, T0 + DAY_MS))
    return found


def assert_same(after: object, before: object, path: str = "") -> None:
    if isinstance(before, dict):
        assert isinstance(after, dict) and after.keys() == before.keys(), path
        for key in before:
            assert_same(after[key], before[key], f"{path}/{key}")
    elif isinstance(before, list):
        assert isinstance(after, list) and len(after) == len(before), path
        for number, item in enumerate(before):
            assert_same(after[number], item, f"{path}/{number}")
    elif isinstance(before, float):
        assert after == pytest.approx(before, rel=1e-9, abs=1e-9), path
    else:
        assert after == before, path


def fold(ledger: Ledger, before_ms: int) -> int | None:
    return fold_next(ledger.engine, before_ms, lambda: None)


def count(ledger: Ledger, table: object) -> int:
    with ledger.engine.begin() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def test_every_figure_stays_what_it_was(ledger: Ledger) -> None:
    fill(ledger)
    before, rows = answers(ledger), count(ledger, bookings)
    assert fold(ledger, T0 + DAY_MS) == T0
    assert_same(answers(ledger), before)
    assert fold(ledger, T0 + DAY_MS) is None
    assert fold(ledger, T0 + 2 * DAY_MS) == T0 + DAY_MS
    assert_same(answers(ledger), before)
    assert count(ledger, bookings) < rows
    assert count(ledger, measured) == 2 * len(NODES)


def test_what_is_all_known_becomes_one_row_a_day_at_its_start(ledger: Ledger) -> None:
    """Three quarters of an hour of a job: 10, 20 and 30 J with 0, 10 and 20 %: 60 J with (2 + 6) / 60."""
    values = dict.fromkeys(BOOKING_COLUMNS, 0.0) | {"account": 0, "job_ref": 1, "factor_id": 1, "method_version": 1}
    rows = [
        values
        | {"bucket_ms": T0 + at * BUCKET_MS, "node": "n1", "cpu_static_j": energy_j, "counted_j": energy_j}
        | {"uncertainty": off, "held_s": 900.0, "covered_s": 600.0, "memory_peak_bytes": peak}
        for at, energy_j, off, peak in ((40, 10.0, 0.0, 1.0), (41, 20.0, 0.1, 3.0), (95, 30.0, 0.2, None))
    ]
    ledger.replace_bookings(["n1"], (T0, T0 + DAY_MS), [tuple(each.values()) for each in rows], [])
    close(ledger)
    assert fold(ledger, T0 + DAY_MS) == T0
    with ledger.engine.begin() as connection:
        (found,) = connection.execute(select(bookings)).mappings().all()
    assert found["bucket_ms"] == T0
    assert (found["cpu_static_j"], found["counted_j"]) == (60.0, 60.0)
    assert (found["held_s"], found["covered_s"]) == (2700.0, 1800.0)
    assert found["uncertainty"] == pytest.approx(8 / 60)
    assert (found["memory_peak_bytes"], found["factor_id"]) == (3.0, 1)


def close(ledger: Ledger) -> None:
    """A day whose windows are closed and whose sums are made."""
    times = range(T0, T0 + DAY_MS, BUCKET_MS)
    ledger.note_booked(dict.fromkeys(times, 0.0), T0 + DAY_MS)
    ledger.close_windows(list(times))
    with ledger.engine.begin() as connection:
        connection.execute(stale.delete())


def test_what_was_broken_off_is_gone_on_with_and_right_meanwhile(ledger: Ledger) -> None:
    fill(ledger, days=1)
    before, calls = answers(ledger), iter([None, InterruptedError()])

    def go_on() -> None:
        if (problem := next(calls)) is not None:
            raise problem

    with pytest.raises(InterruptedError):
        fold_next(ledger.engine, T0 + DAY_MS, go_on)
    assert count(ledger, measured) > len(NODES)
    assert_same(answers(ledger), before)
    assert fold(ledger, T0 + DAY_MS) == T0
    assert count(ledger, measured) == len(NODES)
    assert_same(answers(ledger), before)


def test_a_day_that_may_still_change_is_not_folded_nor_those_after_it(ledger: Ledger) -> None:
    fill(ledger)
    ledger.mark_dirty(T0 + 5 * BUCKET_MS, T0 + 6 * BUCKET_MS)
    assert fold(ledger, T0 + 2 * DAY_MS) is None
    ledger.finish(ledger.stretches())
    assert fold(ledger, T0 + 2 * DAY_MS) == T0


def test_what_comes_late_for_a_folded_day_is_a_fault_with_its_size(ledger: Ledger) -> None:
    fill(ledger)
    fold(ledger, T0 + DAY_MS)
    assert ledger.frozen_until() == T0 + DAY_MS
    assert not ledger.mark_dirty(T0 + 90 * BUCKET_MS, T0 + 96 * BUCKET_MS, ["n1"])
    assert ledger.mark_dirty(T0 + 92 * BUCKET_MS, T0 + 98 * BUCKET_MS, ["n1"])
    assert [(each.start_ms, each.end_ms) for each in ledger.stretches()] == [(T0 + DAY_MS, T0 + DAY_MS + 2 * BUCKET_MS)]
    with ledger.engine.begin() as connection:
        told = connection.execute(select(faults.c.message).order_by(faults.c.fault_id)).scalars().all()
    assert [message[:28] for message in told] == ["n1: what came late for 1.5 h", "n1: what came late for 1 h f"]


def test_series_show_folded_days_as_days(ledger: Ledger) -> None:
    fill(ledger)
    queries = Queries(ledger.engine, None, Settings(), now_ms=lambda: T0 + 30 * DAY_MS)
    fine = queries.energy_series(ADMIN, T0, T0 + 2 * DAY_MS, 1000)
    assert fine.step_ms == BUCKET_MS
    fold(ledger, T0 + DAY_MS)
    coarse = queries.energy_series(ADMIN, T0, T0 + 2 * DAY_MS, 1000)
    assert (coarse.step_ms, coarse.start_ms) == (DAY_MS, (T0, T0 + DAY_MS))
    for name, power_w in coarse.power_w.items():
        for day in (0, 1):
            known = [power for power in fine.power_w[name][day * BUCKETS : (day + 1) * BUCKETS] if power is not None]
            assert power_w[day] == pytest.approx(sum(known) / len(known), rel=1e-9)


def test_windows_without_anything_stay_apart(ledger: Ledger) -> None:
    """Of a folded day, what was never measured is not time that anything was known of."""
    fill(ledger, days=1)
    span = (T0, T0 + DAY_MS)
    with ledger.engine.begin() as connection:
        busy = set(connection.execute(select(bookings.c.bucket_ms).distinct()).scalars())
    gone = sorted(busy)[:3]
    for at in gone:
        ledger.replace_bookings(NODES, (at, at + BUCKET_MS), [], [])
    close(ledger)
    fold(ledger, span[1])
    with ledger.engine.begin() as connection:
        empty = select(windows.c.bucket_ms).where(windows.c.state == "empty")
        assert set(gone) <= set(connection.execute(empty).scalars())


def test_old_faults_go_and_new_ones_stay(ledger: Ledger) -> None:
    ledger.add_fault("s", "old", T0)
    ledger.add_fault("s", "new", T0 + 10)
    forget_faults(ledger.engine, T0 + 5)
    with ledger.engine.begin() as connection:
        assert connection.execute(select(faults.c.message)).scalars().all() == ["new"]
