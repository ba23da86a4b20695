"""Factors over time, and a change in the middle of a bucket: its pieces weigh what they weigh, the row is their sum."""

from dataclasses import replace

import numpy as np
import pytest

from aggregator.kernel.arrays import Bookings, Measured, Window
from aggregator.pipeline import fine
from aggregator.pipeline.factors import FactorHistory, Rates, Series, factor_history, merged
from aggregator.pipeline.values import Values, values_of
from maxwatt.domain.carbon import Factor, Figure, Quantity, State, Step
from maxwatt.domain.energy import Account
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.units import BUCKET_MS, J_PER_KWH

MINUTE = 60_000


def step(quantity: Quantity, start_ms: int, value: float, kind: str = "average") -> Step:
    return Step(start_ms, Figure(quantity, "p", "DE", kind, "", State.MEASURED, start_ms, value))


def grid(start_ms: int, value: float) -> Step:
    return step(Quantity.INTENSITY, start_ms, value)


ALWAYS = [step(Quantity.PUE, 0, 1.25)]


class Numbers:
    """Numbers factors as a ledger does."""

    @property
    def values(self) -> "Numbers":
        return self

    def factor_ids(self, wanted: list[Factor]) -> list[int]:
        return [100 + place for place, _ in enumerate(wanted)]


def history(series: Series) -> FactorHistory:
    return factor_history(Numbers(), series)  # type: ignore[arg-type]


def test_a_factor_begins_wherever_one_of_its_figures_does() -> None:
    price = [step(Quantity.PRICE, 20, 0.3), Step(40, None)]
    found = merged(Series([grid(0, 400.0), grid(10, 300.0)], ALWAYS, price=price))
    assert [(start, factor.intensity.value, factor.price and factor.price.value) for start, factor in found] == [
        (0, 400.0, None),
        (10, 300.0, None),
        (20, 300.0, 0.3),
        (40, 300.0, None),
    ]


def test_rates_are_pue_times_figure_per_joule_and_unknown_without_one() -> None:
    market = [step(Quantity.MARKET, 50, 40.0)]
    rates = history(Series([grid(0, 400.0)], ALWAYS, market)).at(np.array([0, 50]))
    assert (rates.g_per_j * J_PER_KWH).tolist() == pytest.approx([500.0, 500.0])
    assert (rates.market_g_per_j * J_PER_KWH).tolist() == pytest.approx([np.nan, 50.0], nan_ok=True)
    assert np.isnan(rates.price_per_j).all()


def test_what_does_not_change_is_no_edge() -> None:
    same = grid(0, 400.0)
    found = history(Series([same, replace(same, start_ms=300), grid(500, 1.0)], ALWAYS))
    assert found.start_ms.tolist() == [0, 500]
    assert found.edges_with_changes(np.array([0, 1000])).tolist() == [0, 500, 1000]
    assert found.edges_with_changes(np.array([500, 1000])).tolist() == [500, 1000]


def test_marginal_intensities_are_refused() -> None:
    marginal = [step(Quantity.INTENSITY, 0, 700.0, kind="marginal")]
    with pytest.raises(ConfigError, match="would have been avoided"):
        history(Series(marginal, ALWAYS))


def pieces(energy_j: list[float], **changes: object) -> Bookings:
    """One job on one node in two pieces of a bucket, and idle in the second."""
    n = 3
    energies = np.zeros((n, 4, 2))
    energies[:, 0, 1] = energy_j
    evidence = np.zeros((n, 5))
    evidence[:, 0] = energy_j
    found = Bookings(
        account=np.array([Account.JOB, Account.JOB, Account.IDLE], np.int32), life=np.array([0, 0, -1]),
        uid=np.full(n, -1), node=np.zeros(n, np.int32), bucket=np.array([0, 1, 1], np.int32), energy_j=energies,
        evidence_j=evidence, cpu_used_s=np.array([60.0, 20.0, np.nan]), cpu_reserved_s=np.array([300.0, 600.0, 0.0]),
        held_s=np.array([300.0, 600.0, 0.0]), covered_s=np.array([300.0, 500.0, 0.0]),
        share_s=np.array([150.0, 125.0, 0.0]),
        waste_j=np.array([10.0, np.nan, np.nan]), memory_peak_bytes=np.array([5.0, np.nan, np.nan]),
        uncertainty=np.array([0.1, 0.4, 0.2]),
    )  # fmt: skip
    return replace(found, **changes)  # type: ignore[arg-type]


