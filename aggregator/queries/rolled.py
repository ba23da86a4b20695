"""Sums over any time by the fewest rows: whole months, days and hours from the rollups, what is left from bookings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, func, or_, select

from aggregator.ledger import stale
from aggregator.ledger.refresh import Site
from aggregator.ledger.rollups import Slots, booked_sums, sums_of_user
from aggregator.ledger.rows import chunks
from aggregator.ledger.sums import sums_of
from aggregator.ledger.tables import bookings, rollups, windows
from aggregator.queries.accounts import OF_USERS
from aggregator.queries.lives import sums_of_lives
from maxwatt.domain.energy import ENERGY_COLUMNS
from maxwatt.domain.periods import Period, end_of, start_of, starts_between
from maxwatt.domain.rollups import SUMS, VALUE_COLUMNS, Dimension, unknown_of
from maxwatt.domain.viewer import Viewer

Sums = dict[str, Any]
"""Values of SUMS, `jobs_started` and `method_version`."""

Key = tuple[str, int]
"""Name and account."""

_OF_USERS: Final = tuple(int(account) for account in OF_USERS)
_FINER: Final = {Period.MONTH: Period.DAY, Period.DAY: Period.HOUR}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a time [epoch ms UTC] and the period whose rollup holds it; None: only the bookings do."""

    period: Period | None
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class _Fresh:
    """What is known of the rollups: those that are summed and not stale."""

    buckets: list[int]
    marked: dict[Period, set[int]]
    summed: dict[Period, set[int]]

    def has(self, period: Period, start_ms: int, end_ms: int) -> bool:
        """Whether the rollup says what the bookings say."""
        stale_inside = any(start_ms <= bucket < end_ms for bucket in self.buckets)
        marked = any(start_ms <= ms < end_ms for part in (period, *_below(period)) for ms in self.marked[part])
        return start_ms in self.summed[period] and not stale_inside and not marked


def _below(period: Period) -> Iterator[Period]:
    while period in _FINER:
        period = _FINER[period]
        yield period


def sums_by_name(
    connection: Connection, dimension: Dimension, since_ms: int, until_ms: int, site: Site
) -> dict[Key, Sums]:
    """Sums of every name and account of a dimension over the buckets that start in [since, until)."""
    rows: dict[Key, list[Sums]] = defaultdict(list)
    for row in _rows(connection, dimension, since_ms, until_ms, site):
        rows[row["name"], row["account"]].append(row)
    return {key: added(parts) for key, parts in rows.items()}


def own_sums(
    connection: Connection, viewer: Viewer, dimension: Dimension, since_ms: int, until_ms: int, site: Site
) -> dict[Key, Sums]:
    """The same of the viewer's own jobs and sessions: by their name where that says it all, else job by job."""
    if dimension not in {Dimension.CLUSTER, Dimension.USER} or not is_by_name(viewer):
        return sums_of_lives(connection, viewer, dimension, since_ms, until_ms)
    rows: dict[Key, list[Sums]] = defaultdict(list)
    for row in _rows(connection, Dimension.USER, since_ms, until_ms, site, own=viewer):
        rows[row["name"] if dimension is Dimension.USER else "", row["account"]].append(row)
    return {key: added(parts) for key, parts in rows.items()}


def is_by_name(viewer: Viewer) -> bool:
    """Whether what the viewer may see is what the sums of one user hold."""
    return bool(viewer.user) and not viewer.sees_all and not viewer.accounts


def totals_of(sums: Sums) -> Sums:
    """The sums with energy, static and dynamic energy [J] of all components beside them."""
    static_j = sum(sums[name] for name in ENERGY_COLUMNS if name.endswith("_static_j"))
    dynamic_j = sum(sums[name] for name in ENERGY_COLUMNS if name.endswith("_dynamic_j"))
    return {
        **sums,
        "energy_j": static_j + dynamic_j,
        "energy_static_j": static_j,
        "energy_dynamic_j": dynamic_j,
    }


