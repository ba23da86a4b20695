"""What the gate needs to know of people beside their name, kept by the ledger."""

from typing import Protocol

from maxwatt.domain.api_tokens import ApiToken


class Identities(Protocol):
    """API tokens and coordinators. Times are epoch ms UTC."""

    def owner_of(self, token: str, now_ms: int) -> ApiToken | None:
        """The token that a text is, and note its use; None where it is none, is revoked or has expired."""
        ...

    def tokens(self, user: str | None) -> list[ApiToken]:
        """The tokens of a user, newest first; None: everybody's."""
        ...

    def add_token(self, user: str, name: str, days: int, now_ms: int, *, sees_all: bool = False) -> str:
        """Make a token and return its text; InputError where that is not possible."""
        ...

    def revoke_token(self, token_id: int, user: str | None) -> bool:
        """End a token of a user, of anybody where the user is None; whether there was one."""
        ...

    def accounts_of(self, user: str) -> frozenset[str]:
        """The accounts of Slurm that a user coordinates."""
        ...
