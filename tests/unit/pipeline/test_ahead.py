"""Results come in order, memory stays bounded, and failures and stops leave no thread behind."""

import threading
import time
from collections.abc import Iterator

import pytest

from aggregator.pipeline.ahead import ahead


def numbers(count: int, drawn: list[int]) -> Iterator[int]:
    for n in range(count):
        drawn.append(n)
        yield n


def later_ones_are_quicker(n: int) -> int:
    time.sleep(0.002 * (5 - n % 5))
    return n * n


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_the_order_of_the_items(workers: int) -> None:
    assert list(ahead(later_ones_are_quicker, range(20), workers)) == [(n, n * n) for n in range(20)]


def test_nothing_to_do() -> None:
    assert list(ahead(later_ones_are_quicker, [], 2)) == []


def test_no_more_is_drawn_than_the_workers_need() -> None:
    drawn: list[int] = []
    taking = ahead(later_ones_are_quicker, numbers(100, drawn), 2)
    next(taking)
    assert drawn == [0, 1, 2]
    next(taking)
    assert drawn == [0, 1, 2, 3]
    taking.close()


def test_workers_work_at_once() -> None:
    both = threading.Barrier(2, timeout=10)
    assert len(list(ahead(lambda _: both.wait(), range(2), 2))) == 2


def test_an_error_comes_where_its_item_would_and_ends_the_work() -> None:
    begun: list[int] = []

    def fails_at_three(n: int) -> int:
        begun.append(n)
        if n == 3:
            raise ValueError(f"item {n}")
        return n

    found = []
    with pytest.raises(ValueError, match="item 3"):
        for item, _ in ahead(fails_at_three, range(100), 2):
            found.append(item)
    assert found == [0, 1, 2]
    assert max(begun) <= 5


def test_who_stops_taking_ends_the_work() -> None:
    begun: list[int] = []

    def note(n: int) -> int:
        begun.append(n)
        time.sleep(0.01)
        return n

    with pytest.raises(KeyboardInterrupt):
        for item, _ in ahead(note, range(1000), 2):
            if item == 3:
                raise KeyboardInterrupt
    assert max(begun) <= 6
