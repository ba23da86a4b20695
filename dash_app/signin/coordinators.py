"""The accounts that somebody coordinates: as Slurm says, and as the settings add."""

from collections.abc import Callable, Sequence
from typing import Final

from aggregator.queries.remembered import Remembered
from dash_app.signin.identities import Identities

KEPT_S: Final = 10.0
"""The ledger is not asked again for somebody's accounts before this time [s]: a page makes a dozen requests."""

AccountsOf = Callable[[str], frozenset[str]]
"""User name to the accounts they coordinate."""


def accounts_of(identities: Identities | None, added: Sequence[str]) -> AccountsOf:
    """What tells the accounts of a user.

    Args:
        added: pairs such as `ada:physics`.
    """
    pairs, remembered = [tuple(text.split(":")) for text in added], Remembered()

    def of_slurm(user: str) -> frozenset[str]:
        return identities.accounts_of(user) if identities and user else frozenset()

    def find(user: str) -> frozenset[str]:
        known = remembered.get(user, KEPT_S, lambda: of_slurm(user))
        return known | {account for name, account in pairs if name == user}

    return find
