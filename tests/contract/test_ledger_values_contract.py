"""CO2 and cost computed again, and the history of intensities, on each of the databases."""

from dataclasses import replace

from sqlalchemy import select

from aggregator.ledger.bookings import BOOKING_COLUMNS
from aggregator.ledger.intensities import CARRIED_MS, Origin
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings, stale, stale_jobs
from aggregator.ledger.valuing import BucketRates, RowRates
from maxwatt.domain.carbon import Intensity, State
from maxwatt.domain.units import BUCKET_MS

T0 = 1_780_272_000_000
WHO = Origin("uk", "GB", "average, direct")


def row(bucket: int, job_ref: int, energy_j: float) -> tuple[object, ...]:
    values = dict.fromkeys(BOOKING_COLUMNS, 0.0) | {"bucket_ms": T0 + bucket * BUCKET_MS, "node": "n1", "account": 0}
    values |= {"job_ref": job_ref, "cpu_static_j": energy_j / 4, "rest_dynamic_j": 3 * energy_j / 4, "factor_id": 1}
    return tuple((values | {"method_version": 2, "cost": None, "co2_market_g": None, "co2_g": energy_j}).values())


def booked(ledger: Ledger) -> None:
    rows = [row(0, 1, 100.0), row(0, 2, -8.0), row(1, 1, 50.0), row(2, 3, 0.0)]
    ledger.replace_bookings(["n1"], (T0, T0 + 4 * BUCKET_MS), rows, [])
    ledger.note_booked({T0 + n * BUCKET_MS: 0.0 for n in range(4)}, T0)
    ledger.close_windows([T0, T0 + BUCKET_MS])


def found(ledger: Ledger) -> list[tuple[object, ...]]:
    column = bookings.c
    names = (column.job_ref, column.co2_g, column.co2_market_g, column.cost, column.factor_id, column.revision)
    with ledger.engine.begin() as connection:
        ordered = select(*names).order_by(column.bucket_ms, column.job_ref)
        return [tuple(each) for each in connection.execute(ordered)]


def rates(bucket: int, factor: int = 7, market: float | None = 0.5, price: float | None = None) -> BucketRates:
    return BucketRates(T0 + bucket * BUCKET_MS, factor, 2.0, market, price)


def test_buckets_are_valued_from_the_booked_energy(ledger: Ledger) -> None:
    booked(ledger)
    assert ledger.values.value_buckets([rates(0), rates(1, market=None, price=0.1), rates(9)]) == 3
    assert found(ledger) == [
        (1, 200.0, 50.0, None, 7, 2),
        (2, -16.0, -4.0, None, 7, 2),
        (1, 100.0, None, 5.0, 7, 2),
        (3, 0.0, None, None, 1, 1),
    ]
    assert ledger.revisions(T0, T0 + 4 * BUCKET_MS) == {
        T0: 2, T0 + BUCKET_MS: 2, T0 + 2 * BUCKET_MS: 0, T0 + 3 * BUCKET_MS: 0,
    }  # fmt: skip
    assert ledger.values.value_buckets([rates(0), rates(1, market=None, price=0.1)]) == 0


def test_a_contract_or_tariff_that_is_taken_away_leaves_nothing(ledger: Ledger) -> None:
    booked(ledger)
    ledger.values.value_buckets([rates(0, price=0.1)])
    assert ledger.values.value_buckets([rates(0, market=None)]) == 2
    assert [each[2:4] for each in found(ledger)][:2] == [(None, None), (None, None)]


def test_single_rows_are_valued_alone(ledger: Ledger) -> None:
    booked(ledger)
    assert sorted(ledger.values.booked_keys(T0)) == [("n1", 0, 1), ("n1", 0, 2)]
    assert ledger.values.value_rows([RowRates("n1", 0, 2, rates(0)), RowRates("n9", 0, 2, rates(0))]) == 1
    assert [each[4:] for each in found(ledger)] == [(1, 1), (7, 2), (1, 1), (1, 1)]


def test_what_was_summed_from_it_is_stale(ledger: Ledger) -> None:
    booked(ledger)
    with ledger.engine.begin() as connection:
        connection.execute(stale.delete())
        connection.execute(stale_jobs.delete())
    ledger.values.value_buckets([rates(1), rates(3)])
    with ledger.engine.begin() as connection:
        assert list(connection.execute(select(stale.c.start_ms)).scalars()) == [T0 + BUCKET_MS]
        assert list(connection.execute(select(stale_jobs.c.job_ref)).scalars()) == [1]


def test_the_history_keeps_each_state_and_marks_what_changed(ledger: Ledger) -> None:
    booked(ledger)
    measured = Intensity(T0, T0 + BUCKET_MS, 100.0, State.MEASURED)
    forecast = replace(measured, g_per_kwh=90.0, state=State.FORECAST)
    assert ledger.values.record_intensities(WHO, [measured, forecast], T0) == 2
    assert ledger.values.record_intensities(WHO, [measured, replace(forecast, g_per_kwh=91.0)], T0 + 1) == 1
    assert {each.state: each.g_per_kwh for each in ledger.values.intensities(WHO, T0, T0 + 1)} == {
        State.MEASURED: 100.0, State.FORECAST: 91.0,
    }  # fmt: skip
    assert ledger.values.intensities(replace(WHO, zone="FR"), T0, T0 + 1) == []
    waiting = ledger.values.waiting()
    assert {(each.start_ms, each.end_ms) for each in waiting} == {(T0, T0 + 4 * BUCKET_MS)}  # no further than booked
    assert T0 + BUCKET_MS + CARRIED_MS > T0 + 4 * BUCKET_MS
    ledger.values.finish(waiting)
    assert ledger.values.waiting() == []
    assert not ledger.values.mark(T0 + 40 * BUCKET_MS, T0 + 50 * BUCKET_MS)
