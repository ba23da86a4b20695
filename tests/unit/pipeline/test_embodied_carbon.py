"""Embodied carbon of bookings, by hand, and what the configuration takes for it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from aggregator.kernel.arrays import Bookings, Window
from aggregator.pipeline.embodied import embodied_g
from maxwatt.config import parse
from maxwatt.domain.energy import Account
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.node_model import UNKNOWN_MODEL, NodeModel
from maxwatt.domain.units import BUCKET_MS

THIN = NodeModel("thin", embodied_kg=1461.0, lifetime_years=5.0)
"""1 461 000 g in 1826.25 days: 800 g a day, 8.333 g in a quarter of an hour."""


def booked(*share_s: float) -> Bookings:
    """One booking on each of so many nodes, all in the first bucket."""
    n = len(share_s)
    zeros, ints = np.zeros(n), np.zeros(n, np.int32)
    return Bookings(
        account=np.full(n, Account.JOB, np.int32), life=np.arange(n), uid=np.full(n, -1),
        node=np.arange(n, dtype=np.int32), bucket=ints, energy_j=np.zeros((n, 4, 2)),
        evidence_j=np.zeros((n, 5)), cpu_used_s=zeros, cpu_reserved_s=zeros, held_s=zeros,
        covered_s=zeros, share_s=np.array(share_s), waste_j=zeros, memory_peak_bytes=zeros, uncertainty=zeros,
    )  # fmt: skip


def grams(*models: NodeModel, at: str = "2026-01-01T12:00:00", share_s: float = 900.0) -> list[float]:
    start_ms = round(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() * 1000)
    window = Window(np.array([start_ms, start_ms + BUCKET_MS]), 900_000)
    found: list[float] = embodied_g(booked(*[share_s] * len(models)), window, models).tolist()
    return found


def test_a_part_of_a_node_for_a_part_of_its_lifetime() -> None:
    """A whole node for a quarter of an hour: 800 g / 96. A quarter of it: a quarter."""
    assert grams(THIN) == [pytest.approx(800 / 96)]
    assert grams(THIN, share_s=225.0) == [pytest.approx(200 / 96)]


def test_what_nobody_declared_is_unknown() -> None:
    one, other = grams(UNKNOWN_MODEL, THIN)
    assert np.isnan(one)
    assert other == pytest.approx(800 / 96)
    assert grams() == []


def test_nothing_before_the_first_day_and_after_the_last() -> None:
    """In service from 2021-01-01: five years of 365.25 days end on 2026-01-01 at 06:00."""
    known = replace(THIN, in_service=date(2021, 1, 1))
    assert grams(known, at="2026-01-01T05:45:00") == [pytest.approx(800 / 96)]
    assert grams(known, at="2026-01-01T06:00:00") == [0.0]
    assert grams(known, at="2020-12-31T23:45:00") == [0.0]
    assert grams(known, at="2021-01-01T00:00:00") == [pytest.approx(800 / 96)]


def test_settings() -> None:
    text = '[[node_models]]\nname = "thin"\nnodes = "n1"\n{}\n'
    told = "embodied_kg = 1461\nlifetime_years = 5\nin_service = 2021-01-01"
    assert parse(text.format(told)).node_models[0] == replace(THIN, nodes=("n1",), in_service=date(2021, 1, 1))
    for wrong, fault in (
        ("embodied_kg = 1461", "line 4: node_models.0.embodied_kg and lifetime_years need each other"),
        ('in_service = "2021"', "in_service must be a day: 2024-05-01"),
        ("in_service = 2021-01-01T00:00:00", "in_service must be a day: 2024-05-01"),
    ):
        with pytest.raises(ConfigError) as caught:
            parse(text.format(wrong))
        assert fault in str(caught.value)
