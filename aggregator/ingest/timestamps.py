"""When a line says it was read: its unit, and what is too absurd to be believed."""

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from maxwatt.domain.errors import InputError

PRECISIONS: Final[dict[str, tuple[int, int]]] = {"ns": (1, 1_000_000), "us": (1, 1_000), "ms": (1, 1), "s": (1_000, 1)}
"""Precision to (multiplier, divisor) that make whole ms of it."""

EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01 UTC: what is older was written with another precision or before the clock was set."""

FUTURE_MS: Final = 3_600_000
"""Clocks may run ahead by this much."""


@dataclass(frozen=True, slots=True)
class TimeRule:
    """Turns timestamps of one precision into epoch ms UTC.

    Args:
        precision: one of PRECISIONS.
        now_ms: the server's time [epoch ms UTC].

    Raises:
        InputError: unknown precision.
    """

    precision: str
    now_ms: int

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise InputError(f"unknown precision {self.precision!r}; known: {', '.join(PRECISIONS)}")

    def to_ms(self, stamp: int) -> int:
        """Whole epoch ms of one timestamp."""
        multiplier, divisor = PRECISIONS[self.precision]
        return stamp * multiplier // divisor

    def column_to_ms(self, stamps: Any) -> Any:
        """Whole epoch ms of an int64 column.

        Raises:
            pa.ArrowInvalid: a value leaves int64.
        """
        multiplier, divisor = PRECISIONS[self.precision]
        scaled = stamps if multiplier == 1 else pc.multiply_checked(stamps, pa.scalar(multiplier, pa.int64()))
        return scaled if divisor == 1 else pc.divide(scaled, pa.scalar(divisor, pa.int64()))

    def fault(self, ts_ms: int) -> str | None:
        """What is wrong with a time [epoch ms UTC], or None."""
        if ts_ms < EARLIEST_MS:
            return f"timestamp lies before the year 2000; is its precision {self.precision!r}?"
        if ts_ms > self.now_ms + FUTURE_MS:
            return f"timestamp lies more than an hour ahead; is its precision {self.precision!r}, is the clock right?"
        return None
