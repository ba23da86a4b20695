"""The kernel's arrays as rows of the ledger, and the check that they close."""

import numpy as np
import pytest

from aggregator.kernel.arrays import Bookings, GpuShares, Lives, Measured, Suspensions, Tenants, Window
from aggregator.ledger.bookings import BOOKING_COLUMNS, MEASURED_COLUMNS
from aggregator.pipeline.booking_rows import booking_rows, measured_rows
from aggregator.pipeline.chunks import node_chunks, nodes_at_once, tenants_of
from aggregator.pipeline.closure import LIMIT, beyond_limit, closure_gaps
from aggregator.pipeline.factors import FactorHistory, Rates
from aggregator.pipeline.values import values_of
from maxwatt.config import AttributionSettings, Settings
from maxwatt.domain.energy import METHOD_VERSION, Account
from maxwatt.domain.node_model import UNKNOWN_MODEL, NodeModel
from maxwatt.domain.units import BUCKET_MS, DAY_MS

NODES = ("a", "b")
MODELS = (UNKNOWN_MODEL, NodeModel("m", embodied_kg=31_557.6, lifetime_years=1))
"""The second: 31 557 600 g in 31 557 600 s."""
WINDOW = Window(np.array([0, BUCKET_MS, 2 * BUCKET_MS], np.int64), 3_600_000)
PRICES = np.array([np.nan, 0.5])
RATES = Rates(np.array([7, 8]), np.array([1.0, 2.0]), np.full(2, np.nan), PRICES)
FACTORS = FactorHistory(np.array([0, BUCKET_MS]), RATES)


def lives(nodes: list[int], refs: list[int]) -> Lives:
    n = len(nodes)
    zeros, ints = np.zeros(n), np.zeros(n, np.int64)
    flags = np.zeros(n, np.bool_)
    node = np.array(nodes, np.int32)
    return Lives(node, np.array(refs, np.int64), ints, ints, ints, zeros, zeros, flags, flags, zeros)


def booked() -> Bookings:
    energy = np.arange(24.0).reshape(3, 4, 2)
    evidence = np.zeros((3, 5))
    evidence[:, 0] = energy.sum(axis=(1, 2))
    return Bookings(
        account=np.array([Account.JOB, Account.IDLE, Account.JOB], np.int32),
        life=np.array([1, -1, 0]),
        uid=np.full(3, -1),
        node=np.array([0, 0, 1], np.int32),
        bucket=np.array([0, 1, 1], np.int32),
        energy_j=energy,
        evidence_j=evidence,
        cpu_used_s=np.array([5.0, np.nan, np.nan]),
        cpu_reserved_s=np.ones(3),
        held_s=np.full(3, 900.0),
        covered_s=np.full(3, 890.0),
        share_s=np.array([445.0, 890.0, 89.0]),
        waste_j=np.array([np.nan, np.nan, 2.0]),
        memory_peak_bytes=np.full(3, np.nan),
        uncertainty=np.full(3, 0.1),
    )


VALUES = values_of(booked(), WINDOW, FACTORS, MODELS)


def measured() -> Measured:
    energy = np.zeros((2, 2, 4))
    for node, bucket, row in ((0, 0, 0), (0, 1, 1), (1, 1, 2)):
        energy[node, bucket] = booked().energy_j[row].sum(axis=1)
    return Measured(energy, np.where(energy.any(axis=2), 900.0, 0.0))


def test_every_column_has_its_place() -> None:
    rows = [
        dict(zip(BOOKING_COLUMNS, row, strict=True))
        for row in booking_rows(booked(), lives([0, 1], [41, 42]), NODES, WINDOW, VALUES)
    ]
    assert [(row["node"], row["bucket_ms"], row["account"], row["job_ref"]) for row in rows] == [
        ("a", 0, 0, 42),
        ("a", BUCKET_MS, 2, 0),
        ("b", BUCKET_MS, 0, 41),
    ]
    assert (rows[0]["cpu_static_j"], rows[0]["cpu_dynamic_j"], rows[0]["rest_dynamic_j"]) == (0.0, 1.0, 7.0)
    assert [row["cpu_used_s"] for row in rows] == [5.0, None, None]
    assert [row["waste_j"] for row in rows] == [None, None, 2.0]
    assert [row["share_s"] for row in rows] == [445.0, 890.0, 89.0]
    assert [row["embodied_g"] for row in rows] == [None, None, pytest.approx(89.0)]
    assert [row["counted_j"] for row in rows] == [28.0, 92.0, 156.0]
    assert [(row["factor_id"], row["co2_g"]) for row in rows] == [(7, 28.0), (8, 184.0), (8, 312.0)]
    assert [(row["co2_market_g"], row["cost"]) for row in rows] == [(None, None), (None, 46.0), (None, 78.0)]
    assert {row["method_version"] for row in rows} == {METHOD_VERSION}


