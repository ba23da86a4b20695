"""Time as the ledger knows it: which buckets are booked, how long each is, which may still change.

A time [since, until) holds the 15-minute buckets that start in it: bookings are not cut finer. A folded day is one
piece, which starts with the day.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, bindparam, case, exists, func, or_, select

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
    connection: Connection, since_ms: int, until_ms: int, first_ms: int, step_ms: int
) -> dict[int, float]:
    """Time [s] of which something is known, by number of the step: that of each bucket with a measured node or a joule,
    and of each folded day; of the rest nothing is known.

    Args:
        first_ms, step_ms: start of step 0, and length of each [epoch ms UTC, ms]; what begins before it is left out.
    """
    given = {"since_ms": since_ms, "until_ms": until_ms, "first_ms": first_ms, "step_ms": step_ms}
    rows = connection.execute(_MEASURED, {**given, "days_until_ms": -(-until_ms // DAY_MS) * DAY_MS})
    return {(int(ms) - first_ms) // step_ms: float(total_ms) / MS_PER_S for ms, total_ms in rows}


def _measured() -> Select[Any]:
    bucket_ms, node = windows.c.bucket_ms, measured.c
    since_ms, until_ms, first_ms, step_ms, days_until_ms = (
        bindparam(name, type_=BigInteger) for name in ("since_ms", "until_ms", "first_ms", "step_ms", "days_until_ms")
    )
    state = windows.c.state.concat("")  # hides its index, which leads to all days ever folded
    day_ms = bucket_ms - bucket_ms % DAY_MS
    folded = (state == WindowState.FOLDED) & (day_ms >= since_ms) & (day_ms < until_ms)
    something = or_(node.covered_s > 0, *(node[f"{component}_j"] != 0 for component in COMPONENTS))
    # One node decides of most buckets: there are hundreds in each.
    one = exists().where(node.bucket_ms == bucket_ms, something)
    known = (bucket_ms < until_ms) & state.not_in([WindowState.FOLDED, WindowState.EMPTY]) & one
    start_ms = case((folded, day_ms), else_=bucket_ms)
    length_ms = windows.c.computed_ms - bucket_ms
    length_ms = case((folded | (length_ms > BUCKET_MS), BUCKET_MS), (length_ms > 0, length_ms), else_=0)
    inside = (bucket_ms >= since_ms) & (bucket_ms < days_until_ms) & (start_ms >= first_ms)
    part = (
        select(start_ms.label("start_ms"), length_ms.label("length_ms")).where(inside, or_(folded, known)).subquery().c
    )
    step = (part.start_ms - (part.start_ms - first_ms) % step_ms).label("step_start_ms")
    steps = select(step, part.length_ms).subquery().c
    return select(steps.step_start_ms, func.sum(steps.length_ms)).group_by(steps.step_start_ms)


def has_folded_days(connection: Connection, since_ms: int, until_ms: int) -> bool:
    """Whether a UTC day that starts in a time [epoch ms] is folded."""
    first_ms = -(-since_ms // DAY_MS) * DAY_MS
    inside = (windows.c.bucket_ms >= first_ms) & (windows.c.bucket_ms < -(-until_ms // DAY_MS) * DAY_MS)
    state = windows.c.state.concat("")  # as above: few windows lie inside
    folded = select(windows.c.bucket_ms).where(state == WindowState.FOLDED, inside)
    return connection.execute(folded.limit(1)).first() is not None


_MEASURED: Final = _measured()
"""Made once: that takes longer than to ask it."""