FINE = Window(np.array([0, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE]), BUCKET_MS)
EDGES = np.array([0, BUCKET_MS, 2 * BUCKET_MS])
MODELS = (NodeModel("m", embodied_kg=31_557.6, lifetime_years=1),)
"""A gram each second."""
FACTORS = FactorHistory(
    np.array([0, 5 * MINUTE]),
    Rates(np.array([7, 8]), np.array([400.0, 100.0]) / J_PER_KWH, np.full(2, np.nan), np.array([np.nan, 0.5])),
)


def row(booked: Bookings) -> tuple[Bookings, Values, Measured]:
    measured = Measured(np.arange(12.0).reshape(1, 3, 4), np.array([[300.0, 500.0, 900.0]]))
    return fine.merged(booked, values_of(booked, FINE, FACTORS, MODELS), measured, FINE, EDGES)


def test_a_change_inside_a_bucket_weighs_each_piece_with_its_own_factor() -> None:
    """3.6 MJ before the change at 400 g/kWh and 7.2 MJ after it at 100 g/kWh are 400 g + 200 g, not 3 kWh at either."""
    booked, values, measured = row(pieces([3.6e6, 7.2e6, 3.6e6]))
    assert booked.account.tolist() == [Account.JOB, Account.IDLE]
    assert booked.bucket.tolist() == [0, 0]
    assert booked.energy_j.sum(axis=(1, 2)).tolist() == [10.8e6, 3.6e6]
    assert values.co2_g.tolist() == pytest.approx([600.0, 100.0])
    assert values.factor_id.tolist() == [8, 8]  # of the piece with more energy
    assert np.isnan(values.co2_market_g).all()
    assert np.isnan(values.cost[0])  # there was no tariff in the first piece
    assert measured.energy_j[0].tolist() == [[4.0, 6.0, 8.0, 10.0], [8.0, 9.0, 10.0, 11.0]]
    assert measured.covered_s.tolist() == [[800.0, 900.0]]


def test_what_energy_weighs_and_costs() -> None:
    """1 kWh at PUE 1.25: 400 g/kWh make 500 g, the contract's 40 g/kWh 50 g, 0.30 each kWh 0.375; 2 kWh twice that."""
    market, price = [step(Quantity.MARKET, 0, 40.0)], [step(Quantity.PRICE, 0, 0.3)]
    found = values_of(
        pieces([3.6e6, 7.2e6, 0.0]), FINE, history(Series([grid(0, 400.0)], ALWAYS, market, price)), MODELS
    )
    assert found.co2_g.tolist() == pytest.approx([500.0, 1000.0, 0.0])
    assert found.co2_market_g.tolist() == pytest.approx([50.0, 100.0, 0.0])
    assert found.cost.tolist() == pytest.approx([0.375, 0.75, 0.0])
    assert found.factor_id.tolist() == [100, 100, 100]


def test_pieces_of_a_row_add_up_and_what_one_does_not_know_is_unknown() -> None:
    booked, values, _ = row(pieces([3.6e6, 7.2e6, 3.6e6]))
    assert (booked.cpu_used_s[0], booked.held_s[0], booked.covered_s[0]) == (80.0, 900.0, 800.0)
    assert (booked.share_s[0], values.embodied_g[0]) == (275.0, pytest.approx(275.0))
    assert np.isnan(booked.waste_j[0])
    assert booked.memory_peak_bytes[0] == 5.0
    assert booked.uncertainty[0] == pytest.approx((0.1 * 3.6 + 0.4 * 7.2) / 10.8)
    assert booked.evidence_j[0].tolist() == [10.8e6, 0, 0, 0, 0]


def test_of_two_equal_pieces_the_earlier_names_the_factor_and_nothing_stays_nothing() -> None:
    assert row(pieces([1.0, 1.0, 0.0]))[1].factor_id[0] == 7
    nothing, values, _ = row(pieces([0.0, 0.0, 0.0]))
    assert (nothing.uncertainty[0], values.co2_g[0], values.factor_id[0]) == (0.4, 0.0, 7)


def test_no_bookings_at_all() -> None:
    empty = pieces([1.0, 1.0, 1.0])
    empty = Bookings(**{name: getattr(empty, name)[:0] for name in Bookings.__dataclass_fields__})
    booked, values, _ = row(empty)
    assert (len(booked.account), len(values.co2_g)) == (0, 0)