def test_values_are_plain_python_for_any_driver() -> None:
    for row in booking_rows(booked(), lives([0, 1], [41, 42]), NODES, WINDOW, VALUES):
        assert {type(value) for value in row} <= {int, float, str, type(None)}


def test_rows_come_in_the_order_in_which_the_ledger_keeps_them() -> None:
    later = booked()
    later.bucket[:] = [1, 1, 0]
    rows = booking_rows(later, lives([0, 1], [41, 42]), NODES, WINDOW, values_of(later, WINDOW, FACTORS, MODELS))
    assert [row[BOOKING_COLUMNS.index("co2_g")] for row in rows] == [156.0, 56.0, 184.0]
    assert [row[:4] for row in rows] == [(0, "b", 0, 41), (BUCKET_MS, "a", 0, 42), (BUCKET_MS, "a", 2, 0)]


def test_a_chunk_without_jobs() -> None:
    alone = booked()
    alone = Bookings(**{name: getattr(alone, name)[1:2] for name in Bookings.__dataclass_fields__})
    values = values_of(alone, WINDOW, FACTORS, MODELS)
    assert [row[3] for row in booking_rows(alone, lives([], []), NODES, WINDOW, values)] == [0]


def test_only_what_was_measured_is_a_meter_row() -> None:
    rows = [dict(zip(MEASURED_COLUMNS, row, strict=True)) for row in measured_rows(measured(), NODES, WINDOW)]
    assert [(row["node"], row["bucket_ms"]) for row in rows] == [("a", 0), ("a", BUCKET_MS), ("b", BUCKET_MS)]
    assert (rows[0]["cpu_j"], rows[0]["rest_j"], rows[0]["covered_s"]) == (1.0, 13.0, 900.0)


def test_accounts_that_sum_to_the_meter_have_no_gap() -> None:
    assert closure_gaps(booked(), measured()).max() == 0.0


@pytest.mark.parametrize(("missing_j", "fails"), [(5e-8, True), (5e-9, False)])
def test_a_gap_is_found_and_named(missing_j: float, fails: bool) -> None:
    meters = measured()
    meters.energy_j[1, 1, 2] += missing_j
    found = beyond_limit(closure_gaps(booked(), meters), NODES, WINDOW)
    assert [(gap.node, gap.component) for gap in found] == ([("b", "gpu")] if fails else [])
    assert all(gap.relative > LIMIT and "1970-01-01 00:15 UTC" in str(gap) for gap in found)


def test_a_figure_that_is_no_number_never_closes() -> None:
    meters = measured()
    meters.energy_j[0, 0, 0] = np.nan
    assert [gap.relative for gap in beyond_limit(closure_gaps(booked(), meters), NODES, WINDOW)] == [np.inf]


def test_lives_of_some_nodes_count_from_the_first_of_them() -> None:
    whole = lives([0, 1, 1, 2], [10, 11, 12, 13])
    spans = Suspensions(np.array([0, 2, 3]), np.array([1, 2, 3]), np.array([4, 5, 6]))
    shares = GpuShares(np.array([0, 1, 1]), np.array([0, 2, 3]), np.ones(3), np.ones(3), np.zeros(3, np.bool_))
    some = tenants_of(Tenants(whole, spans, shares), 1, 3)
    assert (some.lives.node.tolist(), some.lives.job.tolist()) == ([0, 0, 1], [11, 12, 13])
    assert (some.suspensions.life.tolist(), some.suspensions.start_ms.tolist()) == ([1, 2], [2, 3])
    assert (some.gpu_shares.life.tolist(), some.gpu_shares.gpu.tolist()) == ([0, 0], [2, 3])


def test_chunks_cover_all_nodes_once() -> None:
    assert node_chunks(["a", "b", "c", "d", "e"], 2) == [(0, 2), (2, 4), (4, 5)]
    assert node_chunks([], 2) == []


def test_a_short_time_takes_more_nodes_at_once() -> None:
    settings = Settings(attribution=AttributionSettings(nodes_per_chunk=16, max_gap_s=900))
    # margins: 2 * 900 s on both sides; a day has 90,000 s with them, a window 4,500 s, an hour 7,200 s
    assert [nodes_at_once(settings, ms) for ms in (DAY_MS, BUCKET_MS, 3_600_000)] == [16, 16 * 20, 16 * 12]


def test_the_factor_is_that_of_the_windows_start() -> None:
    rates = FACTORS.at(np.array([-5, 0, BUCKET_MS - 1, BUCKET_MS]))
    assert (rates.factor_id.tolist(), rates.g_per_j.tolist()) == ([7, 7, 7, 8], [1.0, 1.0, 1.0, 2.0])
