"""Job records to rows of the ledger and back."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState

PLAIN: Final = tuple(
    field.name for field in fields(JobRecord) if field.name not in {"key", "state", "allocations", "suspensions"}
)
"""Fields of a record that are columns of the same name."""


def job_values(record: JobRecord, seen_ms: int) -> dict[str, Any]:
    """Columns of the jobs table for a record."""
    key = record.key
    named = {name: getattr(record, name) for name in PLAIN}
    start = {"cluster": key.cluster, "job_id": key.job_id, "start_ms": key.start_ms}
    return {**start, "state": record.state.value, **named, "seen_ms": seen_ms}


def allocation_row(job_ref: int, held: Allocation) -> tuple[Any, ...]:
    """A row of the allocations table."""
    gpus = ",".join(str(index) for index in held.gpus)
    return (job_ref, held.node, float(held.cpus), float(held.memory_bytes), gpus, held.modelled)


def suspension_row(job_ref: int, span: tuple[int, int | None]) -> tuple[Any, ...]:
    """A row of the suspensions table."""
    return (job_ref, *span)


def record_of(
    row: Mapping[str, Any], held: Iterable[Mapping[str, Any]], spans: Iterable[Mapping[str, Any]]
) -> JobRecord:
    """The job record that these rows keep."""
    return JobRecord(
        key=JobKey(row["cluster"], row["job_id"], row["start_ms"]),
        state=JobState(row["state"]),
        allocations=tuple(sorted((_allocation(each) for each in held), key=lambda a: a.node)),
        suspensions=tuple(sorted((each["start_ms"], each["end_ms"]) for each in spans)),
        **{name: row[name] for name in PLAIN},
    )


def gpu_indices(text: str) -> tuple[int, ...]:
    """GPU indices from their column."""
    return tuple(int(index) for index in text.split(",") if index)


def _allocation(row: Mapping[str, Any]) -> Allocation:
    gpus = gpu_indices(row["gpus"])
    return Allocation(row["node"], row["cpus"], row["memory_bytes"], gpus, bool(row["modelled"]))
