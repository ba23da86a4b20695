"""Words around figures that only pages need; figures themselves are spelled by maxwatt.domain.formatting."""

from typing import Final

from maxwatt.domain.formatting import UNKNOWN
from maxwatt.domain.units import MS_PER_S

_SPANS: Final = (
    (86400 * 365.25, "year"),
    (86400 * 30.44, "month"),
    (86400.0, "day"),
    (3600.0, "hour"),
    (60.0, "minute"),
)


def ago(ts_ms: int | None, now_ms: int) -> str:
    """How long ago a moment was, as one says it: `just now`, `5 minutes ago`, `an hour ago`, `a day ago`."""
    if ts_ms is None:
        return UNKNOWN
    age_s = (now_ms - ts_ms) / MS_PER_S
    if age_s < 0:
        return f"in {_span(-age_s)}"
    return "just now" if age_s < 45 else f"{_span(age_s)} ago"


def _span(span_s: float) -> str:
    size, unit = next((step for step in _SPANS if span_s >= 0.95 * step[0]), _SPANS[-1])
    count = max(1, round(span_s / size))
    article = "an" if unit == "hour" else "a"
    return f"{article} {unit}" if count == 1 else f"{count} {unit}s"


def format_cost(cost: float | None, currency: str) -> str:
    """Money with its currency; cents below 100. What costs less than a cent is not free."""
    if cost is None:
        return UNKNOWN
    if 0 < cost < 0.01:
        return f"< 0.01 {currency}"
    return f"{cost:.2f} {currency}" if abs(cost) < 100 else f"{cost:,.0f} {currency}".replace(",", "\u202f")


def format_count(count: float) -> str:
    """A count with thin spaces between thousands."""
    return f"{count:,.0f}".replace(",", "\u202f")


def plural(count: float, noun: str) -> str:
    """`1 job`, `2 jobs`, `1 500 jobs`."""
    return f"{format_count(count)} {noun}{'' if count == 1 else 's'}"
