"""Grouped sums, by hand and beside the plain way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.kernel.ragged import of_own_group


def test_each_element_gets_the_sum_of_its_group() -> None:
    group, weights = np.array([1, 1, 4, 9, 4, 2, 2]), np.array([1.0, 2, 4, 8, 16, 32, 64])
    assert of_own_group(group, weights).tolist() == [3, 3, 20, 8, 20, 96, 96]
    assert of_own_group(group[:0], weights[:0]).tolist() == []


@given(st.lists(st.integers(0, 6), max_size=30))
def test_in_whatever_order_the_groups_come(groups: list[int]) -> None:
    group, weights = np.array(groups, np.int64), np.arange(len(groups), dtype=np.float64)
    expected = [sum(w for other, w in zip(groups, weights, strict=True) if other == one) for one in groups]
    assert of_own_group(group, weights).tolist() == pytest.approx(expected)
