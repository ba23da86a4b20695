from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.unwrap import Limits, Work, advance, first, modulus_uj


@pytest.mark.parametrize(
    ("max_range", "modulus"),
    # units of 61.035 µJ, 15.3 µJ and 2^-16 J as the kernel scales them: 2^32 units, one more than the maximum
    [(262143328850, 262143328911), (65712999613, 65712999628), (65532610987, 65532611002)],
)
def test_the_modulus_is_one_count_more_than_the_maximum(max_range: int, modulus: int) -> None:
    assert modulus_uj(max_range) == modulus


LIMITS = Limits(modulus_uj(65532610987), 200.0)


@given(
    st.integers(0, LIMITS.modulus_uj - 1),
    st.lists(st.integers(0, LIMITS.modulus_uj // 2 - 1), min_size=1, max_size=50),
)
def test_every_energy_read_faster_than_half_a_wrap_is_recovered_exactly(start_uj: int, steps_uj: list[int]) -> None:
    reading, at_s = first(start_uj, 0.0), 0.0
    for true_uj in accumulate(steps_uj, initial=start_uj):
        at_s += LIMITS.wrap_s / 2  # at P_max half a wrap takes this long
        after = advance(reading, true_uj % LIMITS.modulus_uj, at_s, LIMITS)
        assert after is not None
        reading = after
        assert reading.total_uj == true_uj


@given(st.integers(0, LIMITS.modulus_uj - 1), st.integers(0, LIMITS.modulus_uj - 1), st.floats(0.0, 1e6))
def test_the_counter_never_runs_backwards(before_uj: int, now_uj: int, elapsed_s: float) -> None:
    after = advance(first(before_uj, 5.0), now_uj, 5.0 + elapsed_s, LIMITS)
    assert after is None or after.total_uj >= before_uj


def test_after_a_whole_wrap_at_full_power_the_energy_is_unknown() -> None:
    before = first(1000, 50.0)
    assert advance(before, 2000, 50.0 + LIMITS.wrap_s * 0.999, LIMITS) is not None
    assert advance(before, 2000, 50.0 + LIMITS.wrap_s, LIMITS) is None


def test_another_boots_clock_is_unknown() -> None:
    assert advance(first(1000, 50.0), 2000, 49.0, LIMITS) is None


def test_a_counter_that_was_set_back_is_no_phantom_energy() -> None:
    limits = Limits(modulus_uj(262143328850), 200.0)
    assert advance(first(9_000_000_000, 0.0), 0, 15.0, limits) is None  # as a wrap it would be 253 kJ in 15 s


ROUND = Limits(100_000_000, 250.0, 100.0, 200.0)
"""Wraps every 100 J, at 250 W after 0.4 s; idle at 100 W, 200 W at full load."""
IDLE, HALF, FULL = (Work(busy_s, 10) for busy_s in (0.0, 5.0, 10.0))


def joules_after_1s(step_j: int, work: Work | None) -> tuple[float, float] | None:
    """Counted and of it estimated energy, 1 s after a reading at 0 J of a node with 10 CPUs."""
    before = first(0, 50.0, 0.0)
    after = advance(before, step_j * 1_000_000, 51.0, ROUND, work)
    return after and (after.total_uj / 1e6, after.estimated_uj / 1e6)


def test_of_several_rounds_the_one_nearest_to_the_model_is_taken_and_marked() -> None:
    """Possible after 1 s, within [100/2, 250] W * 1 s: 70 and 170 J. Half busy the model has 150 J."""
    assert joules_after_1s(70, HALF) == (170.0, 170.0)
    assert joules_after_1s(70, IDLE) == (70.0, 70.0)  # 100 J
    assert joules_after_1s(10, FULL) == (210.0, 210.0)  # 110 or 210 J, 200 J by the model


def test_one_possible_number_of_rounds_is_counted() -> None:
    """40 J: 40 J is below idle/2, 140 and 240 J are possible; with P_max 200 W only 140 J is."""
    tight = ROUND._replace(p_max_w=200.0)
    after = advance(first(0, 50.0, 0.0), 40_000_000, 51.0, tight, FULL)
    assert after is not None
    assert (after.total_uj, after.estimated_uj) == (140_000_000, 0)


def test_without_a_possible_number_of_rounds_the_model_stands_in() -> None:
    """30 J: 30 is below 180/2 W, 130 J above 120 W. By the model, half busy, 150 W * 1 s; later steps count on."""
    narrow = Limits(100_000_000, 120.0, 180.0, 120.0)
    after = advance(first(0, 50.0, 0.0), 30_000_000, 51.0, narrow, HALF)
    assert after is not None
    assert (after.raw_uj, after.total_uj, after.estimated_uj) == (30_000_000, 150_000_000, 150_000_000)
    later = advance(after, 35_000_000, 51.1, narrow, FULL)
    assert later is not None
    assert (later.total_uj, later.estimated_uj) == (155_000_000, 150_000_000)


def test_without_a_model_or_without_busy_time_it_is_unknown() -> None:
    assert joules_after_1s(70, None) is None
    assert advance(first(0, 50.0), 70_000_000, 51.0, ROUND, HALF) is None
    assert advance(first(0, 50.0, 0.0), 70_000_000, 51.0, ROUND._replace(full_w=0.0), HALF) is None
    assert advance(first(0, 50.0, 7.0), 70_000_000, 51.0, ROUND, HALF) is None  # busy time ran backwards


@given(
    st.integers(0, 99_999_999), st.floats(60.0, 240.0), st.floats(0.4, 30.0), st.floats(0.0, 1.0),
)  # fmt: skip
def test_what_is_taken_is_possible_and_one_of_the_counters_values(
    start_uj: int, power_w: float, elapsed_s: float, utilisation: float
) -> None:
    """Whatever was drawn within the limits: the answer is a whole number of rounds from it, and its power possible."""
    true_uj = round(power_w * elapsed_s * 1e6)
    before = first(start_uj, 0.0, 0.0)
    now_uj = (start_uj + true_uj) % ROUND.modulus_uj
    after = advance(before, now_uj, elapsed_s, ROUND, Work(10 * utilisation * elapsed_s, 10))
    assert after is not None
    energy_uj = after.total_uj - before.total_uj
    assert (energy_uj - true_uj) % ROUND.modulus_uj == 0
    assert 50.0 * (1 - 1e-6) <= energy_uj / 1e6 / elapsed_s <= 250.0 * (1 + 1e-6)
    assert after.estimated_uj in (0, energy_uj)
    if after.estimated_uj == 0:
        assert energy_uj == true_uj  # what is not marked is exact
