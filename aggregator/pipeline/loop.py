"""The aggregator: polls Slurm, books what came in, closes what is complete. It continues from the ledger alone."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from aggregator.ledger.ledger import Ledger
from aggregator.pipeline import horizon, redo
from aggregator.pipeline.accounting import AccountingPolls
from aggregator.pipeline.attribute import Report, attribute_range
from aggregator.pipeline.chunks import reach_ms, settle_ms
from aggregator.pipeline.closing import close_settled
from aggregator.pipeline.coordinators import CoordinatorPolls
from aggregator.pipeline.intensities import TICK_S, IntensityPolls
from aggregator.pipeline.live import LivePolls
from aggregator.pipeline.logged_in import tell_unknown_nodes
from aggregator.pipeline.renaming import rename_waiting
from aggregator.pipeline.repeating import Repeating
from aggregator.pipeline.retention import retain
from aggregator.pipeline.revalue import revalue_waiting
from aggregator.pipeline.sums import refresh_sums
from aggregator.pipeline.unclaimed import tell_unclaimed
from aggregator.sources.carbon.registry import provider_of
from maxwatt.config import Settings
from maxwatt.domain import clock
from maxwatt.domain.errors import StoppedError
from maxwatt.domain.ports import AccountingSource, LiveSource, Store
from maxwatt.domain.units import BUCKET_MS, MS_PER_S, bucket_start_ms

SAMPLES: Final = "samples"
"""Name of the agents' samples among the sources."""

ARRANGE_AFTER_MS: Final = 7200 * MS_PER_S
"""Days are arranged so long [ms] after their end, when hardly any of their samples still come."""

ARRANGE_EVERY_S: Final = 6 * 3600.0
"""Seconds between two looks for days to arrange: a trickle of late samples must not keep the store busy."""

COORDINATORS_EVERY_S: Final = 600.0
"""Seconds between two questions for who coordinates which account."""

PATIENCE_S: Final = 8.0
"""So long [s] a stopping aggregator waits for what is under way."""

LATE_MS: Final = 300 * MS_PER_S
"""Samples that come later than this [ms] after their time are booked by a run of their own."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did: the bookings, how far everything is known, the windows that closed."""

    report: Report
    horizon_ms: int
    closed: tuple[int, ...] = ()


