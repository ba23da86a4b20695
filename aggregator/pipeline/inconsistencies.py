"""Meters that contradict each other are told once a day and node, with the day's size, when the day is complete."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from aggregator.ledger.ledger import Ledger
from maxwatt.domain.units import DAY_MS, MS_PER_S

SOURCE: Final = "meters"
LEAST_J: Final = 1.0
"""Less than this a day [J] is rounding."""


def tell_overshoots(ledger: Ledger, closing: Iterable[int], now_ms: int) -> None:
    """Note a fault for every node whose parts exceeded its whole-node meter on a UTC day of which no window is open.

    Args:
        closing: starts of windows that were just closed [epoch ms UTC].
        now_ms: the present [epoch ms UTC].
    """
    for day_ms in complete_days(ledger, closing):
        found = ledger.overshoots(day_ms, day_ms + DAY_MS)
        said = [_sentence(node, day_ms, energy_j) for node, energy_j in sorted(found.items()) if energy_j >= LEAST_J]
        ledger.add_faults(SOURCE, said, now_ms)


def complete_days(ledger: Ledger, closing: Iterable[int]) -> list[int]:
    """Starts of the UTC days of which windows were just closed and none is open [epoch ms UTC], ascending."""
    days = {bucket - bucket % DAY_MS for bucket in closing}
    return sorted(days - {bucket - bucket % DAY_MS for bucket in ledger.open_windows()}) if days else []


def day_name(day_ms: int) -> str:
    """A UTC day in a fault's sentence."""
    return datetime.fromtimestamp(day_ms / MS_PER_S, UTC).date().isoformat()


def _sentence(node: str, day_ms: int, energy_j: float) -> str:
    return (
        f"node {node}, {day_name(day_ms)}: its parts drew {energy_j:.0f} J more than its whole-node meter shows, "
        "booked as negative unattributed. Does meter_includes_gpus of its node model fit? Is it this node's meter?"
    )
