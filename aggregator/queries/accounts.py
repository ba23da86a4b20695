"""How read models name the accounts, in the order in which they are shown."""

from collections.abc import Mapping
from typing import Final

from maxwatt.domain.energy import IDLE_ACCOUNTS, Account

ACCOUNT_NAMES: Final[Mapping[Account, str]] = {
    Account.JOB: "jobs",
    Account.SESSION: "sessions",
    Account.SYSTEM: "system",
    Account.IDLE: "idle",
    Account.DRAINED: "drained",
    Account.DOWN: "down",
    Account.POWERED_OFF: "powered_off",
    Account.BOOTING: "booting",
    Account.UNATTRIBUTED: "unattributed",
}

OF_USERS: Final = (Account.JOB, Account.SESSION)
"""Accounts of which each user sees their own part."""

SESSIONS: Final = "(sessions)"
"""Stands for logins where energy is summed by something that only jobs have; no account of Slurm can be called so."""


def idle_by_kind(energy_j: Mapping[Account, float]) -> dict[str, float]:
    """Energy [J] of what nobody held, by the state that its nodes were in; kinds without any are left out."""
    kinds = {name: energy_j.get(account, 0.0) for account, name in ACCOUNT_NAMES.items() if account in IDLE_ACCOUNTS}
    return {name: amount_j for name, amount_j in kinds.items() if amount_j}
