"""What is known of a job when another report of it comes in: the controller and accounting each know a part.

Accounting has the last word on times, state and TotalCPU; the controller alone knows CPUs, memory and GPUs per node.
A job that has ended stays ended, whatever a report says that was on its way meanwhile.
"""

from dataclasses import replace
from typing import Any, Final

from maxwatt.domain.jobs import ACTIVE_STATES, Allocation, JobRecord, JobState

LIVE_SOURCES: Final = frozenset({"scontrol", "slurmrestd", "pyslurm"})
"""Sources that speak for the controller; all others speak for accounting."""

VANISHED: Final = "no longer known to the controller; its end is when it was last seen"
"""Reason of a job that was ended because nobody knew it any more; any later report overrides it."""

_ENDING: Final = ("state", "end_ms", "state_reason", "exit_code", "exit_signal")
_APART: Final = frozenset({"key", "allocations", "suspensions", "exclusive", "source", *_ENDING})

Spans = tuple[tuple[int, int | None], ...]


def is_accounted(record: JobRecord) -> bool:
    """Whether accounting has reported the job, alone or after the controller."""
    return bool(set(record.source.split("+")) - LIVE_SOURCES - {""})


def _is_live(record: JobRecord) -> bool:
    return bool(set(record.source.split("+")) & LIVE_SOURCES)


def has_vanished(record: JobRecord) -> bool:
    """Whether the job was ended only because it was no longer seen."""
    return record.state is JobState.UNKNOWN and record.state_reason == VANISHED


def combine(known: JobRecord, new: JobRecord, seen_ms: int) -> JobRecord:
    """One record of both reports.

    Args:
        known: what the ledger has.
        new: what a source says now, with the same key.
        seen_ms: when it said so [epoch ms UTC].
    """
    first, second = (known, new) if _stands(known, new) else (new, known)
    values: dict[str, Any] = {name: _filled(first, second, name) for name in _fields() if name not in _APART}
    return replace(
        first,
        **values,
        **_ending(first, second),
        allocations=_allocations(known, new),
        suspensions=_suspensions(known, new, seen_ms, current=first is new),
        exclusive=known.exclusive or new.exclusive,
        source=_sources(known, new),
    )


def first_report(new: JobRecord, seen_ms: int) -> JobRecord:
    """A job seen for the first time, with the suspension that it may be in."""
    return replace(new, suspensions=_spans_now(dict(new.suspensions), new, seen_ms))


def _stands(known: JobRecord, new: JobRecord) -> bool:
    """Whether what is known counts more than the new report."""
    if has_vanished(known):  # accounting goes on calling a lost job running
        return is_accounted(new) and new.end_ms is None
    if (known.end_ms is None) != (new.end_ms is None):
        return known.end_ms is not None
    return is_accounted(known) and not is_accounted(new)


def _fields() -> tuple[str, ...]:
    return tuple(JobRecord.__dataclass_fields__)


def _filled(first: JobRecord, second: JobRecord, name: str) -> Any:
    value = getattr(first, name)
    # 0 CPU seconds is a figure; 0 CPUs, nodes or bytes is the lack of one.
    empty = value is None or (name != "total_cpu_s" and not value)
    return getattr(second, name) if empty else value


def _ending(first: JobRecord, second: JobRecord) -> dict[str, Any]:
    ending = {name: getattr(first, name) for name in _ENDING}
    if first.end_ms is not None and first.end_ms == second.end_ms:
        ending |= {name: _filled(first, second, name) for name in _ENDING}
    return ending


def _allocations(known: JobRecord, new: JobRecord) -> tuple[Allocation, ...]:
    """Per node: what was seen goes before what was assumed, the controller before accounting, the newer before."""
    weakest_first = (new, known) if _is_live(known) and not _is_live(new) else (known, new)
    seen = {held.node: held for record in weakest_first for held in record.allocations if not held.modelled}
    if seen:
        return tuple(sorted((_with_gpus(held, known) for held in seen.values()), key=lambda held: held.node))
    return tuple(sorted(new.allocations or known.allocations, key=lambda held: held.node))


def _with_gpus(held: Allocation, known: JobRecord) -> Allocation:
    # The controller forgets the indices of a finished job before it forgets the job.
    before = next((old for old in known.allocations if old.node == held.node and not old.modelled), held)
    return replace(held, gpus=held.gpus or before.gpus)


def _suspensions(known: JobRecord, new: JobRecord, seen_ms: int, *, current: bool) -> Spans:
    spans = dict(known.suspensions)
    spans.update({start: end for start, end in new.suspensions if spans.get(start) is None})
    return _spans_now(spans, new, seen_ms) if current else tuple(sorted(spans.items()))


def _spans_now(spans: dict[int, int | None], new: JobRecord, seen_ms: int) -> Spans:
    """Open a span for a job that is suspended now, close the open one of a job that runs or has ended."""
    lasting = [start for start, end in spans.items() if end is None]
    if new.state is JobState.SUSPENDED and not is_accounted(new):
        spans |= {} if lasting else {max(seen_ms, new.key.start_ms): None}
    elif new.end_ms is not None:
        spans |= {start: max(start, new.end_ms) for start in lasting}
    elif new.state in ACTIVE_STATES and not is_accounted(new):
        spans |= {start: max(start, seen_ms) for start in lasting}
    return tuple(sorted(spans.items()))


def _sources(known: JobRecord, new: JobRecord) -> str:
    names = {name for record in (known, new) for name in record.source.split("+") if name}
    return "+".join(sorted(names, key=lambda name: (name not in LIVE_SOURCES, name)))
