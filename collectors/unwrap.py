"""Arithmetic of an energy counter that wraps. Pure."""

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
    """

    raw_uj: int
    total_uj: int
    monotonic_s: float


class Limits(NamedTuple):
    """What is known of a counter.

    Args:
        modulus_uj: where it wraps to 0 [µJ].
        p_max_w: power that is not exceeded on average over a wrap [W].
    """

    modulus_uj: int
    p_max_w: float

    @property
    def wrap_s(self) -> float:
        """Shortest time in which the counter can go round once [s]."""
        return self.modulus_uj / UJ_PER_J / self.p_max_w


def modulus_uj(max_energy_range_uj: int) -> int:
    """Where a powercap counter wraps [µJ]: one count of its 32 bits more than its maximum.

    `max · 2^32 / (2^32 - 1)`, rounded: the kernel gives the maximum as (2^32 - 1) energy units.
    """
    return (max_energy_range_uj * _COUNTS + (_COUNTS - 1) // 2) // (_COUNTS - 1)


def first(raw_uj: int, monotonic_s: float) -> Reading:
    """A counter seen for the first time: it begins where the hardware stands."""
    return Reading(raw_uj, raw_uj, monotonic_s)


def advance(before: Reading, raw_uj: int, monotonic_s: float, limits: Limits) -> Reading | None:
    """The counter after one more reading, exact when less than one wrap lies between them.

    Args:
        before: the reading before.
        raw_uj: what the file says now [µJ].
        monotonic_s: now, on the same boot's clock [s].

    Returns:
        None where the energy in between cannot be known: the counter may have gone round more than once, the clock is
        another boot's, or the step is beyond any power, so that the counter must have been set back.
    """
    elapsed_s = monotonic_s - before.monotonic_s
    step_uj = (raw_uj - before.raw_uj) % limits.modulus_uj
    if not 0 <= elapsed_s < limits.wrap_s:
        return None
    if step_uj / UJ_PER_J > _IMPLAUSIBLE * limits.p_max_w * max(elapsed_s, 1.0):
        return None
    return Reading(raw_uj, before.total_uj + step_uj, monotonic_s)
