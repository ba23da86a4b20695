"""What the two readers of Slurm know about one job, as one record. Pure."""

from dataclasses import replace
from typing import Final

from maxwatt.domain.jobs import ACTIVE_STATES, Allocation, JobRecord, JobState

ACCOUNTING: Final = "sacct"
"""Name in `JobRecord.source` of what accounting said."""

_ENDING: Final = ("end_ms", "state", "exit_code", "exit_signal", "total_cpu_s", "consumed_energy_j")
_LIVE_TEXT: Final = ("stdout", "stderr", "command", "features", "work_dir", "comment")
_EITHER: Final = (
    "user", "name", "account", "partition", "qos", "submit_ms", "time_limit_s", "state_reason", "cpus", "node_count",
    "gpu_count", "memory_bytes", "node_list", "array_job_id", "het_job_id",
)  # fmt: skip

Spans = tuple[tuple[int, int | None], ...]


def merge(live: JobRecord, accounted: JobRecord) -> JobRecord:
    """One record of what was seen live and what accounting says; both have the same key.

    Live wins on what accounting forgets: shares per node, GPU indices, output files, command, features, suspensions.
    Accounting wins on the end, state, exit and TotalCPU as soon as it knows the job as finished. Which of the two is
    which is told by their `source`, so their order does not matter; a record that was merged before may be given again.

    Raises:
        ValueError: the keys differ.
    """
    if live.key != accounted.key:
        raise ValueError(f"records of two attempts: {live.key} and {accounted.key}")
    if is_accounted(live) and not is_accounted(accounted):
        live, accounted = accounted, live
    ending = accounted if _knows_more_of_the_end(accounted, live) else live
    values = {name: getattr(ending, name) for name in _ENDING}
    if ending.exit_code is None and ending.exit_signal is None:  # accounting may know the end, but not how it came
        other = live if ending is accounted else accounted
        values |= {"exit_code": other.exit_code, "exit_signal": other.exit_signal}
    values |= {name: getattr(live, name) or getattr(accounted, name) for name in (*_LIVE_TEXT, *_EITHER)}
    for name in ("array_task_id", "het_offset"):  # 0 is a value of these
        values[name] = getattr(accounted, name) if getattr(live, name) is None else getattr(live, name)
    for name in ("total_cpu_s", "consumed_energy_j"):
        if values[name] is None:
            values[name] = getattr(live if getattr(accounted, name) is None else accounted, name)
    return replace(
        live,
        **values,
        allocations=_better_allocations(live.allocations, accounted.allocations),
        suspensions=_closed(live.suspensions or accounted.suspensions, values["end_ms"]),
        exclusive=live.exclusive or accounted.exclusive,
        source="+".join(sorted({*live.source.split("+"), *accounted.source.split("+")})),
    )


def merge_live(older: JobRecord, newer: JobRecord) -> JobRecord:
    """Two looks at one job by the live source: the newer one, with what it has forgotten since.

    Slurm forgets a job's GPU indices when it ends, and all suspensions but the last.

    Raises:
        ValueError: the keys differ.
    """
    if older.key != newer.key:
        raise ValueError(f"records of two attempts: {older.key} and {newer.key}")
    seen = replace(
        newer,
        allocations=_keep_gpus(older.allocations, newer.allocations),
        suspensions=_closed(_joined(older.suspensions, newer), newer.end_ms),
        gpu_count=newer.gpu_count or older.gpu_count,
    )
    return merge(seen, older) if is_accounted(older) else seen


def absorb(stored: JobRecord | None, read: JobRecord) -> JobRecord:
    """What is known of an attempt after one more reading, from whichever source.

    Args:
        stored: what was known before, None at the first sight.
        read: what a source says now.
    """
    if stored is None:
        return read
    if stored.source == read.source == ACCOUNTING:
        return _corrected(stored, read)
    return merge(stored, read) if is_accounted(read) else merge_live(stored, read)


def _corrected(older: JobRecord, newer: JobRecord) -> JobRecord:
    """Two looks of accounting at a job that nobody saw live: the newer one, with what only the older one tells."""
    both = merge(newer, older)
    if newer.end_ms is None:
        return both
    told = {name: getattr(newer, name) for name in _ENDING if getattr(newer, name) is not None}
    return replace(both, **told, suspensions=_closed(both.suspensions, newer.end_ms))


def is_accounted(record: JobRecord) -> bool:
    """Whether accounting has said something of the job."""
    return ACCOUNTING in record.source.split("+")


def _knows_more_of_the_end(accounted: JobRecord, live: JobRecord) -> bool:
    """Accounting is right about the end once it has one; a job that still runs live has none."""
    if accounted.end_ms is None or accounted.state in ACTIVE_STATES - {JobState.RESIZING}:
        return False  # of a job that was resized, the stretch before it is over
    return accounted.state is not JobState.UNKNOWN or live.end_ms is None


def _better_allocations(live: tuple[Allocation, ...], accounted: tuple[Allocation, ...]) -> tuple[Allocation, ...]:
    """Seen before assumed before nothing."""
    if not live or (any(a.modelled for a in live) and accounted and not any(a.modelled for a in accounted)):
        return accounted
    return _keep_gpus(accounted, live)


def _keep_gpus(before: tuple[Allocation, ...], now: tuple[Allocation, ...]) -> tuple[Allocation, ...]:
    """The allocations of now; GPU indices that are not told any more are those of before, on the same nodes."""
    if not now or (any(a.modelled for a in now) and before and not any(a.modelled for a in before)):
        return before
    known = {a.node: a.gpus for a in before}
    return tuple(replace(a, gpus=known[a.node]) if not a.gpus and known.get(a.node) else a for a in now)


def _joined(older: Spans, newer: JobRecord) -> Spans:
    """Spans of both looks; an open span of before ends where the newer look says that the job went on."""
    told_start, told_end = newer.suspensions[-1] if newer.suspensions else (None, None)
    spans: list[tuple[int, int | None]] = [(start, end) for start, end in older if end is not None]
    still = [start for start, end in older if end is None]
    if newer.state is JobState.SUSPENDED and told_start is not None:
        spans += [(start, told_start) for start in still if start < told_start]  # went on and stopped between the looks
        return (*spans, (told_start, None))
    last_end = max((end for _, end in spans if end is not None), default=0)
    if told_start is not None and told_end is not None and told_end > last_end:
        spans.append((max([*still, last_end] if still else [told_start, last_end]), told_end))
    return tuple(spans)


def _closed(spans: Spans, end_ms: int | None) -> Spans:
    """Spans of a job that ended: none outlasts it."""
    if end_ms is None:
        return spans
    return tuple((start, end_ms if end is None else min(end, end_ms)) for start, end in spans if start < end_ms)
