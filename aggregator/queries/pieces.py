"""A time in as few pieces as its sums allow: whole periods whose rollup says what the bookings say, and the rest."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select

from aggregator.ledger import stale as marks
from aggregator.ledger.refresh import Site
from aggregator.ledger.rows import chunks
from aggregator.ledger.tables import rollups, stale, windows
from maxwatt.domain.periods import Period, end_of, start_of, starts_between
from maxwatt.domain.rollups import Dimension

_FINER: Final[Mapping[Period, tuple[Period, ...]]] = {
    Period.MONTH: (Period.DAY, Period.HOUR),
    Period.DAY: (Period.HOUR,),
    Period.HOUR: (),
    Period.UTC_DAY: (),
}
"""What a period is summed from, step by step; at last from bookings."""

LONGEST_FIRST: Final = (Period.MONTH, Period.DAY, Period.HOUR)
DAYS: Final = (Period.DAY, Period.HOUR)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a time [epoch ms UTC] and the period whose rollup holds it; None: only the bookings do."""

    period: Period | None
    start_ms: int
    end_ms: int


def pieces(
    connection: Connection, cuts_ms: Sequence[int], site: Site, periods: Sequence[Period] = LONGEST_FIRST
) -> list[Piece]:
    """The booked part of the time from the first cut to the last, in order; no piece reaches over a cut.

    A piece at the end may reach beyond the time, where nothing is booked after it.

    Args:
        cuts_ms: at least two moments, ascending [epoch ms UTC].
        periods: whose sums are of use, the longest first.
    """
    since_ms, until_ms = cuts_ms[0], cuts_ms[-1]
    first_ms, last_ms = (connection.execute(each).scalar() for each in (_FIRST, _LAST))
    if first_ms is None or last_ms is None or since_ms > last_ms or until_ms <= max(first_ms, since_ms):
        return []
    # From and to whole periods where the time holds the first or the last window.
    since_ms = max(since_ms, start_of(periods[0], first_ms, site.zone))
    if until_ms > last_ms:
        until_ms = end_of(periods[0], start_of(periods[0], last_ms, site.zone), site.zone)
    inner = [ms for ms in cuts_ms[1:-1] if since_ms < ms < until_ms]
    parts = [Piece(None, *span) for span in pairwise((since_ms, *inner, until_ms))]
    stale_ms = _stale(connection)
    for period in periods:
        marked = sorted(ms for part in (marks.BUCKET, period, *_FINER[period]) for ms in stale_ms[int(part)])
        whole = dict(_fresh_periods(period, parts, marked, site.zone))
        summed = _summed(connection, period, list(whole))
        parts = [each for part in parts for each in _cut(part, period, {ms: whole[ms] for ms in summed})]
    return [part for part in parts if part.start_ms <= last_ms]


def inside(parts: Iterable[Piece]) -> ColumnElement[bool]:
    """Condition on `rollups`: of these periods."""
    starts: dict[int, list[int]] = defaultdict(list)
    for piece in parts:
        if piece.period is not None:
            starts[int(piece.period)].append(piece.start_ms)
    return or_(*(and_(rollups.c.period == period, rollups.c.start_ms.in_(ms)) for period, ms in starts.items()))


def _stale(connection: Connection) -> Mapping[int, list[int]]:
    """Starts of what is to be summed again, by period [epoch ms UTC]."""
    found: dict[int, list[int]] = defaultdict(list)
    for period, start_ms in connection.execute(_MARKED):
        found[period].append(start_ms)
    return found


def _fresh_periods(
    period: Period, parts: Iterable[Piece], marked_ms: Sequence[int], zone: ZoneInfo
) -> Iterator[tuple[int, int]]:
    """Start and end of the periods that lie wholly in a part that is not summed yet, without a mark."""
    for part in parts:
        if part.period is not None:
            continue
        starts = list(starts_between(period, start_of(period, part.start_ms, zone), part.end_ms, zone))
        for start_ms, end_ms in pairwise((*starts, end_of(period, starts[-1], zone))):
            if part.start_ms <= start_ms and end_ms <= part.end_ms and not _marked(marked_ms, start_ms, end_ms):
                yield start_ms, end_ms


def _marked(marked_ms: Sequence[int], start_ms: int, end_ms: int) -> bool:
    at = bisect_left(marked_ms, start_ms)
    return at < len(marked_ms) and marked_ms[at] < end_ms


def _summed(connection: Connection, period: Period, starts_ms: list[int]) -> list[int]:
    """Which periods have sums: each is looked for, as between two of them lie the rows of every name."""
    found = list[int]()
    for some in chunks(starts_ms):
        found += connection.execute(_SUMMED, {"period": int(period), "starts": some}).scalars()
    return sorted(found)


def _cut(part: Piece, period: Period, ends_ms: Mapping[int, int]) -> Iterator[Piece]:
    """A part that is not summed yet: its summed periods, by start, and what is left between them."""
    if part.period is not None:
        yield part
        return
    at_ms = part.start_ms
    for start_ms, end_ms in ends_ms.items():
        if part.start_ms <= start_ms < part.end_ms:
            if at_ms < start_ms:
                yield Piece(None, at_ms, start_ms)
            yield Piece(period, start_ms, end_ms)
            at_ms = end_ms
    if at_ms < part.end_ms:
        yield Piece(None, at_ms, part.end_ms)


# The statements are made once: that takes longer than to ask them.
_FIRST: Final = select(func.min(windows.c.bucket_ms))
_LAST: Final = select(func.max(windows.c.bucket_ms))
_MARKED: Final = select(stale.c.period, stale.c.start_ms)
_SUMMED: Final = (
    select(rollups.c.start_ms)
    .where(rollups.c.period == bindparam("period"), rollups.c.dimension == int(Dimension.CLUSTER))
    .where(rollups.c.start_ms.in_(bindparam("starts", expanding=True)))
    .distinct()
)
