"""A job beside its like: the user's last jobs of the same name, partition and account."""

import operator
from collections.abc import Mapping, Sequence
from functools import reduce
from statistics import quantiles
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, select

from aggregator.ledger.tables import job_totals, jobs
from aggregator.queries.expressions import visible
from aggregator.queries.job_models import Comparison, Quartiles
from aggregator.queries.models import JobRow
from maxwatt.domain.energy import ENERGY_COLUMNS
from maxwatt.domain.jobs import JobState
from maxwatt.domain.units import MS_PER_S
from maxwatt.domain.viewer import Viewer

LAST: Final = 50
"""Jobs that are compared with."""

_LOOKED_AT: Final = 2000
"""Of the user's jobs only so many are looked through."""

LEAST: Final = 4
"""Jobs that a median and quartiles need."""

_FIGURES: Final = ("energy_j", "elapsed_s", "cpu_efficiency", "memory_efficiency")


def similar_jobs(connection: Connection, viewer: Viewer, job: RowMapping, row: JobRow) -> Comparison:
    """The comparison of one attempt with up to LAST ended jobs that began before or after it; only what is visible.

    Args:
        job: the ledger's row of the attempt.
        row: its figures.
    """
    if not row.user or not row.name:
        return Comparison(0, (), None, 0)
    found = [_figures(each) for each in connection.execute(_statement(viewer, job)).mappings()]
    completed = [each["elapsed_s"] for each in found if each["state"] == JobState.COMPLETED]
    return Comparison(
        count=len(found),
        figures=tuple(
            figure
            for name in _FIGURES
            if (figure := quartiles(name, getattr(row, name), [each[name] for each in found])) is not None
        ),
        longest_s=max(completed, default=None),
        completed=len(completed),
    )


def quartiles(name: str, this: float | None, values: Sequence[float | None]) -> Quartiles | None:
    """Median and quartiles of the known values (linear between neighbours); None where there are fewer than LEAST."""
    known = [value for value in values if value is not None]
    if len(known) < LEAST:
        return None
    lower, median, upper = quantiles(known, n=4, method="inclusive")
    return Quartiles(name, this, lower, median, upper, len(known))


def _statement(viewer: Viewer, job: RowMapping) -> Any:
    recent = (
        select(jobs.c.job_ref)
        .where(jobs.c.user == job["user"], visible(viewer))
        .order_by(jobs.c.start_ms.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    same = and_(
        *(jobs.c[name] == job[name] for name in ("name", "partition", "account")),
        jobs.c.end_ms.is_not(None),
        jobs.c.job_ref != job["job_ref"],
    )
    energy_j: Any = reduce(operator.add, (job_totals.c[name] for name in ENERGY_COLUMNS))
    return (
        select(
            jobs.c.state,
            jobs.c.start_ms,
            jobs.c.end_ms,
            jobs.c.memory_bytes,
            energy_j.label("energy_j"),
            *(job_totals.c[name] for name in ("covered_s", "cpu_used_s", "cpu_unknown_s", "cpu_reserved_s")),
            job_totals.c.memory_peak_bytes,
        )
        .join_from(recent, jobs, jobs.c.job_ref == recent.c.job_ref)
        .outerjoin(job_totals, job_totals.c.job_ref == jobs.c.job_ref)
        .where(same)
        .order_by(jobs.c.start_ms.desc())
        .limit(LAST)
    )


def _figures(row: RowMapping) -> Mapping[str, Any]:
    booked = row["energy_j"] is not None and (row["covered_s"] > 0 or row["energy_j"] != 0)
    used = row["cpu_reserved_s"] and not row["cpu_unknown_s"]
    held, peak = row["memory_bytes"], row["memory_peak_bytes"]
    return {
        "state": row["state"],
        "elapsed_s": (row["end_ms"] - row["start_ms"]) / MS_PER_S,
        "energy_j": row["energy_j"] if booked else None,
        "cpu_efficiency": row["cpu_used_s"] / row["cpu_reserved_s"] if used else None,
        "memory_efficiency": peak / held if peak is not None and held > 0 else None,
    }
