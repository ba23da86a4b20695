"""The part of the ledger that CO2 and cost come from: factors, intensities, and what is to be valued again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.ledger import factors, intensities, valuing, windows
from aggregator.ledger.transactions import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Engine

    from aggregator.ledger.intensities import Origin, Revaluation
    from aggregator.ledger.rows import Row
    from aggregator.ledger.valuing import BucketRates, RowRates
    from maxwatt.domain.carbon import Factor, Intensity


class LedgerValues:
    """Factors, and CO2 and cost of what is booked; each method is one transaction. Times are epoch ms UTC."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = writing(engine)

    def factor_ids(self, wanted: Sequence[Factor]) -> list[int]:
        """Number of each factor; those the ledger has not seen get one."""
        with self._writing.begin() as connection:
            return factors.number(connection, wanted)

    def record_intensities(self, origin: Origin, values: Iterable[Intensity], fetched_ms: int) -> int:
        """Keep what a carbon provider said, and mark what it changes; returns how much was new or different."""
        with self._writing.begin() as connection:
            return intensities.record(connection, origin, values, fetched_ms)

    def intensities(self, origin: Origin, start_ms: int, end_ms: int) -> list[Intensity]:
        """What a carbon provider said of a time, by its start."""
        with self._engine.begin() as connection:
            return intensities.load(connection, origin, start_ms, end_ms)

    def mark(self, start_ms: int, end_ms: int) -> bool:
        """Note that CO2 and cost of a time must be computed again; returns whether any of it is booked."""
        with self._writing.begin() as connection:
            return intensities.mark(connection, start_ms, end_ms)

    def waiting(self) -> list[Revaluation]:
        """Every time that waits to be valued again."""
        with self._engine.begin() as connection:
            return intensities.waiting(connection)

    def finish(self, done: Sequence[Revaluation]) -> None:
        """Remove what was valued again."""
        with self._writing.begin() as connection:
            intensities.finish(connection, done)

    def folded_until(self) -> int:
        """End of the last window whose day is folded, 0 where none is."""
        with self._engine.begin() as connection:
            return windows.folded_until(connection)

    def value_buckets(self, rates: Sequence[BucketRates]) -> int:
        """Compute CO2 and cost of some buckets again; returns how many bookings changed."""
        with self._writing.begin() as connection:
            return valuing.value_buckets(connection, rates)

    def value_rows(self, rows: Sequence[RowRates]) -> int:
        """The same for single bookings."""
        with self._writing.begin() as connection:
            return valuing.value_rows(connection, rows)

    def booked_keys(self, bucket_ms: int) -> list[Row]:
        """Node, account and job number of the bookings of a bucket."""
        with self._engine.begin() as connection:
            return valuing.booked_keys(connection, bucket_ms)
