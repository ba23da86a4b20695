"""Waiting for what another process or thread does."""

import time
from collections.abc import Callable
from typing import Any


def wait_for(what: Callable[[], Any], limit_s: float = 20.0) -> Any:
    """What `what` gives as soon as it gives something."""
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("waited too long")
