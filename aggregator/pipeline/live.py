"""Polling Slurm's controller: jobs and node states are kept at once, because nothing can bring them back later."""

from typing import Final

from aggregator.ledger.ledger import Ledger
from maxwatt.domain.errors import SourceError
from maxwatt.domain.jobs import JobKey, SlurmSnapshot, WaitingJob
from maxwatt.domain.ports import LiveSource
from maxwatt.domain.units import MS_PER_S

VANISHED_MS: Final = 300 * MS_PER_S
"""How long a running job must be missing from every poll to count as gone: Slurm's usual MinJobAge [ms]."""

VANISHED_ACCOUNTED_MS: Final = 3600 * MS_PER_S
"""The same where accounting is going to say when it ended [ms]: as long as it is waited for."""


class LivePolls:
    """Keeps what the controller says and notices jobs that nobody knows any more.

    Args:
        source: the controller.
        accounted: whether accounting is read too.
    """

    def __init__(self, ledger: Ledger, source: LiveSource, *, accounted: bool) -> None:
        self.name = source.name
        self._ledger, self._source = ledger, source
        self._patience_ms = VANISHED_ACCOUNTED_MS if accounted else VANISHED_MS
        self._missing_since: dict[JobKey, int] = {}
        self._waiting: tuple[WaitingJob, ...] | None = None

    def poll(self, now_ms: int) -> bool:
        """Ask the controller once; whether it answered. A failure is put down and nothing else changes."""
        try:
            snapshot = self._source.snapshot()
        except SourceError as error:
            self._ledger.record_source(self.name, now_ms, error=str(error))
            return False
        self._ledger.upsert_jobs(snapshot.jobs, snapshot.taken_ms)
        if snapshot.waiting != self._waiting:
            self._ledger.replace_waiting(snapshot.waiting)
            self._waiting = snapshot.waiting
        self._ledger.upsert_nodes(snapshot.nodes, snapshot.taken_ms)
        self._ledger.record_node_states(snapshot)
        self._ledger.add_faults(self.name, snapshot.faults, snapshot.taken_ms)
        self._end_vanished(snapshot)
        self._ledger.record_source(self.name, now_ms, success_ms=snapshot.taken_ms)
        return True

    def _end_vanished(self, snapshot: SlurmSnapshot) -> None:
        known = {job.key for job in snapshot.jobs}
        missing = self._ledger.running().keys() - known
        self._missing_since = {key: self._missing_since.get(key, snapshot.taken_ms) for key in missing}
        gone = [key for key, since in self._missing_since.items() if snapshot.taken_ms - since >= self._patience_ms]
        if gone:
            self._ledger.end_vanished(gone)
            said = [f"job {key.job_id} is no longer known: its end is when it was last seen" for key in gone]
            self._ledger.add_faults(self.name, said, snapshot.taken_ms)
