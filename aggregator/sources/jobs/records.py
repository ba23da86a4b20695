"""What every source of job records has in common: which attempts count, even splits, zones."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from maxwatt.domain.errors import InputError
from maxwatt.domain.jobs import ACTIVE_STATES, Allocation, JobRecord, JobState
from maxwatt.domain.units import MS_PER_S


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that name.

    Raises:
        InputError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"{name[:40]!r} is no time zone of the tz database, such as Europe/Berlin") from error


def checked_end_ms(start_ms: int, end_ms: int | None, state: JobState) -> int | None:
    """End of an attempt, None while it runs.

    Raises:
        InputError: it ended before it began, or is over without an end.
    """
    if state in ACTIVE_STATES and (state is not JobState.RESIZING or end_ms is None):
        return None  # accounting closes the part before a resize: that one has an end
    if end_ms is None:
        raise InputError(f"state {state} but no end")
    if end_ms < start_ms:
        raise InputError("ends before it starts")
    return end_ms


def stretch_start_ms(start_ms: int, end_ms: int | None, *changed_ms: int | None) -> int:
    """Start of the stretch in which a job has had its present allocation: an attempt of its own.

    After a resize Slurm goes on telling the first start. When it was resized the controller tells as ResizeTime, and
    accounting as the submission or eligibility of a row that lies after its start: no other row has that.

    Args:
        changed_ms: times that are no later than the start of a job that was never resized, None where not told.
    """
    return max([start_ms, *(ms for ms in changed_ms if ms is not None and (end_ms is None or ms <= end_ms))])


def without_resized_cpu(records: Iterable[JobRecord]) -> list[JobRecord]:
    """The records, without the TotalCPU of stretches around a resize.

    Accounting books a step on the stretch in which it began and loses what it used after the resize.
    """
    found = list(records)
    resized = {(each.key.job_id, each.end_ms) for each in found if each.state is JobState.RESIZING}
    return [
        replace(each, total_cpu_s=None)
        if each.state is JobState.RESIZING or (each.key.job_id, each.key.start_ms) in resized
        else each
        for each in found
    ]


def even_split(
    nodes: Sequence[str], cpus: float, memory_bytes: float, gpu_count: int, *, modelled: bool | None = None
) -> tuple[Allocation, ...]:
    """Shares of a job that nobody saw live: the same on each of its nodes.

    Args:
        modelled: None marks the shares as modelled where something had to be assumed: how several nodes share, or
            which GPUs it were. One node without GPUs is known exactly.
    """
    assumed = modelled if modelled is not None else len(nodes) > 1 or gpu_count > 0
    return tuple(Allocation(node, cpus / len(nodes), memory_bytes / len(nodes), (), assumed) for node in nodes)


def with_expanded_paths(record: JobRecord) -> JobRecord:
    """The record with its output files' patterns (`slurm-%A_%a.out`), which accounting keeps as they are, filled in.

    Without a file for errors they go to the output's file.
    """
    if not record.stdout and not record.stderr:
        return record
    stdout = expand_pattern(record.stdout, record)
    return replace(record, stdout=stdout, stderr=expand_pattern(record.stderr, record) or stdout)


def expand_pattern(pattern: str, record: JobRecord) -> str:
    """Path of an output file: Slurm's `%j`, `%A`, `%a`, `%x`, `%u`, `%%`; relative ones start from the work folder."""
    if not pattern:
        return ""
    key = record.key
    known = {
        "%": "%",
        "j": str(key.job_id),
        "A": str(record.array_job_id or key.job_id),
        "a": str(record.array_task_id or 0),
        "x": record.name,
        "u": record.user,
    }
    path = re.sub(r"%(.)", lambda match: known.get(match[1], match[0]), pattern)
    return path if path.startswith("/") or not record.work_dir else f"{record.work_dir.rstrip('/')}/{path}"


def ran_in(record: JobRecord, start_ms: int, end_ms: int) -> bool:
    """Whether the job ran at any time in [start_ms, end_ms)."""
    return record.key.start_ms < end_ms and (record.end_ms is None or record.end_ms >= start_ms)


def is_other_cluster(named: str, cluster: str) -> bool:
    """Whether a row names another cluster than ours; Slurm writes cluster names in small letters."""
    return bool(named) and named.casefold() != cluster.casefold()


def other_clusters(others: Counter[str], own: int, cluster: str) -> list[str]:
    """A sentence for each other cluster whose rows were left out.

    Args:
        others: rows by the cluster that they name.
        own: number of rows that are ours.

    Raises:
        InputError: there are rows, but all are others': an empty answer would look like a cluster without jobs.
    """
    if others and not own:
        names = ", ".join(sorted(others))[:80]
        raise InputError(f"all {others.total()} rows belong to {names}, none to {cluster!r}: see cluster.name")
    return [
        f"{count} rows of cluster {name[:40]!r} are left out: cluster.name is {cluster!r}"
        for name, count in sorted(others.items())
    ]


def job_energy_j(own_j: float | None, batch_j: float | None, node_count: int) -> float | None:
    """Energy of a job as Slurm's own accounting tells it [J], None when it does not.

    A job's own figure is the sum of its `srun` steps. Without any it has none; then that of the batch script, which is
    measured on its first node only, stands for the job where there is no other node.
    """
    return own_j if own_j is not None or node_count != 1 else batch_j


def suspension_spans(
    state: JobState, start_ms: int, changed_ms: int | None, ran_before_s: int
) -> tuple[tuple[int, int | None], ...]:
    """Spans of suspension (start, end) that one look at a live job can tell.

    Slurm keeps the time of the last suspend or resume, and the seconds run before the last suspend. After one suspend
    and resume that gives the span exactly; after several only their sum (`domain.merge` keeps the earlier looks).

    Args:
        changed_ms: `SuspendTime`, None where the job was never suspended.
        ran_before_s: `SecsPreSuspend` [s].
    """
    if changed_ms is None:
        return ()
    if state is JobState.SUSPENDED:
        return ((changed_ms, None),)
    suspended_ms = start_ms + ran_before_s * MS_PER_S
    return ((suspended_ms, changed_ms),) if suspended_ms < changed_ms else ()


def one_line(text: str) -> str:
    """The text with its line breaks and tabs as blanks: names and comments may hold any."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)
