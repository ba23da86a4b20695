"""Job records to rows of the ledger and back."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from maxwatt.domain import gpus
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
    held_gpus = ",".join(map(str, held.gpus))
    return (job_ref, held.node, float(held.cpus), float(held.memory_bytes), held_gpus, held.modelled)


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


def _allocation(row: Mapping[str, Any]) -> Allocation:
    held_gpus = gpus.parse(row["gpus"])
    return Allocation(row["node"], row["cpus"], row["memory_bytes"], held_gpus, bool(row["modelled"]))