class Aggregator:
    """Runs for as long as the server does; one at a time on a ledger.

    Args:
        live: Slurm's controller, None where it is not read.
        accounting: Slurm's accounting, None where it is not read.
        coordinators: who coordinates which account, None where Slurm is not asked.
    """

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        settings: Settings,
        live: LiveSource | None = None,
        accounting: AccountingSource | None = None,
        coordinators: Callable[[], Iterable[tuple[str, str]]] | None = None,
    ) -> None:
        self._store, self._ledger, self._settings = store, ledger, settings
        self._live = LivePolls(ledger, live, accounted=accounting is not None) if live else None
        # One program may be both: accounting then needs a name of its own in the table of sources.
        taken = accounting is not None and live is not None and accounting.name == live.name
        name = "" if accounting is None else f"{accounting.name} accounting" if taken else accounting.name
        self._accounting = AccountingPolls(ledger, accounting, name) if accounting else None
        self._coordinators = CoordinatorPolls(ledger, coordinators) if coordinators else None
        provider = provider_of(settings)
        self._intensities = IntensityPolls(ledger, provider, settings.carbon) if provider else None
        self._polled_ms: dict[str, int] = {}
        self._started_ms: int | None = None
        self._late_lock, self._late_ms = threading.Lock(), list[int]()
        self._moving_ms: int | None = None
        self._threads: list[Repeating] = []
        self._stopping = threading.Event()

    def note_samples(self, oldest_ts_ms: int) -> None:
        """Told by the ingest after each commit: samples older than what is booked in every round came late.

        Args:
            oldest_ts_ms: time of the oldest row of the commit [epoch ms UTC].
        """
        moving = self._moving_ms
        if moving is not None and oldest_ts_ms - reach_ms(self._settings) >= moving:
            return  # the next round books it anyway
        with self._late_lock:
            self._late_ms.append(oldest_ts_ms)
        self._persist_late()  # at once: a restart must not forget it

    def run_once(self, now_ms: int | None = None) -> Round:
        """Poll what is due and book: one round.

        Args:
            now_ms: what counts as the present [epoch ms UTC]; None: the clock.
        """
        present = clock.now_ms() if now_ms is None else now_ms
        self.poll(present)
        self.fetch(present)
        return self.book(present)

    def poll(self, now_ms: int) -> None:
        """Ask Slurm's controller and accounting, each when its interval is over. Answers are in the ledger at once."""
        slurm = self._settings.slurm
        if self._live and self._due("live", slurm.live_interval_s, now_ms):
            self._live.poll(now_ms)
        if self._accounting and self._due("accounting", slurm.accounting_interval_s, now_ms):
            self._accounting.poll(now_ms, self._store.oldest_ms())

    def fetch(self, now_ms: int) -> None:
        """Ask the carbon provider once, if something is due; what it says is booked in the next round."""
        if self._intensities:
            self._intensities.poll(now_ms, self._store.oldest_ms())

    def book(self, now_ms: int) -> Round:
        """Book everything that moved, close what is complete, sum up what changed, let go of what is too old."""
        self._started_ms = now_ms if self._started_ms is None else self._started_ms
        self._persist_late()
        rename_waiting(self._store, self._ledger)
        newest = self._store.newest_ms()
        complete = self._samples_complete(newest, now_ms)
        known = horizon.horizon_ms(complete, self._ledger.sources(), self._needed(), now_ms)
        revalue_waiting(self._store, self._ledger, self._settings, now_ms, self._go_on)
        if self._live:
            tell_unknown_nodes(self._ledger, self._settings, newest, now_ms)
        report = self._book_moving(newest, now_ms)
        closing = close_settled(self._ledger, known - settle_ms(self._settings), self._accounting, now_ms)
        told = self._store, self._ledger, self._settings, closing.buckets, now_ms
        tell_unclaimed(*told, lambda: self._go_on(0.0))
        refresh_sums(self._ledger, self._settings, self._go_on)
        retain(self._store, self._ledger, self._settings, now_ms, lambda: self._go_on(0.0))
        return Round(report, known, closing.buckets)

    @property
    def _moving_for_ms(self) -> int:
        """How long after its end a window is booked in every round."""
        return reach_ms(self._settings) + LATE_MS

    def _needed(self) -> list[str]:
        return [polls.name for polls in (self._live, self._accounting) if polls is not None]

    def _due(self, what: str, interval_s: float, now_ms: int) -> bool:
        last = self._polled_ms.get(what)
        if last is not None and 0 <= now_ms - last < interval_s * MS_PER_S:  # below 0: the clock was set back
            return False
        self._polled_ms[what] = now_ms
        return True

    def _samples_complete(self, newest: dict[str, int], now_ms: int) -> int | None:
        limit_ms = horizon.silence_limit_ms(self._settings.agent.interval_s)
        complete = horizon.samples_complete_ms(newest, now_ms, self._started_ms or now_ms, limit_ms)
        error = "" if complete is not None else "no node reports"
        self._ledger.record_source(SAMPLES, now_ms, success_ms=complete, error=error)
        return complete

    def _book_moving(self, newest: dict[str, int], now_ms: int) -> Report:
        """Book the windows that samples still move, and those that something made wrong."""
        oldest = self._store.oldest_ms()
        if oldest is None or not newest:
            return Report()
        oldest = max(oldest, self._ledger.frozen_until())
        # The next round books from here on: whatever comes from now on and is older must be noted.
        self._moving_ms = bucket_start_ms(now_ms - self._moving_for_ms)
        waiting = self._ledger.stretches()
        first = self._first_moving(oldest)
        last = bucket_start_ms(min(now_ms, max(newest.values()))) + BUCKET_MS
        runs = [*redo.plan(waiting, bucket_start_ms(oldest), first), *self._older(oldest), redo.Run(first, last, None)]
        report = Report()
        for run in runs:
            if run.start_ms < run.end_ms:
                report += self._attribute(run, now_ms)
        self._ledger.finish(waiting)
        return report

    def _first_moving(self, oldest_ms: int) -> int:
        moving, until = self._ledger.first_moving(self._moving_for_ms), self._ledger.booked_until()
        found = [ms for ms in (moving, until) if ms is not None]
        return min(found) if found else bucket_start_ms(oldest_ms)

    def _older(self, oldest_ms: int) -> list[redo.Run]:
        """Samples from before the first window that was ever booked: a history was brought in."""
        booked_from = self._ledger.booked_from()
        first = bucket_start_ms(oldest_ms)
        if booked_from is None or first >= booked_from:
            return []
        return [
            redo.Run(first, booked_from + reach_ms(self._settings), None)
        ]  # the first window had no reading before it

    def _attribute(self, run: redo.Run, now_ms: int) -> Report:
        return attribute_range(
            *(self._store, self._ledger, self._settings, run.start_ms, run.end_ms),
            nodes=run.nodes,
            progress=self._go_on,
            now_ms=now_ms,
        )

    def _go_on(self, _done: float) -> None:
        if self._stopping.is_set():
            raise StoppedError("stopped in the middle of a booking")

    def _persist_late(self) -> None:
        with self._late_lock:
            if self._late_ms:
                self._ledger.mark_dirty(min(self._late_ms) - reach_ms(self._settings))
                self._late_ms.clear()

    def start(self) -> None:
        """Poll, book and arrange in threads of their own: a long booking must not keep the polls from seeing jobs."""
        slurm = self._settings.slurm
        tick_s = min(slurm.live_interval_s, slurm.accounting_interval_s)
        self._threads += [
            Repeating("polls", self._until_stopped(self.poll), tick_s, self._tell),
            *([Repeating("carbon", self.fetch, TICK_S, self._tell)] if self._intensities else []),
            Repeating("books", self._until_stopped(self.book), self._settings.attribution.interval_s, self._tell),
            Repeating("arranges", self.arrange, ARRANGE_EVERY_S, self._tell),
        ]
        if self._coordinators:
            ask = self._until_stopped(self._coordinators.poll)
            self._threads.append(Repeating("coordinators", ask, COORDINATORS_EVERY_S, self._tell))

    def stop(self, limit_s: float = PATIENCE_S) -> None:
        """Finish the poll and the piece of booking under way and return. Stopping twice does nothing.

        What a server, a database or a disk holds up for longer than a limit [s] is told and left: it is begun again at
        the next start.
        """
        self._stopping.set()
        self._store.stop_arranging()
        threads, self._threads = self._threads, []
        for thread in threads:
            thread.end()
        end_s = time.monotonic() + limit_s
        late = [thread.name for thread in threads if not thread.ended(max(0.0, end_s - time.monotonic()))]
        if late:
            _LOG.warning("stopped without waiting any longer for: %s", ", ".join(late))

    def arrange(self, now_ms: int) -> None:
        """Let the store lay days that are over in the order in which they are read, those with late samples again."""
        while not self._stopping.is_set() and self._store.arrange(now_ms - ARRANGE_AFTER_MS) is not None:
            pass

    def _until_stopped(self, act: Callable[[int], object]) -> Callable[[int], None]:
        """The act, given up where the server stops: what is not noted as done is done by the next start."""

        def given_up(now_ms: int) -> None:
            with contextlib.suppress(StoppedError):
                act(now_ms)

        return given_up

    def _tell(self, name: str, sentence: str) -> None:
        self._ledger.add_fault(name, sentence, clock.now_ms())
