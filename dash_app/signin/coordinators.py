"""The accounts that somebody coordinates: as Slurm says, and as the settings add."""

from collections.abc import Callable, Sequence

from dash_app.signin.identities import Identities

AccountsOf = Callable[[str], frozenset[str]]
"""User name to the accounts they coordinate."""


def accounts_of(identities: Identities | None, added: Sequence[str]) -> AccountsOf:
    """What tells the accounts of a user.

    Args:
        added: pairs such as `ada:physics`.
    """
    pairs = [tuple(text.split(":")) for text in added]

    def find(user: str) -> frozenset[str]:
        known = identities.accounts_of(user) if identities and user else frozenset[str]()
        return known | {account for name, account in pairs if name == user}

    return find
