"""Removing a person's logins: their user number becomes one that nobody has, here at once, in the samples after it."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, delete, insert, select, tuple_, update

from aggregator.ledger import stale
from aggregator.ledger.rows import inserted_key
from aggregator.ledger.tables import bookings, renamings, users
from aggregator.ledger.transactions import writing
from maxwatt.domain.energy import Account
from maxwatt.domain.privacy import FORGOTTEN

_BEYOND: Final = 1 << 40
"""User numbers have 32 bits: from here on there is nobody."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """Sessions of `uid` before a time [epoch ms UTC] are those of `pseudonym`."""

    renaming_id: int
    uid: int
    pseudonym: int
    before_ms: int


def numbers_of(connection: Connection, user: str) -> list[int]:
    """A user's numbers; a name may have several."""
    return list(connection.execute(select(users.c.uid).where(users.c.name == user)).scalars())


def numbers_between(connection: Connection, start_ms: int, end_ms: int) -> list[int]:
    """Numbers of all who had sessions in a time [epoch ms UTC] and are not forgotten."""
    sessions = (bookings.c.account == int(Account.SESSION)) & (bookings.c.job_ref < _BEYOND)
    within = (bookings.c.bucket_ms >= start_ms) & (bookings.c.bucket_ms < end_ms)
    return list(connection.execute(select(bookings.c.job_ref).where(within, sessions).distinct()).scalars())


def forget(connection: Connection, uids: Iterable[int], before_ms: int) -> int:
    """Give these users' booked sessions before a time to nobody, and note that the samples are to follow; how many."""
    moved = 0
    for uid in uids:
        pseudonym = _BEYOND + secrets.randbelow(_BEYOND)
        connection.execute(insert(users).values(uid=pseudonym, name=FORGOTTEN, seen_ms=before_ms))
        values = {"uid": uid, "pseudonym": pseudonym, "before_ms": before_ms}
        number = inserted_key(connection, insert(renamings).values(**values))
        moved += len(_rename(connection, Renaming(number, uid, pseudonym, before_ms)))
    return moved


def waiting(engine: Engine) -> list[Renaming]:
    """Renamings that the samples have not followed yet."""
    with engine.begin() as connection:
        return [Renaming(*row) for row in connection.execute(select(renamings).order_by(renamings.c.renaming_id))]


def finish(engine: Engine, done: Renaming) -> None:
    """The samples have followed: what was booked from them meanwhile follows too, and nobody knows the number."""
    with writing(engine).begin() as connection:
        stale.mark(connection, _rename(connection, done), [])
        connection.execute(delete(renamings).where(renamings.c.renaming_id == done.renaming_id))


def _rename(connection: Connection, each: Renaming) -> list[int]:
    """Returns the bucket of each booking that has another number now."""
    sessions = bookings.c.account == int(Account.SESSION)
    own = sessions & (bookings.c.job_ref == each.uid) & (bookings.c.bucket_ms < each.before_ms)
    places = connection.execute(select(bookings.c.bucket_ms, bookings.c.node).where(own)).all()
    place = tuple_(bookings.c.bucket_ms, bookings.c.node)
    booked_before = sessions & (bookings.c.job_ref == each.pseudonym)
    again = select(bookings.c.bucket_ms, bookings.c.node).where(own)
    connection.execute(delete(bookings).where(booked_before, place.in_(again)))
    connection.execute(update(bookings).where(own).values(job_ref=each.pseudonym))
    left = select(bookings.c.job_ref).where(sessions, bookings.c.job_ref == each.uid).limit(1)
    if connection.execute(left).first() is None:
        connection.execute(delete(users).where(users.c.uid == each.uid))
    return [row.bucket_ms for row in places]