def values_of(sums: Sums) -> dict[str, Any]:
    """CO2 and cost, None where they are not known of every joule."""
    return {name: None if sums[unknown_of(name)] else sums[name] for name in VALUE_COLUMNS}


def added(parts: list[Sums]) -> Sums:
    """Sums of sums; the oldest method that took part, 0 where none did."""
    found: Sums = {name: sum(part[name] for part in parts) for name in SUMS}
    found["jobs_started"] = sum(part["jobs_started"] or 0 for part in parts)
    found["method_version"] = min((part["method_version"] for part in parts), default=0)
    return found


def _rows(
    connection: Connection, dimension: Dimension, since_ms: int, until_ms: int, site: Site, own: Viewer | None = None
) -> Iterator[Sums]:
    """Rows of sums, several of a name and account.

    Args:
        own: of this user alone; the dimension is then that of users.
    """
    parts = list(pieces(connection, since_ms, until_ms, site))
    rolled = [piece for piece in parts if piece.period is not None]
    if rolled:
        wanted = _rolled(dimension, rolled)
        wanted = wanted if own is None else wanted.where(rollups.c.name == own.user)
        yield from map(dict, connection.execute(wanted).mappings())
    for piece in parts:
        if piece.period is None:
            yield from _booked(connection, dimension, piece, site, own)


def _rolled(dimension: Dimension, parts: list[Piece]) -> Select[Any]:
    column = rollups.c
    starts: dict[int, list[int]] = defaultdict(list)
    for piece in parts:
        starts[int(piece.period or 0)].append(piece.start_ms)
    inside = or_(*(and_(column.period == period, column.start_ms.in_(ms)) for period, ms in starts.items()))
    figures = (
        *sums_of(rollups),
        func.sum(column.jobs_started).label("jobs_started"),
        func.min(column.method_version).label("method_version"),
    )
    wanted = select(column.name, column.account, *figures).where(inside, column.dimension == int(dimension))
    return wanted.group_by(column.name, column.account)


def _booked(
    connection: Connection, dimension: Dimension, piece: Piece, site: Site, own: Viewer | None
) -> Iterator[Sums]:
    fine = Dimension.NODE if dimension is Dimension.NODE_GROUP else dimension
    slots = Slots.one(piece.start_ms, piece.end_ms)
    statement = booked_sums(fine, slots) if own is None else sums_of_user(slots, own.user)
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    if dimension is Dimension.NODE_GROUP:
        rows = [{**row, "name": site.group_of(row["name"])} for row in rows]
    yield from rows


def person_rows(connection: Connection, user: str | None, cuts_ms: Sequence[int], site: Site) -> Iterator[Sums]:
    """Sums of one user's jobs and sessions (None: of everybody's) from the first cut to the last, each row of a piece
    of time, at most a day long, that starts at its `start_ms` and reaches over no cut [epoch ms UTC].
    """
    dimension = Dimension.CLUSTER if user is None else Dimension.USER
    parts = list(_days(connection, cuts_ms, site))
    rolled = [piece for piece in parts if piece.period is not None]
    if rolled:
        summed = _rolled(dimension, rolled).add_columns(rollups.c.start_ms).group_by(rollups.c.start_ms)
        own = rollups.c.account.in_(_OF_USERS) & (rollups.c.name == (user or ""))
        yield from map(dict, connection.execute(summed.where(own)).mappings())
    for piece in parts:
        if piece.period is None:
            slots = Slots.one(piece.start_ms, piece.end_ms)
            everybody = booked_sums(dimension, slots, bookings.c.account.in_(_OF_USERS))
            statement = everybody if user is None else sums_of_user(slots, user)
            rows = connection.execute(statement).mappings().all()
            yield from ({**row, "start_ms": piece.start_ms} for row in rows)


