"""One job over time, node by node."""

from dataclasses import dataclass
from typing import Final

from aggregator.queries.models import NodeSeries
from dash_app.api.parameters import JobId, Points, Start
from dash_app.api.resource import Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer

MAX_STEPS: Final = 50_000
"""Most steps of all nodes together."""


@dataclass(frozen=True, slots=True)
class SeriesAsked:
    """One attempt of a job, thinned."""

    job_id: JobId
    start_ms: Start = None
    max_points: Points = 300


@dataclass(frozen=True, slots=True)
class JobSeries:
    """A job over time; no nodes where there are no samples.

    Args:
        start_ms: start of the attempt [epoch ms UTC].
    """

    job_id: int
    start_ms: int
    nodes: tuple[NodeSeries, ...]


def job_series(queries: PageQueries, viewer: Viewer, asked: SeriesAsked) -> JobSeries | None:
    """CPUs in use, memory and power of one attempt of a job over time, node by node.

    Each node has at most `max_points` steps, fewer where the job has so many nodes that all of them together would have
    more than 50 000. Steps are never shorter than two samples are apart.
    """
    detail = queries.job(viewer, asked.job_id, asked.start_ms)
    if detail is None:
        return None
    points = max(1, min(asked.max_points, MAX_STEPS // max(1, len(detail.nodes))))
    start_ms = detail.row.start_ms
    return JobSeries(asked.job_id, start_ms, queries.job_series(viewer, asked.job_id, start_ms, points))


RESOURCES: Final = (Resource("/jobs/{job_id}/series", SeriesAsked, JobSeries, job_series),)
