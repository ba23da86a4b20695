"""Who coordinates which account, as `sacctmgr` tells it."""

from collections.abc import Callable
from typing import Final

from aggregator.sources.jobs.commands import run
from aggregator.sources.jobs.interrupt import Interrupt
from maxwatt.config import Settings

_ARGUMENTS: Final = ("--noheader", "--parsable2", "--readonly", "show", "account", "withcoord")

Coordinators = Callable[[], frozenset[tuple[str, str]]]
"""Pairs of user and account."""


def coordinators_source(settings: Settings, interrupt: Interrupt) -> Coordinators | None:
    """What asks Slurm for coordinators; None where accounting is not read with its commands."""
    if settings.slurm.accounting != "sacct":
        return None

    def ask() -> frozenset[tuple[str, str]]:
        answer = run(settings.slurm, "sacctmgr", [*_ARGUMENTS, "format=Account,Coordinators"], interrupt)
        return parse_coordinators(answer)

    return ask


def parse_coordinators(text: str) -> frozenset[tuple[str, str]]:
    """Pairs of user and account from lines such as `physics|ada,grace`."""
    lines = (line.partition("|") for line in text.splitlines())
    return frozenset(
        (user.strip(), account.strip())
        for account, _, users in lines
        for user in users.split(",")
        if user.strip() and account.strip()
    )
