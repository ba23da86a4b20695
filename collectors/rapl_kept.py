"""The accumulators of the RAPL zones: they outlive the agent, and end where their energy can no longer be known."""

from collections.abc import Sequence
from typing import Any

from collectors.context import Context
from collectors.rapl_zones import Zone
from collectors.unwrap import Reading, Work, advance, first


class KeptReadings:
    """Accumulators of the zones, in the section of the state that outlives the agent.

    Where the energy since the last reading is unknown, a zone that is summed opens a new epoch. A zone of detail must
    not break the node's epoch (some AMD core zones count nonsense): it is left out for the rest of the epoch.
    """

    def __init__(self, context: Context) -> None:
        self._context, self._state = context, context.state
        self._section = context.state.section("rapl")
        try:
            self.readings = _readings(self._section.get("readings", {}))
        except (TypeError, ValueError, AttributeError):
            self._state.renew("the kept RAPL readings cannot be understood")
            self._section.clear()
            self.readings = {}
        self._section["readings"] = self.readings
        self._shown: dict[str, int] = self._section.setdefault("shown", {})
        self._left_out: dict[str, int] = self._section.setdefault("left_out", {})

    def settle(self, zones: Sequence[Zone]) -> None:
        """Take note of the zones there are. Other zones in the sums are another counter: a new epoch."""
        members = sorted(zone.key for zone in zones if zone.component)
        before = self._section.get("members", [])
        if before and before != members:
            self._state.renew(f"RAPL zones were {', '.join(before)}, are {', '.join(members) or 'none'}")
            keys = {zone.key for zone in zones}
            for key in [key for key in self.readings if key not in keys]:
                del self.readings[key]
        self._section["members"] = members

    def advance(self, zone: Zone, raw_uj: int, at_s: float) -> None:
        """Book a reading of a zone whose limits are known."""
        before, work = self.readings.get(zone.key), self._work()
        if before is not None and zone.limits is not None:
            after = advance(before, raw_uj, at_s, zone.limits, work)
            if after is not None:
                self.readings[zone.key] = after
                return
            self._lose(zone, at_s - before.monotonic_s)
        self.readings[zone.key] = first(raw_uj, at_s, work.busy_s if work else None)

    def miss(self, zone: Zone, at_s: float) -> None:
        """A zone could not be read: once it may have wrapped unseen, its accumulator ends, unless a model can tell."""
        before = self.readings.get(zone.key)
        if before is None or zone.limits is None or (zone.limits.modelled and before.busy_s is not None):
            return
        if not 0 <= at_s - before.monotonic_s < zone.limits.wrap_s:
            self._lose(zone, at_s - before.monotonic_s)

    def may_show(self, zone: Zone) -> bool:
        """Whether a row of the zone belongs to the counter that its earlier rows of this epoch show."""
        if self._left_out.get(zone.key) == self._state.epoch_id:
            return False
        self._shown[zone.key] = self._state.epoch_id
        return True

    def _work(self) -> Work | None:
        """What the cpu collector put into this cycle's row."""
        fields = self._context.node_fields
        if "cpu_busy_seconds_total" not in fields or not fields.get("cpu_count"):
            return None
        return Work(float(fields["cpu_busy_seconds_total"]), int(fields["cpu_count"]))

    def _lose(self, zone: Zone, elapsed_s: float) -> None:
        del self.readings[zone.key]
        if zone.component:
            self._state.renew(f"RAPL zone {zone.key}: its energy over the last {elapsed_s:.0f} s cannot be known")
        elif self._shown.get(zone.key) == self._state.epoch_id:
            self._left_out[zone.key] = self._state.epoch_id


def _readings(kept: Any) -> dict[str, Reading]:
    """Readings as JSON gave them back.

    Raises:
        TypeError, ValueError, AttributeError: it is something else.
    """
    return {
        str(key): Reading(
            int(raw_uj), int(total_uj), float(at_s), int(estimated_uj), None if busy_s is None else float(busy_s)
        )
        for key, (raw_uj, total_uj, at_s, estimated_uj, busy_s) in kept.items()
    }
