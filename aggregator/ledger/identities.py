"""What the ledger knows of who asks: tokens of their scripts, and the accounts they coordinate."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from aggregator.ledger.tables import api_tokens, coordinators
from aggregator.ledger.transactions import writing
from maxwatt.domain.api_tokens import MAX_DAYS, MAX_NAME, ApiToken, digest, new_token
from maxwatt.domain.errors import InputError
from maxwatt.domain.units import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Engine

_USED_EVERY_MS: Final = 3_600_000
"""The last use is kept to an hour: a write for every request would cost more than the request."""

_MOST_TOKENS: Final = 50

_COLUMNS: Final = [api_tokens.c[name] for name in ApiToken.__slots__]


class Identities:
    """API tokens and coordinators; each method is one transaction. Times are epoch ms UTC."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = writing(engine)

    def owner_of(self, token: str, now_ms: int) -> ApiToken | None:
        """The token that a text is, and note its use; None where it is none, is revoked or has expired."""
        wanted = digest(token)
        with self._engine.begin() as connection:
            row = connection.execute(
                select(*_COLUMNS, api_tokens.c.digest).where(api_tokens.c.digest == wanted)
            ).one_or_none()
        if row is None or not hmac.compare_digest(row[-1], wanted):
            return None
        found = ApiToken(*row[:-1])
        if now_ms >= found.expires_ms:
            return None
        if found.used_ms is None or now_ms - found.used_ms >= _USED_EVERY_MS:
            self._note_use(found.token_id, now_ms)
        return found

    def tokens(self, user: str | None) -> list[ApiToken]:
        """The tokens of a user, newest first; None: everybody's."""
        own = select(*_COLUMNS).order_by(api_tokens.c.created_ms.desc(), api_tokens.c.token_id.desc())
        with self._engine.begin() as connection:
            return [ApiToken(*row) for row in connection.execute(own if user is None else own.where(_of(user)))]

    def add_token(self, user: str, name: str, days: int, now_ms: int, *, sees_all: bool = False) -> str:
        """Make a token and return its text, which is told here and never again.

        Raises:
            InputError: no name, too long a life, or more tokens than anybody needs.
        """
        if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
            raise InputError(f"a token needs a name of at most {MAX_NAME} signs, to know it by")
        if not 1 <= days <= MAX_DAYS:
            raise InputError(f"a token lives 1 to {MAX_DAYS} days")
        token = new_token()
        values = {
            "digest": digest(token),
            "user": user,
            "name": name.strip(),
            "sees_all": sees_all,
            "created_ms": now_ms,
            "expires_ms": now_ms + days * DAY_MS,
        }
        with self._writing.begin() as connection:
            connection.execute(delete(api_tokens).where(_of(user), api_tokens.c.expires_ms <= now_ms))
            if len(connection.execute(select(api_tokens.c.token_id).where(_of(user))).all()) >= _MOST_TOKENS:
                raise InputError(f"there are {_MOST_TOKENS} tokens already: revoke some first")
            connection.execute(insert(api_tokens).values(**values))
        return token

    def revoke_token(self, token_id: int, user: str | None) -> bool:
        """End a token of a user, of anybody where the user is None; whether there was one."""
        this = delete(api_tokens).where(api_tokens.c.token_id == token_id)
        with self._writing.begin() as connection:
            return connection.execute(this if user is None else this.where(_of(user))).rowcount > 0

    def accounts_of(self, user: str) -> frozenset[str]:
        """The accounts of Slurm that a user coordinates."""
        own = select(coordinators.c.account).where(coordinators.c.user == user)
        with self._engine.begin() as connection:
            return frozenset(connection.execute(own).scalars())

    def replace_coordinators(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take what Slurm says now, user and account, in place of what it said before."""
        now = set(pairs)
        with self._engine.begin() as connection:
            before = {(row.user, row.account) for row in connection.execute(select(coordinators))}
        if now == before:
            return
        with self._writing.begin() as connection:
            connection.execute(delete(coordinators))
            if now:
                rows = [{"user": user, "account": account} for user, account in sorted(now)]
                connection.execute(insert(coordinators), rows)

    def _note_use(self, token_id: int, now_ms: int) -> None:
        with self._writing.begin() as connection:
            connection.execute(update(api_tokens).where(api_tokens.c.token_id == token_id).values(used_ms=now_ms))


def _of(user: str) -> ColumnElement[bool]:
    return api_tokens.c.user == user
