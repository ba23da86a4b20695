"""Hours, days, weeks and months of a site, as it lives them: days of 23 and 25 hours included."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final
from zoneinfo import ZoneInfo

from maxwatt.domain.units import DAY_MS, MS_PER_S, S_PER_H

HOUR_MS: Final = int(S_PER_H) * MS_PER_S


class Period(IntEnum):
    """A length of time that figures are summed over. The numbers are stored: never renumber."""

    HOUR = 0
    DAY = 1
    WEEK = 2
    MONTH = 3
    UTC_DAY = 4


def start_of(period: Period, ts_ms: int, zone: ZoneInfo) -> int:
    """Start of the period that holds a moment.

    Hours are counted from their day's midnight, so that each day consists of whole ones; only a clock that is set by
    half an hour leaves a short one at the day's end. Weeks begin on Monday.

    Args:
        ts_ms: epoch ms UTC.
        zone: the site's time zone.

    Returns:
        Epoch ms UTC.
    """
    if period is Period.UTC_DAY:
        return ts_ms - ts_ms % DAY_MS
    local = datetime.fromtimestamp(ts_ms / MS_PER_S, zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period is Period.HOUR:
        day_ms = _epoch_ms(midnight)
        return ts_ms - (ts_ms - day_ms) % HOUR_MS
    back = {Period.DAY: 0, Period.WEEK: local.weekday(), Period.MONTH: local.day - 1}[period]
    return _epoch_ms(midnight - timedelta(days=back))


def end_of(period: Period, start_ms: int, zone: ZoneInfo) -> int:
    """End of the period that starts at `start_ms`, which is the start of the next one [epoch ms UTC]."""
    if period is Period.UTC_DAY:
        return start_ms + DAY_MS
    if period is Period.HOUR:
        return min(start_ms + HOUR_MS, end_of(Period.DAY, start_of(Period.DAY, start_ms, zone), zone))
    day = datetime.fromtimestamp(start_ms / MS_PER_S, zone)
    # From the middle of a day on, so that no change of the clock at midnight moves it to another date.
    noon = day.replace(hour=12, minute=0, fold=0)
    days = {Period.DAY: 1, Period.WEEK: 7 - day.weekday(), Period.MONTH: 32 - day.day}[period]
    return start_of(period, _epoch_ms(noon + timedelta(days=days)), zone)


def starts_between(period: Period, first_ms: int, last_ms: int, zone: ZoneInfo) -> Iterator[int]:
    """Starts of the periods that begin in [first_ms, last_ms), ascending; `first_ms` is a start [epoch ms UTC]."""
    while first_ms < last_ms:
        if period is Period.HOUR:  # all of a day at once: the calendar need not be asked of each
            day_end_ms = end_of(Period.DAY, start_of(Period.DAY, first_ms, zone), zone)
            yield from range(first_ms, min(last_ms, day_end_ms), HOUR_MS)
            first_ms = day_end_ms
        else:
            yield first_ms
            first_ms = end_of(period, first_ms, zone)


def _epoch_ms(moment: datetime) -> int:
    # Through UTC: the difference of two local times of one zone ignores the zone's changes.
    return round((moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * MS_PER_S)
