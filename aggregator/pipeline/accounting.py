"""Polling Slurm's accounting: from where it was last complete, and further back for jobs that are still missing."""

from typing import Final

from aggregator.ledger.ledger import Ledger
from maxwatt.domain.errors import SourceError
from maxwatt.domain.ports import AccountingSource
from maxwatt.domain.units import DAY_MS, MS_PER_S

OVERLAP_MS: Final = 3600 * MS_PER_S
"""How far [ms] each poll reaches back behind the last: records come late and change."""

LONGEST_MS: Final = 7 * DAY_MS
"""Longest time [ms] asked for at once, so that no answer is without bound."""

CHASED_MS: Final = DAY_MS
"""How long [ms] a missing record makes the polls reach back for it."""

_COVERED_FROM: Final = "accounting_from_ms"
_UP_SINCE: Final = "accounting_up_since_ms"


class AccountingPolls:
    """Keeps what accounting says, as far back as there are samples.

    Args:
        source: accounting.
        name: how the ledger calls it.
    """

    def __init__(self, ledger: Ledger, source: AccountingSource, name: str) -> None:
        self.name = name
        self._ledger, self._source = ledger, source

    def poll(self, now_ms: int, oldest_sample_ms: int | None) -> bool:
        """Ask for everything since the last success; whether it answered. A failure leaves the rest for later.

        Args:
            now_ms: epoch ms UTC.
            oldest_sample_ms: records are wanted from here on; None: there is no sample yet.
        """
        start_ms = self._start(now_ms, oldest_sample_ms)
        wanted_from, up_since = start_ms, self.up_since_ms()
        while start_ms < now_ms:
            end_ms = min(start_ms + LONGEST_MS, now_ms)
            try:
                records, faults = self._source.jobs(start_ms, end_ms)
            except SourceError as error:
                self._ledger.record_source(self.name, now_ms, error=str(error))
                self._ledger.put_fact(_UP_SINCE, "")
                return False
            self._ledger.upsert_jobs(records, now_ms)
            self._ledger.add_faults(self.name, faults, now_ms)
            start_ms = end_ms
        self._ledger.put_fact(_COVERED_FROM, str(min(wanted_from, self._covered_from() or wanted_from)))
        self._ledger.put_fact(_UP_SINCE, str(now_ms if up_since is None else up_since))
        self._ledger.record_source(self.name, now_ms, success_ms=now_ms)
        return True

    def up_since_ms(self) -> int | None:
        """Since when accounting has answered every time, None while it does not."""
        return _number(self._ledger.fact(_UP_SINCE))

    def _covered_from(self) -> int | None:
        return _number(self._ledger.fact(_COVERED_FROM))

    def _start(self, now_ms: int, oldest_sample_ms: int | None) -> int:
        state = self._ledger.sources().get(self.name)
        success_ms, covered = state.success_ms if state else None, self._covered_from()
        wanted = now_ms if oldest_sample_ms is None else oldest_sample_ms
        if success_ms is None or covered is None:
            return min(wanted, now_ms) - OVERLAP_MS
        if wanted - OVERLAP_MS < covered:  # older samples were brought in since
            return wanted - OVERLAP_MS
        return min([success_ms, *self._missing(now_ms)]) - OVERLAP_MS

    def _missing(self, now_ms: int) -> list[int]:
        """Ends of jobs whose records have not come: the controller sends them late when accounting was down."""
        since_ms = now_ms - CHASED_MS
        ended = [job.end_ms for job in self._ledger.unaccounted(since_ms)]
        unseen = [seen_ms for seen_ms in self._ledger.running().values() if seen_ms > since_ms]
        return [*ended[:1], *([min(unseen)] if unseen else [])]


def _number(text: str | None) -> int | None:
    return int(text) if text else None
