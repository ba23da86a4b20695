"""What the page of one job shows beside its record: its nodes side by side, boards, the grid, its like, advice."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from aggregator.queries.job_models import Advices, Comparison, GpuUse, IntensitySeries, JobWindows
from dash_app.api.job import JobAsked
from dash_app.api.job_series import MAX_STEPS
from dash_app.api.parameters import JobId, Start
from dash_app.api.resource import Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer


@dataclass(frozen=True, slots=True)
class WindowsAsked:
    """One attempt of a job, thinned."""

    job_id: JobId
    start_ms: Start = None
    max_steps: Annotated[int, Field(ge=1, le=1000, description="Most steps in time.")] = 120


def job_windows(queries: PageQueries, viewer: Viewer, asked: WindowsAsked) -> JobWindows | None:
    """A job on all of its nodes over time, from its bookings, in steps of whole buckets of 15 minutes.

    There are fewer steps than `max_steps` where all nodes together would have more than 50 000. Not found also where
    nothing is booked.
    """
    detail = queries.job(viewer, asked.job_id, asked.start_ms)
    if detail is None:
        return None
    steps = max(1, min(asked.max_steps, MAX_STEPS // max(1, len(detail.nodes))))
    return queries.job_windows(viewer, asked.job_id, detail.row.start_ms, steps)


def job_intensity(queries: PageQueries, viewer: Viewer, asked: JobAsked) -> IntensitySeries | None:
    """The carbon intensity that a job was booked with over time."""
    detail = queries.job(viewer, asked.job_id, asked.start_ms)
    return None if detail is None else queries.job_intensity(viewer, asked.job_id, detail.row.start_ms)


def job_gpus(queries: PageQueries, viewer: Viewer, asked: JobAsked) -> GpuUse | None:
    """How the boards of a job were used; not found also where it has none."""
    detail = queries.job(viewer, asked.job_id, asked.start_ms)
    return None if detail is None else queries.job_gpus(viewer, asked.job_id, detail.row.start_ms)


def job_similar(queries: PageQueries, viewer: Viewer, asked: JobAsked) -> Comparison | None:
    """A job beside its user's last jobs of the same name, partition and account."""
    detail = queries.job(viewer, asked.job_id, asked.start_ms)
    return None if detail is None else queries.similar_jobs(viewer, asked.job_id, detail.row.start_ms)


def job_advice(queries: PageQueries, viewer: Viewer, asked: JobAsked) -> Advices | None:
    """What to change in the batch script of a job, or why there is nothing to say."""
    detail = queries.job(viewer, asked.job_id, asked.start_ms)
    return None if detail is None else queries.job_advice(viewer, asked.job_id, detail.row.start_ms)


RESOURCES: Final = (
    Resource("/jobs/{job_id}/windows", WindowsAsked, JobWindows, job_windows),
    Resource("/jobs/{job_id}/intensity", JobAsked, IntensitySeries, job_intensity),
    Resource("/jobs/{job_id}/gpus", JobAsked, GpuUse, job_gpus),
    Resource("/jobs/{job_id}/similar", JobAsked, Comparison, job_similar),
    Resource("/jobs/{job_id}/advice", JobAsked, Advices, job_advice),
)
