"""Spans of time that become one."""

from maxwatt.domain.spans import merged


def test_spans_that_touch_become_one() -> None:
    assert merged([(5, 6), (0, 2), (2, 3), (1, 2)]) == [(0, 3), (5, 6)]
