"""What is known of a job when another report of it comes in, and what only the sequence of reports tells.

How two records become one is `maxwatt.domain.merge`. Here is what it takes memory for: suspensions that were noticed
because a poll saw them, and jobs that were ended because nobody knew them any more.
"""

from collections.abc import Mapping
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
    held = tuple(sorted(after.allocations, key=lambda each: each.node))
    if (spans, held) == (after.suspensions, after.allocations):
        return after
    return replace(after, suspensions=spans, allocations=held)


def _brought_back(known: JobRecord, report: JobRecord) -> JobRecord:
    """A job that had vanished, as it was before; accounting alone goes on calling a lost job running."""
    if not has_vanished(known) or (is_accounted(report) and report.state in ACTIVE_STATES):
        return known
    return replace(known, state=JobState.RUNNING, end_ms=None, state_reason="")


def _noticed(before: Spans, after: JobRecord, report: JobRecord, seen_ms: int) -> Spans:
    """Suspensions with those that no source dates: seen suspended in one poll, seen running in a later one."""
    dated = {start: end for start, end in after.suspensions if end is not None}
    lasting = sorted(
        {start for start, end in (*before, *after.suspensions) if end is None and not _within(dated, start)}
    )
    if after.end_ms is not None:
        return _sorted(dated | {start: max(start, after.end_ms) for start in lasting})
    if is_accounted(report):  # accounting tells no suspensions
        return _sorted(dated | dict.fromkeys(lasting))
    if report.state is JobState.SUSPENDED:
        return _sorted(dated | {(lasting or [max(seen_ms, after.key.start_ms)])[0]: None})
    return _sorted(dated | {start: max(start, seen_ms) for start in lasting})


def _sorted(spans: Mapping[int, int | None]) -> Spans:
    return tuple(sorted(spans.items()))


def _within(spans: Mapping[int, int], start_ms: int) -> bool:
    return any(start <= start_ms <= end for start, end in spans.items())
