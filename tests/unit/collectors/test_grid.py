import threading
import time

import pytest

from collectors.grid import next_slot, run_on_grid


@pytest.mark.parametrize(
    ("slot", "elapsed_s", "expected"),
    [
        (0, 0.3, 1),  # done early: the next point
        (4, 40.2, 5),
        (4, 50.0, 6),  # took exactly until the next point: that one is now past
        (4, 73.0, 8),  # overslept: points 5 to 7 are skipped
        (4, 39.9999, 5),  # woke a little early: not the same point again
    ],
)
def test_next_slot(slot: int, elapsed_s: float, expected: int) -> None:
    assert next_slot(slot, elapsed_s, 10.0) == expected


def test_slow_steps_do_not_make_the_grid_drift() -> None:
    stop, times = threading.Event(), list[float]()

    def step() -> None:
        times.append(time.monotonic())
        time.sleep(0.03)
        if len(times) == 7:
            stop.set()

    run_on_grid(step, 0.2, stop)
    offsets = [time_s - times[0] - n * 0.2 for n, time_s in enumerate(times)]
    late = [offset % 0.2 for offset in offsets[1:]]  # a busy machine may skip a point, but stays on the grid
    assert sorted(min(offset, 0.2 - offset) for offset in late)[len(late) // 2] < 0.03  # with drift: 0.06


def test_stop_ends_the_wait() -> None:
    stop = threading.Event()
    started = time.monotonic()
    run_on_grid(stop.set, 60.0, stop)
    assert time.monotonic() - started < 5.0
