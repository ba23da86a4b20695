"""Answers kept for some seconds."""

import threading

import pytest

from aggregator.queries.remembered import MAX_ANSWERS, Remembered


def test_an_answer_is_looked_up_again_when_it_is_old() -> None:
    seconds, asked = [0.0], []
    remembered = Remembered(lambda: seconds[0])
    for seconds[0] in (0.0, 4.9, 5.0, 5.1):
        remembered.get("q", 5.0, lambda: asked.append(seconds[0]))
    assert asked == [0.0, 5.0]


def test_a_failure_is_not_kept() -> None:
    remembered = Remembered(lambda: 0.0)
    with pytest.raises(ZeroDivisionError):
        remembered.get("q", 5.0, lambda: 1 // 0)
    assert remembered.get("q", 5.0, lambda: 7) == 7


def test_who_asks_meanwhile_waits_for_the_same_answer() -> None:
    remembered, begun, go, asked = Remembered(), threading.Event(), threading.Event(), []

    def slow() -> int:
        asked.append(1)
        begun.set()
        go.wait(5)
        return 7

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(remembered.get("q", 60.0, slow))) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait(5)
    go.set()
    for thread in threads:
        thread.join(5)
    assert (found, len(asked)) == ([7, 7, 7], 1)


def test_not_more_answers_are_kept_than_fit() -> None:
    remembered, asked = Remembered(lambda: 0.0), []
    for number in (0, *range(MAX_ANSWERS), 1, MAX_ANSWERS, 0):
        remembered.get(number, 5.0, lambda number=number: asked.append(number))
    assert asked.count(0) == 2, "the oldest made room"
    assert asked.count(1) == 1
