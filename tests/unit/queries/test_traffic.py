"""Counters as mean rates over steps, by hand."""

import numpy as np
import pytest

from aggregator.queries.traffic import Counter, mean_rates

GAP_MS = 60_000


def rates(ts_s: list[float], values: list[float], edges_s: list[float]) -> list[float | None]:
    counter = Counter(np.array(ts_s) * 1000, np.array(values, float))
    found = mean_rates(counter, np.array(edges_s) * 1000, GAP_MS)
    return [None if np.isnan(rate) else float(rate) for rate in found]


def test_an_interval_that_an_edge_cuts_is_shared_out_by_time() -> None:
    # 0..10 s: 100 B, 10..20 s: 300 B. Step 0..5: 50 B in 5 s; step 5..20: 50 + 300 B in 15 s
    assert rates([0, 10, 20], [1000, 1100, 1400], [0, 5, 20]) == pytest.approx([10.0, 350 / 15])


def test_only_the_time_between_readings_counts() -> None:
    # readings from 10 s on: step 0..20 knows 10 s of it, in which 50 B were moved; step 20..30 knows nothing
    assert rates([10, 20], [0, 50], [0, 20, 30]) == [5.0, None]


def test_a_counter_that_fell_is_unknown_and_not_negative() -> None:
    assert rates([0, 10, 20, 30], [500, 600, 0, 30], [0, 10, 20, 30]) == [10.0, None, 3.0]


def test_a_long_gap_is_unknown() -> None:
    assert rates([0, 10, 100, 110], [0, 10, 9000, 9020], [0, 10, 100, 110]) == [1.0, None, 2.0]


def test_a_reading_that_failed_is_passed_over() -> None:
    assert rates([0, 10, 20], [0, float("nan"), 40], [0, 20]) == [2.0]


@pytest.mark.parametrize("known", [0, 1])
def test_one_reading_is_no_rate(known: int) -> None:
    assert rates([5.0][:known], [7.0][:known], [0, 10, 20]) == [None, None]


def test_what_stands_still_is_zero_and_known() -> None:
    assert rates([0, 10], [7, 7], [0, 10]) == [0.0]
