"""Who is looking. Every query takes a viewer first and shows only what that viewer may see."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person or script asking.

    Args:
        user: Unix user name; empty for an administrator signed in by token.
        sees_all: may see everybody's jobs, not only their own.
        accounts: Slurm accounts all of whose jobs they may see too, as their coordinator.
    """

    user: str
    sees_all: bool = False
    accounts: frozenset[str] = frozenset()

    @property
    def alone(self) -> "Viewer":
        """The same person without what others let them see: their own jobs only."""
        return Viewer(self.user)

    def of_account(self, account: str) -> "Viewer | None":
        """Who sees the jobs of one account and nothing else; None where this viewer may not see all of them."""
        return Viewer("", accounts=frozenset({account})) if self.sees_all or account in self.accounts else None


ADMIN = Viewer("", sees_all=True)
"""The local administrator: who holds the printed token or can open the data folder."""
