"""Energy of packages and memory as RAPL counts it, through the powercap tree: unwrapped, continued over a restart."""

import math
from collections.abc import Sequence
from typing import Final

from collectors.context import Context
from collectors.files import HeldFile
from collectors.partial import PartialReadingError
from collectors.rapl_kept import KeptReadings
from collectors.rapl_zones import CLASS_FOLDER, Zone, read_zones, repeated_dies, with_model, zone_names
from collectors.unwrap import Reading
from maxwatt.domain.errors import MaxwattError, NoData, SourceError
from maxwatt.domain.samples import Sample, Value
from maxwatt.domain.schema import NODE, ZONE
from maxwatt.domain.units import UJ_PER_J

_FIELDS_OF: Final = {
    "cpu": ("cpu_energy_joules_total", "cpu_estimated_joules_total"),
    "dram": ("dram_energy_joules_total", "dram_estimated_joules_total"),
}
_EARLY: Final = 0.99
"""A zone row may come this part of its interval after the last: the grid of the cycles is not exact to the µs."""


class Rapl:
    """Sums of the package and dram zones, and every zone by itself at a slower pace.

    A component is given only when each of its zones was read in this cycle: a partial sum never passes for the whole.
    Every zone keeps its own accumulator meanwhile, so the component goes on rightly when the missing zone is back.
    """

    name = "rapl"

    def __init__(self, context: Context) -> None:
        self._context, self._powercap = context, context.path(CLASS_FOLDER)
        self._zones: list[Zone] = []
        self._files: dict[str, HeldFile] = {}
        self._repeated: set[str] = set()
        self._unsure: set[str] = set()
        self._zones_due_s = -math.inf
        self._kept = KeptReadings(context)

    def collect(self) -> Sequence[Sample]:
        """A node row with the components, and from time to time a row per zone.

        Raises:
            NoData: there is no RAPL zone.
            SourceError: nothing could be read.
            PartialReadingError: some zones could not; the rest stands in it.
        """
        if not self._zones:
            self._discover()
        # components first: whether a zone of detail can go on depends on the epoch they end up in
        ordered = sorted(self._zones, key=lambda zone: not zone.component)
        faults = [told for zone in ordered if (told := self._read(zone))]
        rows = [*self._component_rows(), *self._zone_rows()]
        if faults:
            self._zones = []  # look again next time: a driver may have come back with other zones
            raise PartialReadingError(faults, rows)
        return rows

    def _discover(self) -> None:
        names = zone_names(self._powercap)
        if not names:
            self._kept.settle([])
            raise NoData(f"{self._powercap}: no RAPL zone")
        zones = read_zones(self._powercap, names, self._context.model)
        self._hold(zones)
        repeated, unsure = repeated_dies(zones, self._files)
        self._repeated |= repeated  # once seen to be one counter, always one
        self._unsure = unsure - self._repeated
        dies = {key.partition("-")[2] for key in self._repeated}
        kept = [zone for zone in zones if zone.key.partition("-")[2] not in dies]
        self._zones = with_model(kept, self._context.model)
        self._kept.settle(self._zones)

    def _hold(self, zones: Sequence[Zone]) -> None:
        """One open file per zone; those of the same path are kept."""
        known = {file.path: file for file in self._files.values()}
        self._files = {}
        for zone in zones:
            held = known.pop(zone.energy_path, None)
            self._files[zone.key] = held or HeldFile(zone.energy_path)
        for file in known.values():
            file.close()

    def _read(self, zone: Zone) -> str:
        """Advance the zone's accumulator. Returns what went wrong, empty when nothing did."""
        at_s = self._context.stamp.monotonic_s
        try:
            if zone.key in self._unsure:
                raise SourceError(f"{zone.energy_path}: cannot be compared with its package's other dies")
            if zone.limits is None:
                raise SourceError(f"{zone.folder}/max_energy_range_uj: cannot be read, the counter's wraps are unknown")
            self._kept.advance(zone, self._files[zone.key].read_int(), at_s)
        except MaxwattError as error:
            self._kept.miss(zone, at_s)
            return f"{error}{_advice(error)}"
        return ""

    def _component_rows(self) -> list[Sample]:
        fields: dict[str, Value] = {}
        for component, (counted, estimated) in _FIELDS_OF.items():
            readings = [self._reading(zone) for zone in self._zones if zone.component == component]
            known = [reading for reading in readings if reading is not None]
            if known and len(known) == len(readings):
                fields[counted] = sum(reading.total_uj for reading in known) / UJ_PER_J
                if any(reading.estimated_uj for reading in known):
                    fields[estimated] = sum(reading.estimated_uj for reading in known) / UJ_PER_J
        return [self._context.row(NODE, fields)] if fields else []

    def _zone_rows(self) -> list[Sample]:
        at_s = self._context.stamp.monotonic_s
        if at_s < self._zones_due_s:
            return []
        self._zones_due_s = at_s + _EARLY * self._context.zone_interval_s
        rows = []
        for zone in self._zones:
            reading = self._reading(zone)
            if reading is not None and self._kept.may_show(zone):
                energy_j = reading.total_uj / UJ_PER_J
                rows.append(self._context.row(ZONE, {"energy_joules_total": energy_j}, zone=zone.key))
        return rows

    def _reading(self, zone: Zone) -> Reading | None:
        """The zone's accumulator, where it was read in this cycle."""
        reading = self._kept.readings.get(zone.key)
        fresh = reading is not None and reading.monotonic_s == self._context.stamp.monotonic_s
        return reading if fresh else None


def _advice(error: MaxwattError) -> str:
    denied = isinstance(error.__cause__, PermissionError)
    return " (give the agent CAP_DAC_READ_SEARCH or its group the udev rule)" if denied else ""
