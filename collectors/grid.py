"""A fixed grid of the monotonic clock: readings do not drift, and a late one does not delay the next."""

import math
import threading
import time
from collections.abc import Callable


def next_slot(slot: int, elapsed_s: float, interval_s: float) -> int:
    """Number of the grid point to wait for after `slot`; points that have passed are skipped, not made up for.

    Args:
        slot: the point just served, 0 at the start of the grid.
        elapsed_s: time since the start of the grid [s].
        interval_s: distance of two points [s].
    """
    return max(slot, math.floor(elapsed_s / interval_s)) + 1


def run_on_grid(step: Callable[[], None], interval_s: float, stop: threading.Event) -> None:
    """Call `step` now and then at every point of the grid until `stop` is set."""
    start_s, slot = time.monotonic(), 0
    while not stop.is_set():
        step()
        slot = next_slot(slot, time.monotonic() - start_s, interval_s)
        stop.wait(max(0.0, start_s + slot * interval_s - time.monotonic()))
