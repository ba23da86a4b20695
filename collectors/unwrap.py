"""Arithmetic of an energy counter that wraps. Pure."""

import math
from typing import Final, NamedTuple

from maxwatt.domain.units import UJ_PER_J

_COUNTS: Final = 1 << 32
_IMPLAUSIBLE: Final = 10.0
"""Times P_max: no package draws this for a whole interval, a counter that was set back looks as if it had."""


class Reading(NamedTuple):
    """A counter when it was last read, and what it has counted without wraps.

    Args:
        raw_uj: what the file said [µJ].
        total_uj: the unwrapped counter [µJ].
        monotonic_s: when [s].
        estimated_uj: of the total, what the model of the zone decided [µJ].
        busy_s: the node's busy CPU seconds then [s], None where they were not read.
    """

    raw_uj: int
    total_uj: int
    monotonic_s: float
    estimated_uj: int = 0
    busy_s: float | None = None


class Work(NamedTuple):
    """What the node's CPUs have done: busy CPU seconds since boot [s], and how many there are."""

    busy_s: float
    cpu_count: int


class Limits(NamedTuple):
    """What is known of a counter.

    Args:
        modulus_uj: where it wraps to 0 [µJ].
        p_max_w: power that is not exceeded on average over a wrap [W].
        idle_w, full_w: the zone's part of the node model without work and at full load [W]; 0: no model.
    """

    modulus_uj: int
    p_max_w: float
    idle_w: float = 0.0
    full_w: float = 0.0

    @property
    def wrap_s(self) -> float:
        """Shortest time in which the counter can go round once [s]."""
        return self.modulus_uj / UJ_PER_J / self.p_max_w

    @property
    def modelled(self) -> bool:
        """Whether a model can tell how often the counter went round."""
        return self.full_w > 0


def modulus_uj(max_energy_range_uj: int) -> int:
    """Where a powercap counter wraps [µJ]: one count of its 32 bits more than its maximum.

    `max · 2^32 / (2^32 - 1)`, rounded: the kernel gives the maximum as (2^32 - 1) energy units.
    """
    return (max_energy_range_uj * _COUNTS + (_COUNTS - 1) // 2) // (_COUNTS - 1)


def first(raw_uj: int, monotonic_s: float, busy_s: float | None = None) -> Reading:
    """A counter seen for the first time: it begins where the hardware stands."""
    return Reading(raw_uj, raw_uj, monotonic_s, 0, busy_s)


def advance(
    before: Reading, raw_uj: int, monotonic_s: float, limits: Limits, work: Work | None = None
) -> Reading | None:
    """The counter after one more reading, exact when less than one wrap lies between them.

    Args:
        before: the reading before.
        raw_uj: what the file says now [µJ].
        monotonic_s: now, on the same boot's clock [s].
        work: what the node's CPUs have done, None where it was not read.

    Returns:
        None where the energy in between cannot be known: the clock is another boot's, the step is beyond any power, so
        that the counter must have been set back, or it may have gone round and there is no model to tell how often.
    """
    elapsed_s = monotonic_s - before.monotonic_s
    step_uj = (raw_uj - before.raw_uj) % limits.modulus_uj
    busy_s = work.busy_s if work else None
    if elapsed_s < 0:
        return None
    if elapsed_s < limits.wrap_s:
        if step_uj / UJ_PER_J > _IMPLAUSIBLE * limits.p_max_w * max(elapsed_s, 1.0):
            return None
        return Reading(raw_uj, before.total_uj + step_uj, monotonic_s, before.estimated_uj, busy_s)
    utilisation = _utilisation(before, work, elapsed_s)
    if utilisation is None or not limits.modelled:
        return None
    step_uj, estimated = rounds(step_uj, elapsed_s, utilisation, limits)
    estimated_uj = before.estimated_uj + (step_uj if estimated else 0)
    return Reading(raw_uj, before.total_uj + step_uj, monotonic_s, estimated_uj, busy_s)


def rounds(step_uj: int, elapsed_s: float, utilisation: float, limits: Limits) -> tuple[int, bool]:
    """Energy of a counter that may have gone round unseen: `step + n · modulus` within `[P_idle/2, P_max] · Δt`.

    Args:
        step_uj: difference of the readings, within one round [µJ].
        utilisation: of the CPUs meanwhile, 0..1.

    Returns:
        The energy [µJ], and whether the model decided: of several candidates the one nearest to it, without any the
        model's own.
    """
    low_uj, high_uj = (power_w * elapsed_s * UJ_PER_J for power_w in (limits.idle_w / 2, limits.p_max_w))
    model_uj = (limits.idle_w + (limits.full_w - limits.idle_w) * utilisation) * elapsed_s * UJ_PER_J
    least = max(math.ceil((low_uj - step_uj) / limits.modulus_uj), 0)
    most = math.floor((high_uj - step_uj) / limits.modulus_uj)
    if most < least:
        return round(model_uj), True
    nearest = min(max(round((model_uj - step_uj) / limits.modulus_uj), least), most)
    return step_uj + nearest * limits.modulus_uj, most > least


def _utilisation(before: Reading, work: Work | None, elapsed_s: float) -> float | None:
    if work is None or before.busy_s is None or work.busy_s < before.busy_s:
        return None
    return min((work.busy_s - before.busy_s) / (elapsed_s * work.cpu_count), 1.0)
