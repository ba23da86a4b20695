"""Means over time of what is read now and then, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.kernel.gauges import Gauge, gauge

REACH = 10


def of(*readings: tuple[int, int, float]) -> Gauge:
    """Readings (entity, position, value) that tell 10 around them."""
    entity, position, value = (np.array(column) for column in zip(*readings, strict=True)) if readings else [()] * 3
    ints = (np.asarray(entity, np.int64), np.asarray(position, np.int64))
    return gauge(*ints, np.asarray(value, np.float64), 1000, REACH)


def mean(read: Gauge, start: int, end: int, entity: int = 0) -> float:
    return float(read.means(*(np.array([each], np.int64) for each in (entity, start, end)))[0])


def test_linear_between_readings_that_are_near() -> None:
    """4 at 100, 8 at 120: 5 at 105, 7 at 115."""
    read = of((0, 100, 4.0), (0, 120, 8.0))
    assert mean(read, 100, 120) == pytest.approx(6)
    assert mean(read, 105, 115) == pytest.approx(6)
    assert mean(read, 115, 120) == pytest.approx(7.5)


def test_over_several_readings() -> None:
    """(4 + 8) / 2 * 20 + (8 + 2) / 2 * 10 = 170 over 30."""
    read = of((0, 100, 4.0), (0, 120, 8.0), (0, 130, 2.0))
    assert mean(read, 100, 130) == pytest.approx(170 / 30)


def test_the_ends_hold_for_a_while() -> None:
    read = of((0, 100, 4.0), (0, 120, 8.0))
    assert mean(read, 92, 96) == pytest.approx(4)
    assert mean(read, 125, 129) == pytest.approx(8)
    assert mean(read, 110, 130) == pytest.approx((7 * 10 + 8 * 10) / 20)  # 6 to 8, then 8
    assert math.isnan(mean(read, 140, 150))
    assert mean(read, 120, 150) == pytest.approx(8)  # the last 20 are not known and do not count


def test_far_apart_both_hold_for_a_while() -> None:
    read = of((0, 100, 4.0), (0, 200, 8.0))
    assert mean(read, 100, 200) == pytest.approx(6)  # 10 of each
    assert mean(read, 105, 195) == pytest.approx(6)
    assert mean(read, 105, 192) == pytest.approx((4 * 5 + 8 * 2) / 7)
    assert math.isnan(mean(read, 120, 180))


def test_entities_do_not_touch() -> None:
    read = of((0, 995, 4.0), (1, 2, 8.0), (3, 5, 1.0))
    assert mean(read, 990, 999, entity=0) == pytest.approx(4)
    assert mean(read, 0, 9, entity=1) == pytest.approx(8)
    assert math.isnan(mean(read, 0, 999, entity=2))
    assert mean(read, 0, 9, entity=3) == pytest.approx(1)


def test_what_was_not_read_is_no_reading() -> None:
    assert mean(of((0, 100, 4.0), (0, 110, math.nan), (0, 120, 8.0)), 105, 115) == pytest.approx(6)
    assert math.isnan(mean(of(), 0, 10))
    assert math.isnan(mean(of((0, 5, math.nan)), 0, 10))
    assert len(of().means(*[np.zeros(0, np.int64)] * 3)) == 0


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 300), st.floats(0, 1e10)), max_size=12),
    st.integers(0, 3), st.integers(0, 300), st.integers(1, 60),
)  # fmt: skip
def test_as_a_sum_over_single_steps(
    readings: list[tuple[int, int, float]], entity: int, start: int, length: int
) -> None:
    """Beside the plainest thing: the value in the middle of every step of length 1."""
    readings = sorted({(one, at): value for one, at, value in readings}.items())  # type: ignore[assignment]
    flat = [(one, at, value) for (one, at), value in readings]  # type: ignore[misc]
    own = [(at, value) for one, at, value in flat if one == entity]
    steps = [_value(own, at + 0.5) for at in range(start, start + length)]
    known = [value for value in steps if value is not None]
    found = mean(of(*flat), start, start + length, entity)
    assert math.isnan(found) if not known else found == pytest.approx(sum(known) / len(known), rel=1e-9, abs=1e-6)


def _value(own: list[tuple[int, float]], at: float) -> float | None:
    before = max((each for each in own if each[0] <= at), default=None)
    after = min((each for each in own if each[0] > at), default=None)
    if before and after and after[0] - before[0] <= 2 * REACH:
        return before[1] + (after[1] - before[1]) * (at - before[0]) / (after[0] - before[0])
    if before and at - before[0] < REACH:
        return before[1]
    return after[1] if after and after[0] - at < REACH else None
