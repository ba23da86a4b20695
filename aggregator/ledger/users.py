"""Whose sessions are booked: names by user number, as the nodes told them. The only place that names them."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from aggregator.ledger import stale
from aggregator.ledger.tables import bookings, users
from maxwatt.domain.energy import Account
from maxwatt.domain.units import DAY_MS


@dataclass(frozen=True, slots=True)
class User:
    """A user as a node knew it: name, or the number as text where it had none; newest row [epoch ms UTC]."""

    name: str
    seen_ms: int


def note(connection: Connection, seen: Mapping[int, User]) -> None:
    """Keep names, the newest first; a number without a name takes none away. Rollups follow a name that changes.

    Args:
        seen: by user number.
    """
    known = {row.uid: User(row.name, row.seen_ms) for row in connection.execute(select(users))}
    for uid, user in seen.items():
        before = known.get(uid)
        if before is None:
            connection.execute(insert(users).values(uid=uid, name=user.name, seen_ms=user.seen_ms))
        elif (after := _combined(uid, before, user)) != before:
            values = {"name": after.name, "seen_ms": after.seen_ms}
            connection.execute(update(users).where(users.c.uid == uid).values(**values))
            if after.name != before.name:
                _mark(connection, uid)


def _combined(uid: int, before: User, now: User) -> User:
    named = now.name != str(uid) and now.seen_ms >= before.seen_ms
    # To a day: a write for every booking of every user would cost more than the bookings.
    seen_ms = now.seen_ms if now.seen_ms >= before.seen_ms + DAY_MS else before.seen_ms
    return User(now.name if named or before.name == str(uid) else before.name, seen_ms)


def _mark(connection: Connection, uid: int) -> None:
    own = (bookings.c.account == int(Account.SESSION)) & (bookings.c.job_ref == uid)
    stale.mark(connection, connection.execute(select(bookings.c.bucket_ms).where(own).distinct()).scalars(), [])
