"""What a node's state says about what nobody holds of it."""

import re
from typing import Final

from maxwatt.domain.energy import Account

_MARKS: Final = {
    "*": "NOT_RESPONDING",
    "~": "POWERED_DOWN",
    "#": "POWERING_UP",
    "%": "POWERING_DOWN",
    "^": "REBOOT_ISSUED",
}
"""Signs that Slurm's short states end with."""

_KINDS: Final = (
    (Account.BOOTING, frozenset({"POWERING_UP", "POWER_UP", "REBOOT_ISSUED"})),
    (Account.POWERED_OFF, frozenset({"POWERED_DOWN", "POWERING_DOWN"})),
    (Account.DOWN, frozenset({"DOWN", "ERROR", "NOT_RESPONDING"})),
    (Account.DRAINED, frozenset({"DRAIN", "DRAINED", "DRAINING", "POWER_DRAIN", "FAIL", "FAILING", "INVALID_REG"})),
)
"""Words of a state, the strongest first: a drained node that is off is off."""


def idle_account(state: str) -> Account:
    """On which account of `IDLE_ACCOUNTS` goes what nobody holds of a node in this state.

    A node that is asked to reboot or to power down, is planned for, reserved or in maintenance still is in use or could
    be: that is plain idle, and so is a state that is not known here.

    Args:
        state: base state and flags as Slurm writes them: `IDLE`, `MIXED+DRAIN`, `DOWN*+CLOUD+POWERED_DOWN`, `idle~`.
    """
    words = set(re.findall("[A-Z_]+", state.upper())) | {word for mark, word in _MARKS.items() if mark in state}
    return next((account for account, some in _KINDS if words & some), Account.IDLE)
