"""Sums over any time by the fewest rows: whole months, days and hours from the rollups, what is left from bookings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import CompoundSelect, Connection, Select, String, bindparam, func, select

from aggregator.ledger.refresh import Site
from aggregator.ledger.rollups import Slots, booked_sums, sums_of_user
from aggregator.ledger.rows import plain_dicts
from aggregator.ledger.sums import sums_of
from aggregator.ledger.tables import bookings, jobs, rollups
from aggregator.queries.accounts import OF_USERS
from aggregator.queries.lives import sums_of_lives
from aggregator.queries.pieces import DAYS, Piece, inside, pieces
from maxwatt.domain.energy import ENERGY_COLUMNS
from maxwatt.domain.rollups import SUMS, VALUE_COLUMNS, Dimension, unknown_of
from maxwatt.domain.viewer import Viewer

Sums = dict[str, Any]
"""Values of SUMS, `jobs_started` and `method_version`."""

Key = tuple[str, int]
"""Name and account."""

_OF_USERS: Final = tuple(int(account) for account in OF_USERS)
_STATIC: Final = tuple(name for name in ENERGY_COLUMNS if name.endswith("_static_j"))
_VALUES: Final = itemgetter(*SUMS)
_DYNAMIC: Final = tuple(name for name in ENERGY_COLUMNS if name.endswith("_dynamic_j"))


def sums_by_name(
    connection: Connection, dimension: Dimension, since_ms: int, until_ms: int, site: Site
) -> dict[Key, Sums]:
    """Sums of every name and account of a dimension over the buckets that start in [since, until)."""
    return _gathered(_rows(connection, dimension, since_ms, until_ms, site))


def own_sums(
    connection: Connection, viewer: Viewer, dimension: Dimension, since_ms: int, until_ms: int, site: Site
) -> dict[Key, Sums]:
    """The same of the viewer's own jobs and sessions: by names where their sums say it all, else job by job."""
    named = dimension_of(viewer)
    if named is None or dimension not in {Dimension.CLUSTER, named}:
        return sums_of_lives(connection, viewer, dimension, since_ms, until_ms)
    span_ms, names = (since_ms, until_ms), names_of(viewer)
    rows = list(_rows(connection, named, *span_ms, site, names))
    if dimension is Dimension.CLUSTER:
        rows = [{**row, "name": ""} for row in rows]
    if named is Dimension.ACCOUNT and viewer.user:
        elsewhere = sums_of_lives(connection, viewer.alone, dimension, *span_ms, apart=names)
        rows += [{**sums, "name": name, "account": account} for (name, account), sums in elsewhere.items()]
    return _gathered(rows)


def dimension_of(viewer: Viewer) -> Dimension | None:
    """Whose sums hold what a viewer may see who does not see all: one user's, or those of accounts, beside which stand
    their own jobs elsewhere; None: who sees nothing.
    """
    if viewer.accounts:
        return Dimension.ACCOUNT
    return Dimension.USER if viewer.user else None


def names_of(viewer: Viewer) -> list[str]:
    """The names in that dimension."""
    return sorted(viewer.accounts) or [viewer.user]


def energy_of_sums(sums: Sums) -> float:
    """Energy of all components [J]."""
    energy_j: float = sum([sums[name] for name in ENERGY_COLUMNS])
    return energy_j


def totals_of(sums: Sums) -> Sums:
    """The sums with energy, static and dynamic energy [J] of all components beside them."""
    static_j = sum([sums[name] for name in _STATIC])
    dynamic_j = sum([sums[name] for name in _DYNAMIC])
    return {
        **sums,
        "energy_j": static_j + dynamic_j,
        "energy_static_j": static_j,
        "energy_dynamic_j": dynamic_j,
    }


def values_of(sums: Sums) -> dict[str, Any]:
    """CO2 and cost, None where they are not known of every joule."""
    return {name: None if sums[unknown] else sums[name] for name, unknown in _UNKNOWN.items()}


def added(parts: Sequence[Sums]) -> Sums:
    """Sums of sums; the oldest method that took part, 0 where none did."""
    if len(parts) == 1:
        return {**parts[0], "jobs_started": parts[0]["jobs_started"] or 0}
    columns = zip(*map(_VALUES, parts), strict=True)
    found: Sums = dict(zip(SUMS, map(sum, columns), strict=True)) if parts else dict.fromkeys(SUMS, 0)
    found["jobs_started"] = sum([part["jobs_started"] or 0 for part in parts])
    found["method_version"] = min((part["method_version"] for part in parts), default=0)
    return found


