"""The wall clock, in the one form everything uses."""

import time


def now_ms() -> int:
    """The present, epoch ms UTC."""
    return time.time_ns() // 1_000_000