def _days(connection: Connection, cuts_ms: Sequence[int], site: Site) -> Iterator[Piece]:
    cuts_ms = sorted(set(cuts_ms))
    booked = _booked_part(connection, cuts_ms[0], cuts_ms[-1])
    if booked is None:
        return
    fresh = _fresh(connection, *booked, site)
    for start_ms, end_ms in pairwise(cuts_ms):
        low, high = max(start_ms, booked[0]), min(end_ms, booked[1])
        if low < high:
            yield from _merged(_cut(Period.DAY, low, high, fresh, site))


def _booked_part(connection: Connection, since_ms: int, until_ms: int) -> tuple[int, int] | None:
    """The part of a time that windows were ever booked in; None: none of it."""
    first_ms = connection.execute(select(func.min(windows.c.bucket_ms))).scalar()
    last_ms = connection.execute(select(func.max(windows.c.bucket_ms))).scalar()
    if first_ms is None or last_ms is None:
        return None
    since_ms, until_ms = max(since_ms, first_ms), min(until_ms, last_ms + 1)
    return (since_ms, until_ms) if since_ms < until_ms else None


def pieces(connection: Connection, since_ms: int, until_ms: int, site: Site) -> Iterator[Piece]:
    """The time in as few pieces as the rollups allow, in order."""
    booked = _booked_part(connection, since_ms, until_ms)
    if booked is not None:
        fresh = _fresh(connection, *booked, site)
        yield from _merged(_cut(Period.MONTH, *booked, fresh, site))


def hourly(connection: Connection, since_ms: int, until_ms: int, site: Site) -> Iterator[Piece]:
    """The time in whole hours where their rollup is fresh, and what lies between them; in order."""
    fresh = _fresh(connection, since_ms, until_ms, site)
    yield from _merged(_cut(Period.HOUR, since_ms, until_ms, fresh, site))


def _fresh(connection: Connection, since_ms: int, until_ms: int, site: Site) -> _Fresh:
    periods = (Period.MONTH, Period.DAY, Period.HOUR)
    summed = {period: _summed(connection, period, since_ms, until_ms, site) for period in periods}
    marked = {period: set(stale.marked(connection, period)) for period in periods}
    return _Fresh(stale.marked(connection, stale.BUCKET), marked, summed)


def _summed(connection: Connection, period: Period, since_ms: int, until_ms: int, site: Site) -> set[int]:
    """Which periods of a time have sums: each is looked for, as between two of them lie the rows of every name."""
    first_ms = start_of(period, since_ms, site.zone)
    wanted = list(starts_between(period, first_ms, until_ms, site.zone))
    column, found = rollups.c, set[int]()
    for some in chunks(wanted):
        of_cluster = (column.period == int(period)) & (column.dimension == int(Dimension.CLUSTER))
        there = select(column.start_ms).where(of_cluster, column.start_ms.in_(some)).distinct()
        found |= set(connection.execute(there).scalars())
    return found


def _cut(period: Period, since_ms: int, until_ms: int, fresh: _Fresh, site: Site) -> Iterator[Piece]:
    """Whole fresh periods as they are; others in finer ones, and at last from the bookings."""
    for start_ms in starts_between(period, start_of(period, since_ms, site.zone), until_ms, site.zone):
        end_ms = end_of(period, start_ms, site.zone)
        low, high = max(start_ms, since_ms), min(end_ms, until_ms)
        if (low, high) == (start_ms, end_ms) and fresh.has(period, start_ms, end_ms):
            yield Piece(period, start_ms, end_ms)
        elif period in _FINER:
            yield from _cut(_FINER[period], low, high, fresh, site)
        else:
            yield Piece(None, low, high)


def _merged(parts: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbouring pieces of bookings as one."""
    waiting: Piece | None = None
    for piece in parts:
        if waiting is not None and piece.period is None and piece.start_ms == waiting.end_ms:
            waiting = Piece(None, waiting.start_ms, piece.end_ms)
            continue
        if waiting is not None:
            yield waiting
        waiting = piece if piece.period is None else None
        if piece.period is not None:
            yield piece
    if waiting is not None:
        yield waiting