def _gathered(rows: Iterable[Sums]) -> dict[Key, Sums]:
    """Rows of sums, those of one name and account added up."""
    found: dict[Key, list[Sums]] = defaultdict(list)
    for row in rows:
        found[row["name"], row["account"]].append(row)
    return {key: added(parts) for key, parts in found.items()}


def _rows(
    connection: Connection,
    dimension: Dimension,
    since_ms: int,
    until_ms: int,
    site: Site,
    names: Sequence[str] | None = None,
) -> Iterator[Sums]:
    """Rows of sums, several of a name and account.

    Args:
        names: of these alone, which are one user or some accounts; None: of all.
    """
    parts = pieces(connection, (since_ms, until_ms), site)
    if any(piece.period is not None for piece in parts):
        wanted = _ROLLED.where(inside(parts), rollups.c.dimension == int(dimension))
        wanted = wanted if names is None else wanted.where(rollups.c.name.in_(names))
        yield from plain_dicts(connection, wanted)
    for piece in parts:
        if piece.period is None:
            yield from _booked(connection, dimension, piece, site, names)


def _booked(
    connection: Connection, dimension: Dimension, piece: Piece, site: Site, names: Sequence[str] | None
) -> Iterator[Sums]:
    given: dict[str, Any] = {"first_ms": piece.start_ms, "end_ms": piece.end_ms}
    statement: Any = _all_booked(dimension)
    if names is not None:
        of_user = dimension is Dimension.USER
        statement = _BOOKED_OF_USER if of_user else _BOOKED_OF_ACCOUNTS
        given |= {"user": names[0]} if of_user else {"accounts": names}
    rows = plain_dicts(connection, statement, given)
    if dimension is Dimension.NODE_GROUP:
        rows = [{**row, "name": site.group_of(row["name"])} for row in rows]
    yield from rows


def person_rows(connection: Connection, user: str | None, cuts_ms: Sequence[int], site: Site) -> Iterator[Sums]:
    """Sums of one user's jobs and sessions (None: of everybody's) from the first cut to the last, each row of a piece
    of time, at most a day long, that starts at its `start_ms` and reaches over no cut [epoch ms UTC].
    """
    dimension = Dimension.CLUSTER if user is None else Dimension.USER
    parts = pieces(connection, sorted(set(cuts_ms)), site, DAYS)
    if any(piece.period is not None for piece in parts):
        own = rollups.c.account.in_(_OF_USERS) & (rollups.c.name == (user or ""))
        wanted = _ROLLED.add_columns(rollups.c.start_ms).group_by(rollups.c.start_ms)
        wanted = wanted.where(inside(parts), rollups.c.dimension == int(dimension), own)
        yield from plain_dicts(connection, wanted)
    for piece in parts:
        if piece.period is None:
            statement = _BOOKED_OF_USERS if user is None else _BOOKED_OF_USER
            given = {"first_ms": piece.start_ms, "end_ms": piece.end_ms} | ({} if user is None else {"user": user})
            rows = plain_dicts(connection, statement, given)
            yield from ({**row, "start_ms": piece.start_ms} for row in rows)


@cache
def _all_booked(dimension: Dimension) -> Select[Any] | CompoundSelect[Any]:
    return booked_sums(Dimension.NODE if dimension is Dimension.NODE_GROUP else dimension, Slots.given())


# These statements are made once, too: that takes longer than to ask them.
_BOOKED_OF_USERS: Final = booked_sums(Dimension.CLUSTER, Slots.given(), bookings.c.account.in_(_OF_USERS))
_BOOKED_OF_ACCOUNTS: Final = booked_sums(
    Dimension.ACCOUNT, Slots.given(), jobs.c.account.concat("").in_(bindparam("accounts", expanding=True))
)
_BOOKED_OF_USER: Final = sums_of_user(Slots.given(), bindparam("user", type_=String))


_UNKNOWN: Final = {name: unknown_of(name) for name in VALUE_COLUMNS}

_ROLLED: Final = select(
    rollups.c.name,
    rollups.c.account,
    *sums_of(rollups),
    func.sum(rollups.c.jobs_started).label("jobs_started"),
    func.min(rollups.c.method_version).label("method_version"),
).group_by(rollups.c.name, rollups.c.account)
