"""What the ledger keeps for how long: 15-minute bookings become days, old faults go."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, Engine, case, delete, func, or_, select, update

from aggregator.ledger import facts, folding, frozen
from aggregator.ledger.rows import chunks
from aggregator.ledger.tables import bookings, faults, measured, revaluations, stale, windows
from aggregator.ledger.transactions import writing
from aggregator.ledger.windows import SETTLED, WindowState
from maxwatt.domain.energy import COMPONENTS, ENERGY_COLUMNS
from maxwatt.domain.units import DAY_MS

NODES_AT_ONCE: Final = 32
"""Nodes folded in one transaction: others may write in between."""

MOST_FAULTS: Final = 10_000
"""Only the newest so many are kept, however young."""

_FOLDING: Final = "folding_ms"


def fold_next(engine: Engine, before_ms: int, go_on: Callable[[], None]) -> int | None:
    """Fold the oldest UTC day that ends by `before_ms` and is settled; returns its start, None where there is none.

    What was broken off is gone on with. While it is under way every sum over the day is right.

    Args:
        before_ms: epoch ms UTC.
        go_on: called between two transactions; what it raises ends the work.
    """
    write = writing(engine)
    with write.begin() as connection:
        day_ms = _next_day(connection, before_ms)
        if day_ms is None:
            return None
        _begin(connection, day_ms)
        nodes = _nodes(connection, day_ms)
    for some in chunks(nodes, NODES_AT_ONCE):
        go_on()
        with write.begin() as connection:
            folding.fold(connection, some, day_ms)
    with write.begin() as connection:
        facts.put(connection, _FOLDING, "")
    return day_ms


def _next_day(connection: Connection, before_ms: int) -> int | None:
    under_way = facts.get(connection, _FOLDING)
    if under_way:
        return int(under_way)
    unfolded = windows.c.state.not_in([WindowState.FOLDED, WindowState.EMPTY])
    first: int | None = connection.execute(select(func.min(windows.c.bucket_ms)).where(unfolded)).scalar()
    if first is None or first - first % DAY_MS + DAY_MS > before_ms:
        return None
    day_ms = first - first % DAY_MS
    return day_ms if _is_settled(connection, day_ms + DAY_MS) else None


def _is_settled(connection: Connection, end_ms: int) -> bool:
    """Whether nothing before a time is to be booked, valued or summed any more."""
    moving = select(windows.c.bucket_ms).where(windows.c.bucket_ms < end_ms, windows.c.state.not_in(SETTLED))
    waiting = (select(table.c.start_ms).where(table.c.start_ms < end_ms) for table in (revaluations, stale))
    return all(connection.execute(found.limit(1)).first() is None for found in (moving, *waiting))


def _begin(connection: Connection, day_ms: int) -> None:
    """From here on the day is read as one, whether its nodes are folded yet or not."""
    facts.put(connection, _FOLDING, str(day_ms))
    frozen.freeze(connection, day_ms + DAY_MS)
    inside = (windows.c.bucket_ms >= day_ms) & (windows.c.bucket_ms < day_ms + DAY_MS)
    unfolded = inside & (windows.c.state == WindowState.CLOSED)
    known = list(_with_energy(connection, day_ms))
    state = case((windows.c.bucket_ms.in_(known), WindowState.FOLDED.value), else_=WindowState.EMPTY.value)
    connection.execute(update(windows).where(unfolded).values(state=state))


def _with_energy(connection: Connection, day_ms: int) -> set[int]:
    """Buckets of a day in which anything was measured or booked."""
    found: set[int] = set()
    drawn = or_(*(bookings.c[name] != 0 for name in ENERGY_COLUMNS))
    something = or_(measured.c.covered_s > 0, *(measured.c[f"{component}_j"] != 0 for component in COMPONENTS))
    for table, condition in ((bookings, drawn), (measured, something)):
        inside = (table.c.bucket_ms >= day_ms) & (table.c.bucket_ms < day_ms + DAY_MS)
        found |= set(connection.execute(select(table.c.bucket_ms).where(inside, condition).distinct()).scalars())
    return found


def _nodes(connection: Connection, day_ms: int) -> list[str]:
    found: set[str] = set()
    for table in (bookings, measured):
        inside = (table.c.bucket_ms >= day_ms) & (table.c.bucket_ms < day_ms + DAY_MS)
        found |= set(connection.execute(select(table.c.node).where(inside).distinct()).scalars())
    return sorted(found)


def settled_until(engine: Engine) -> int | None:
    """Start [epoch ms UTC] of the first window that may still change, else of the newest; None: nothing is booked."""
    moving = case((windows.c.state.not_in(SETTLED), windows.c.bucket_ms))
    with engine.begin() as connection:
        first, newest = connection.execute(select(func.min(moving), func.max(windows.c.bucket_ms))).one()
    return newest if first is None else int(first)


def forget_faults(engine: Engine, before_ms: int) -> None:
    """Remove faults that were last seen before a time [epoch ms UTC], and the oldest of too many."""
    times = select(faults.c.seen_ms).order_by(faults.c.seen_ms.desc()).offset(MOST_FAULTS).limit(1)
    with writing(engine).begin() as connection:
        oldest_kept: int | None = connection.execute(times).scalar()
        limit_ms = before_ms if oldest_kept is None else max(before_ms, oldest_kept + 1)
        connection.execute(delete(faults).where(faults.c.seen_ms < limit_ms))
