from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.unwrap import Limits, advance, first, modulus_uj


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
