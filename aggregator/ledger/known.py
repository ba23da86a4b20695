"""What is known of a job when another report of it comes in, and what only the sequence of reports tells.

How two records become one is `maxwatt.domain.merge`. Here is what it takes memory for: suspensions that were noticed
because a poll saw them, and jobs that were ended because nobody knew them any more.
"""

from dataclasses import replace
from typing import Final

from maxwatt.domain.jobs import ACTIVE_STATES, JobRecord, JobState
from maxwatt.domain.merge import absorb, is_accounted

LIVE_SOURCES: Final = frozenset({"scontrol", "slurmrestd", "pyslurm"})
"""Sources that speak for the controller alone: after them accounting has something to add."""

VANISHED: Final = "no longer known to the controller; its end is when it was last seen"
"""Reason of a job that was ended because nobody knew it any more; any later report overrides it."""

Spans = tuple[tuple[int, int | None], ...]


def has_vanished(record: JobRecord) -> bool:
    """Whether the job was ended only because it was no longer seen."""
    return record.state is JobState.UNKNOWN and record.state_reason == VANISHED


def combine(known: JobRecord | None, report: JobRecord, seen_ms: int) -> JobRecord:
    """One record of what is known and what a source says now.

    Args:
        known: what the ledger has, None at the first sight.
        report: has the same key.
        seen_ms: when the source said so [epoch ms UTC].
    """
    before = _brought_back(known, report) if known is not None else None
    after = absorb(before, report)
    spans = _noticed(before.suspensions if before else (), after, report, seen_ms)
    return replace(after, suspensions=spans, allocations=tuple(sorted(after.allocations, key=lambda held: held.node)))


def _brought_back(known: JobRecord, report: JobRecord) -> JobRecord:
    """A job that had vanished, as it was before; accounting alone goes on calling a lost job running."""
    if not has_vanished(known) or (is_accounted(report) and report.state in ACTIVE_STATES):
        return known
    return replace(known, state=JobState.RUNNING, end_ms=None, state_reason="")


def _noticed(before: Spans, after: JobRecord, report: JobRecord, seen_ms: int) -> Spans:
    """Suspensions with those that no source dates: seen suspended in one poll, seen running in a later one."""
    spans = dict(after.suspensions)
    now_ms = seen_ms if after.end_ms is None else after.end_ms
    suspended = report.state is JobState.SUSPENDED
    lasting = [start for start, end in before if end is None and not _dated(spans, start)]
    if is_accounted(report) and after.end_ms is None:  # accounting tells no suspensions
        spans |= dict.fromkeys(lasting)
    elif not suspended or after.end_ms is not None:
        spans |= {start: max(start, now_ms) for start in lasting}
    elif not any(end is None for end in spans.values()):
        spans[lasting[0] if lasting else max(seen_ms, after.key.start_ms)] = None
    return tuple(sorted(spans.items()))


def _dated(spans: dict[int, int | None], start_ms: int) -> bool:
    """Whether a span covers the moment."""
    return any(start <= start_ms and (end is None or end >= start_ms) for start, end in spans.items())
