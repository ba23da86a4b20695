"""Time as the ledger knows it: which buckets are booked, how long each is, which may still change.

A time [since, until) holds the 15-minute buckets that start in it: bookings are not cut finer. A folded day is one
piece, which starts with the day.
"""

from bisect import bisect_left
from collections.abc import Set
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from aggregator.ledger.tables import bookings, measured, windows
from aggregator.ledger.windows import SETTLED, WindowState
from maxwatt.domain.energy import COMPONENTS
from maxwatt.domain.units import BUCKET_MS, DAY_MS, MS_PER_S


@dataclass(frozen=True, slots=True)
class OpenWindows:
    """Buckets [epoch ms] that may still change, ascending, and the newest bucket booked at all."""

    open_ms: tuple[int, ...]
    newest_ms: int | None

    def touch(self, first_ms: int, last_ms: int) -> bool:
        """Whether a bucket of [first_ms, last_ms] is open, or the last of them is not booked yet."""
        at = bisect_left(self.open_ms, first_ms)
        some_open = at < len(self.open_ms) and self.open_ms[at] <= last_ms
        return some_open or self.newest_ms is None or last_ms > self.newest_ms


def open_windows(connection: Connection) -> OpenWindows:
    """The windows that may still change."""
    moving = [state for state in WindowState if state not in SETTLED]  # named, an index finds them
    found = connection.execute(select(windows.c.bucket_ms).where(windows.c.state.in_(moving)))
    newest_ms = connection.execute(select(func.max(windows.c.bucket_ms))).scalar()
    return OpenWindows(tuple(sorted(found.scalars())), newest_ms)


def whole_buckets(since_ms: int, until_ms: int) -> tuple[int, int]:
    """The time of the buckets that start in [since, until)."""
    first, last = (-(-moment_ms // BUCKET_MS) * BUCKET_MS for moment_ms in (since_ms, until_ms))
    return first, last


def first_booked_ms(connection: Connection, since_ms: int, until_ms: int) -> int | None:
    """Start of the first window of [since, until) that was ever booked, None where none was."""
    inside = (windows.c.bucket_ms >= since_ms) & (windows.c.bucket_ms < until_ms)
    first: int | None = connection.execute(select(func.min(windows.c.bucket_ms)).where(inside)).scalar()
    return first


def in_time(since_ms: int, until_ms: int) -> ColumnElement[bool]:
    """Condition on `bookings`: buckets that start in [since, until)."""
    return and_(bookings.c.bucket_ms >= since_ms, bookings.c.bucket_ms < until_ms)


def booked_seconds(connection: Connection, since_ms: int, until_ms: int) -> dict[int, float]:
    """Length [s] of each computed bucket, that under way up to when it was computed."""
    found = connection.execute(
        select(windows.c.bucket_ms, windows.c.computed_ms).where(
            windows.c.bucket_ms >= since_ms, windows.c.bucket_ms < until_ms
        )
    )
    return {row.bucket_ms: max(0, min(BUCKET_MS, row.computed_ms - row.bucket_ms)) / MS_PER_S for row in found}


def measured_seconds(
    connection: Connection, since_ms: int, until_ms: int, drawn: Set[int] = frozenset()
) -> dict[int, float]:
    """Length [s] of each bucket with a measured node or a joule, and of each folded day; of the rest nothing is known.

    Args:
        drawn: buckets [epoch ms] that are known to hold a joule.
    """
    something = or_(measured.c.covered_s > 0, *(measured.c[f"{component}_j"] != 0 for component in COMPONENTS))
    one = exists().where(measured.c.bucket_ms == windows.c.bucket_ms, something)
    inside = (windows.c.bucket_ms >= since_ms) & (windows.c.bucket_ms < until_ms)
    seconds = booked_seconds(connection, since_ms, until_ms)
    # One node decides of most buckets: there are hundreds in each.
    known = drawn | set(connection.execute(select(windows.c.bucket_ms).where(inside, one)).scalars())
    lengths = {bucket_ms: seconds.get(bucket_ms, BUCKET_MS / MS_PER_S) for bucket_ms in known}
    days = folded_days(connection, since_ms, until_ms)
    return {ms: length for ms, length in lengths.items() if ms - ms % DAY_MS not in days} | days


def folded_days(connection: Connection, since_ms: int, until_ms: int) -> dict[int, float]:
    """Folded UTC days that start in a time [epoch ms], and the time [s] in each of which something is known."""
    day_ms = windows.c.bucket_ms - windows.c.bucket_ms % DAY_MS
    first_ms = -(-since_ms // DAY_MS) * DAY_MS
    inside = (windows.c.bucket_ms >= first_ms) & (windows.c.bucket_ms < -(-until_ms // DAY_MS) * DAY_MS)
    folded = (windows.c.state == WindowState.FOLDED) & inside
    found = connection.execute(select(day_ms, func.count()).where(folded).group_by(day_ms))
    return {int(day): count * BUCKET_MS / MS_PER_S for day, count in found}
