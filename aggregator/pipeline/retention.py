"""What is kept for how long, in small steps: at most one day is folded and one day of samples removed in a round."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from aggregator.ledger import erasure, retention
from aggregator.ledger.ledger import Ledger
from maxwatt.config import Settings
from maxwatt.domain.periods import Period, start_of
from maxwatt.domain.ports import Store
from maxwatt.domain.units import DAY_MS


def retain(store: Store, ledger: Ledger, settings: Settings, now_ms: int, go_on: Callable[[], None]) -> None:
    """Do the next step of each kind. What is broken off is gone on with in the next round.

    Args:
        now_ms: the present [epoch ms UTC].
        go_on: called between two transactions; what it raises ends the work.
    """
    kept = settings.retention
    if kept.faults_days:
        retention.forget_faults(ledger.engine, now_ms - kept.faults_days * DAY_MS)
    if kept.buckets_days:
        retention.fold_next(ledger.engine, now_ms - kept.buckets_days * DAY_MS, go_on)
    if kept.personal_days:
        zone = ZoneInfo(settings.cluster.timezone)
        erasure.forget_older(ledger.engine, start_of(Period.DAY, now_ms - kept.personal_days * DAY_MS, zone), zone)
    if kept.samples_days:
        _forget_samples(store, ledger, now_ms - kept.samples_days * DAY_MS)


def _forget_samples(store: Store, ledger: Ledger, before_ms: int) -> None:
    """Remove the oldest day of samples, once nothing that they or the day after them can touch is booked any more."""
    oldest_ms, settled_ms = store.oldest_ms(), retention.settled_until(ledger.engine)
    if oldest_ms is None or settled_ms is None:
        return
    # The first readings of a day need those before them, so the day that follows is frozen with it.
    end_ms = oldest_ms - oldest_ms % DAY_MS + DAY_MS
    if end_ms <= before_ms and end_ms + DAY_MS <= settled_ms:
        ledger.freeze(end_ms + DAY_MS)
        store.forget_before(end_ms)
