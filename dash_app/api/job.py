"""One job: everything known of it, and every attempt of it."""

from dataclasses import dataclass
from typing import Final

from aggregator.queries.explain import Explanation
from aggregator.queries.models import JobDetail, JobRow
from dash_app.api.parameters import JobId, Start
from dash_app.api.resource import Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer


@dataclass(frozen=True, slots=True)
class JobAsked:
    """One attempt of a job."""

    job_id: JobId
    start_ms: Start = None


@dataclass(frozen=True, slots=True)
class AttemptsAsked:
    """All attempts of a job."""

    job_id: JobId


@dataclass(frozen=True, slots=True)
class Attempts:
    """Every attempt of a job, oldest first; a requeue starts another."""

    rows: tuple[JobRow, ...]


def job(queries: PageQueries, viewer: Viewer, asked: JobAsked) -> JobDetail | None:
    """One attempt of a job in full."""
    return queries.job(viewer, asked.job_id, asked.start_ms)


def job_attempts(queries: PageQueries, viewer: Viewer, asked: AttemptsAsked) -> Attempts | None:
    """Every attempt of a job, oldest first."""
    rows = queries.job_attempts(viewer, asked.job_id)
    return Attempts(rows) if rows else None


def job_explanation(queries: PageQueries, viewer: Viewer, asked: JobAsked) -> Explanation | None:
    """How the energy of a job came about, node by node.

    What others drew beside it is told to who may see it only.
    """
    return queries.explain(viewer, asked.job_id, asked.start_ms)


RESOURCES: Final = (
    Resource("/jobs/{job_id}", JobAsked, JobDetail, job),
    Resource("/jobs/{job_id}/attempts", AttemptsAsked, Attempts, job_attempts),
    Resource("/jobs/{job_id}/explanation", JobAsked, Explanation, job_explanation),
)
