"""Times as carbon providers and files write them."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from maxwatt.domain.units import MS_PER_S

FIRST_YEAR: Final = 1971
LAST_YEAR: Final = 2200
"""No provider has values of other times."""


def epoch_ms(text: object, zone: str = "") -> int | None:
    """Epoch ms UTC of an ISO time with an offset, None for anything else.

    Args:
        zone: time zone in which a day alone, such as `2026-01-01`, begins; empty: no day alone is understood.
    """
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if found.tzinfo is None:
        if not zone or len(text.strip()) > len("2026-01-01"):
            return None
        found = found.replace(tzinfo=ZoneInfo(zone))
    return round(found.timestamp() * MS_PER_S) if FIRST_YEAR <= found.year <= LAST_YEAR else None


def shown(ms: int) -> str:
    """A moment in a fault's sentence."""
    return f"{datetime.fromtimestamp(ms / MS_PER_S, UTC):%Y-%m-%dT%H:%MZ}"
