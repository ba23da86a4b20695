"""Keeps who coordinates which account."""

from collections.abc import Callable, Iterable
from typing import Final

from aggregator.ledger.ledger import Ledger
from maxwatt.domain.errors import SourceError

NAME: Final = "sacctmgr"


class CoordinatorPolls:
    """Asks Slurm now and then. While it does not answer, what it said last holds.

    Args:
        source: pairs of user and account.
    """

    def __init__(self, ledger: Ledger, source: Callable[[], Iterable[tuple[str, str]]]) -> None:
        self._ledger, self._source = ledger, source

    def poll(self, now_ms: int) -> None:
        """Ask once [epoch ms UTC]."""
        try:
            self._ledger.identities.replace_coordinators(self._source())
        except SourceError as error:
            self._ledger.record_source(NAME, now_ms, error=str(error))
            return
        self._ledger.record_source(NAME, now_ms, success_ms=now_ms)
