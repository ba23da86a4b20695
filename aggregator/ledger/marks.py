"""Which booked time a changed job record makes wrong."""

from typing import Final

from maxwatt.domain.jobs import JobRecord
from maxwatt.domain.units import MS_PER_S

REACH_MS: Final = 3600 * MS_PER_S
"""How far before its end [ms] a job's end and TotalCPU can reach: the longest interval between two readings."""

Span = tuple[int, int | None]


def affected(before: JobRecord | None, after: JobRecord) -> Span | None:
    """Time [epoch ms UTC] in which bookings change, None when only words changed; an open end is None."""
    if before is None or _holdings(before) != _holdings(after):
        return after.key.start_ms, _latest(before, after)
    starts = [start for start in (_ending_changed(before, after), _suspension_changed(before, after)) if start]
    return (max(after.key.start_ms, min(starts)), _latest(before, after)) if starts else None


def touched(before: JobRecord | None, after: JobRecord) -> list[tuple[str, int, int | None]]:
    """Nodes on which bookings change, each with the time (see `affected`)."""
    span = affected(before, after)
    held = (*(before.allocations if before else ()), *after.allocations)
    return [(node, *span) for node in {each.node for each in held}] if span else []


def _holdings(record: JobRecord) -> tuple[object, ...]:
    return (record.allocations, record.exclusive)


def _latest(before: JobRecord | None, after: JobRecord) -> int | None:
    ends = [record.end_ms for record in (before, after) if record is not None]
    known = [end for end in ends if end is not None]
    # The interval in which the job ended began before and may last beyond it.
    return max(known) + REACH_MS if len(known) == len(ends) else None


def _ending_changed(before: JobRecord, after: JobRecord) -> int | None:
    if (before.end_ms, before.total_cpu_s) == (after.end_ms, after.total_cpu_s):
        return None
    ends = [record.end_ms for record in (before, after) if record.end_ms is not None]
    return min(ends) - REACH_MS if ends else after.key.start_ms


def _suspension_changed(before: JobRecord, after: JobRecord) -> int | None:
    changed = set(before.suspensions) ^ set(after.suspensions)
    return min(start for start, _ in changed) if changed else None
