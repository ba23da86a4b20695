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


ADMIN = Viewer("", sees_all=True)
"""The local administrator: who holds the printed token or can open the data folder."""
