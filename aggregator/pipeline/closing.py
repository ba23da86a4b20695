"""Closing windows: in order, when their sources are in, never before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.unfinished import Unaccounted
from aggregator.pipeline.accounting import AccountingPolls
from aggregator.pipeline.inconsistencies import tell_overshoots
from maxwatt.domain.units import BUCKET_MS, MS_PER_S

PATIENCE_MS: Final = 3600 * MS_PER_S
"""How long [ms] a window waits for the accounting record of a job, counted while accounting answers."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Windows that close now, and the jobs that they waited for in vain."""

    buckets: tuple[int, ...]
    given_up: tuple[Unaccounted, ...]


def decide(open_buckets: Sequence[int], settled_ms: int, missing: Sequence[Unaccounted], patient_ms: int) -> Closing:
    """Which windows close: all up to the first that must wait.

    Args:
        open_buckets: starts of the open windows, ascending [epoch ms UTC].
        settled_ms: everything is known and has settled up to here [epoch ms UTC].
        missing: jobs without an accounting record.
        patient_ms: a missing record is not waited for where the job ended before this [epoch ms UTC].
    """
    waited_for = min((job.end_ms for job in missing if job.end_ms >= patient_ms), default=None)
    limit = settled_ms if waited_for is None else min(settled_ms, waited_for)
    buckets = tuple(bucket for bucket in open_buckets if bucket + BUCKET_MS < limit)
    closing = set(buckets)
    given_up = [job for job in missing if job.end_ms < patient_ms and job.end_ms - job.end_ms % BUCKET_MS in closing]
    return Closing(buckets, tuple(given_up))


def close_settled(ledger: Ledger, settled_ms: int, accounting: AccountingPolls | None, now_ms: int) -> Closing:
    """Close what can be closed; a job given up is a fault, never silent.

    Args:
        settled_ms: everything is known and has settled up to here [epoch ms UTC].
        accounting: None where accounting is not read: then no record is waited for.
    """
    open_buckets = ledger.open_windows()
    if not open_buckets:
        return Closing((), ())
    missing = ledger.unaccounted(open_buckets[0]) if accounting else []
    closing = decide(open_buckets, settled_ms, missing, _patient_ms(accounting, now_ms))
    if accounting:
        ledger.add_faults(accounting.name, [_given_up(job) for job in closing.given_up], now_ms)
    ledger.close_windows(closing.buckets)
    tell_overshoots(ledger, closing.buckets, now_ms)
    return closing


def _patient_ms(accounting: AccountingPolls | None, now_ms: int) -> int:
    """While accounting does not answer nothing is given up: it could not have said anything."""
    up_since_ms = accounting.up_since_ms() if accounting else None
    return now_ms - PATIENCE_MS if up_since_ms is not None and now_ms - up_since_ms >= PATIENCE_MS else 0


def _given_up(job: Unaccounted) -> str:
    return f"job {job.key.job_id} ended, but accounting does not know it: its TotalCPU is not used"
