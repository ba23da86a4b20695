"""Booking without a server: a history that was brought in, or a time to book again."""

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.windows import Stretch
from aggregator.pipeline.attribute import Progress, Report, attribute_range
from aggregator.pipeline.chunks import settle_ms
from aggregator.pipeline.closing import close_settled
from aggregator.pipeline.revalue import Revalued, revalue_range
from aggregator.pipeline.sums import refresh_sums
from aggregator.pipeline.unclaimed import tell_unclaimed
from maxwatt.config import Settings
from maxwatt.domain.ports import Store
from maxwatt.domain.units import BUCKET_MS, bucket_start_ms


def book_offline(
    store: Store,
    ledger: Ledger,
    settings: Settings,
    span_ms: tuple[int, int],
    *,
    now_ms: int,
    progress: Progress | None = None,
    recalibrate: bool = False,
) -> Report:
    """Book a time, close its windows where no Slurm is read that could still say something about them, and sum it up.

    Args:
        span_ms: start and end [epoch ms UTC].
        now_ms: the present [epoch ms UTC].
        recalibrate: find the idle powers of these days anew.
    """
    waiting = [each for each in ledger.stretches() if _within(each, store.oldest_ms(), span_ms)]
    report = attribute_range(
        store, ledger, settings, *span_ms, progress=progress, now_ms=now_ms, recalibrate=recalibrate
    )
    ledger.finish(waiting)
    if settings.slurm.live == settings.slurm.accounting == "none":
        closing = close_settled(ledger, now_ms - settle_ms(settings), None, now_ms)
        tell_unclaimed(store, ledger, settings, closing.buckets, now_ms)
    refresh_sums(ledger, settings)
    return report


def value_offline(
    store: Store,
    ledger: Ledger,
    settings: Settings,
    span_ms: tuple[int, int],
    *,
    now_ms: int,
    progress: Progress | None = None,
) -> Revalued:
    """Compute CO2 and cost of a booked time again, and sum it up.

    Args:
        span_ms: start and end [epoch ms UTC].
        now_ms: the present [epoch ms UTC].
    """
    first, last = span_ms
    waiting = [each for each in ledger.values.waiting() if first <= each.start_ms and each.end_ms <= last]
    done = revalue_range(store, ledger, settings, span_ms, now_ms=now_ms, progress=progress)
    ledger.values.finish(waiting)
    refresh_sums(ledger, settings)
    return done


def _within(stretch: Stretch, oldest_ms: int | None, span_ms: tuple[int, int]) -> bool:
    """Whether all of a stretch is booked with the whole buckets of a time; before the oldest sample nothing is."""
    start_ms = stretch.start_ms if oldest_ms is None else max(stretch.start_ms, bucket_start_ms(oldest_ms))
    return bucket_start_ms(span_ms[0]) <= start_ms and stretch.end_ms <= bucket_start_ms(span_ms[1] - 1) + BUCKET_MS
