"""Who is forgotten: kept so that Slurm's accounting, asked again, does not bring old names back."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from aggregator.ledger import facts
from aggregator.ledger.tables import forgotten
from maxwatt.domain.jobs import JobRecord
from maxwatt.domain.privacy import FORGOTTEN, without_person

_SALT: Final = "forgotten_salt"
_EVERYBODY: Final = "personal_until_ms"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is not to be known of a job any more.

    Args:
        salt: makes the digests.
        before_ms: digest of a user to the time before which their jobs began that are forgotten [epoch ms UTC].
        everybody_ms: of jobs that began before this nobody's name is kept [epoch ms UTC].
    """

    salt: str
    before_ms: Mapping[str, int]
    everybody_ms: int

    def without_person(self, report: JobRecord, known: JobRecord | None) -> JobRecord:
        """The report as it may be kept, beside what is known of the job already."""
        if known is not None and known.user == FORGOTTEN:
            return without_person(report)
        start_ms = report.key.start_ms
        if start_ms < self.everybody_ms:
            return without_person(report)
        if self.before_ms and start_ms < self.before_ms.get(digest(self.salt, report.user), 0):
            return without_person(report)
        return report


def load(connection: Connection) -> Forgotten:
    """All that is to be forgotten."""
    before_ms = {row.digest: row.before_ms for row in connection.execute(select(forgotten))}
    return Forgotten(facts.get(connection, _SALT) or "", before_ms, everybody_until(connection))


def digest(salt: str, user: str) -> str:
    """A name that can be known again, but not read. Who has the ledger and a list of names can try them."""
    return hmac.new(salt.encode(), user.encode(), hashlib.sha256).hexdigest()


def remember(connection: Connection, user: str, before_ms: int) -> None:
    """Note that a user's jobs that began before a time [epoch ms UTC] are forgotten, from now on too."""
    salt = facts.get(connection, _SALT)
    if salt is None:
        salt = secrets.token_hex(32)
        facts.put(connection, _SALT, salt)
    name = digest(salt, user)
    same = forgotten.c.digest == name
    known: int | None = connection.execute(select(forgotten.c.before_ms).where(same)).scalar()
    connection.execute(delete(forgotten).where(same))
    connection.execute(insert(forgotten).values(digest=name, before_ms=max(before_ms, known or 0)))


def everybody_until(connection: Connection) -> int:
    """Of jobs that began before this nobody's name is kept [epoch ms UTC]; 0: all are."""
    return int(facts.get(connection, _EVERYBODY) or 0)


def remember_everybody(connection: Connection, before_ms: int) -> None:
    """Note that of jobs that began before a time [epoch ms UTC] nobody's name is kept, from now on too."""
    facts.put(connection, _EVERYBODY, str(before_ms))
