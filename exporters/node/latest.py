"""The newest rows of each measurement, for those who ask between two readings."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from maxwatt.domain.samples import Sample
from maxwatt.domain.schema import ZONE


class Latest:
    """Holds the rows of the last cycle, and detail that comes more rarely; old rows are missing, never repeated.

    Args:
        interval_s: time between two cycles [s].
        zone_interval_s: time between two rows of a zone [s].
        clock: monotonic time [s].
    """

    def __init__(self, interval_s: float, zone_interval_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._life_s = 2.5 * interval_s
        self._zone_life_s = 2.5 * max(interval_s, zone_interval_s)
        self._clock, self._lock = clock, threading.Lock()
        self._rows: list[Sample] = []
        self._zones: list[Sample] = []
        self._rows_at_s = self._zones_at_s = clock()

    def update(self, samples: Sequence[Sample]) -> None:
        """Take the rows of a cycle."""
        zones = [sample for sample in samples if sample.measurement == ZONE.name]
        with self._lock:
            self._rows_at_s = self._clock()
            self._rows = [sample for sample in samples if sample.measurement != ZONE.name]
            if zones:
                self._zones, self._zones_at_s = zones, self._rows_at_s

    def rows(self) -> Mapping[str, Sequence[Sample]]:
        """Measurement name to its newest rows that are not too old."""
        with self._lock:
            now_s = self._clock()
            fresh = self._rows if now_s - self._rows_at_s <= self._life_s else []
            zones = self._zones if now_s - self._zones_at_s <= self._zone_life_s else []
        found: dict[str, list[Sample]] = {}
        for sample in (*fresh, *zones):
            found.setdefault(sample.measurement, []).append(sample)
        return found
