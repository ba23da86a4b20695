"""One job over time, node by node."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from aggregator.queries.models import JobDetail
from aggregator.queries.series_models import NodeSeries
from dash_app.api.parameters import JobId, Points, Start, Text
from dash_app.api.problems import ParameterFault, refused
from dash_app.api.resource import Resource
from dash_app.ports import PageQueries
from maxwatt.domain.hostlist import expand
from maxwatt.domain.units import S_PER_H
from maxwatt.domain.viewer import Viewer

MAX_STEPS: Final = 50_000
"""Most steps of all nodes together."""
MAX_NODE_HOURS: Final = 500
"""The samples of more would take too long to read; one node may always be asked for."""


@dataclass(frozen=True, slots=True)
class SeriesAsked:
    """One attempt of a job, thinned."""

    job_id: JobId
    start_ms: Start = None
    max_points: Points = 300
    nodes: Annotated[Text, Field(description="Only on these nodes; a host list such as `n[1-4,7]`. Else on all.")] = ""


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
    """CPUs in use, memory, power and GPUs of one attempt of a job over time, node by node.

    Each node has at most `max_points` steps, fewer where all nodes together would have more than 50 000. Steps are
    never shorter than two samples are apart. A job of more than 500 node hours is read some nodes at a time.
    """
    detail = queries.job(viewer, asked.job_id, asked.start_ms)
    if detail is None:
        return None
    nodes = _nodes(detail, asked.nodes)
    points = max(1, min(asked.max_points, MAX_STEPS // max(1, len(nodes))))
    start_ms = detail.row.start_ms
    return JobSeries(asked.job_id, start_ms, queries.job_series(viewer, asked.job_id, start_ms, points, nodes))


def _nodes(detail: JobDetail, wanted: str) -> list[str]:
    """The job's nodes of a host list; all of them where it is empty."""
    chosen = frozenset(expand(wanted)) if wanted else None
    nodes = [share.node for share in detail.nodes if chosen is None or share.node in chosen]
    hours = len(nodes) * detail.row.elapsed_s / S_PER_H
    if hours > MAX_NODE_HOURS and len(nodes) > 1:
        fault = ParameterFault("nodes", f"stands for {len(nodes)} nodes and {hours:.0f} node hours")
        mend = f"Name some nodes, up to {MAX_NODE_HOURS} node hours; /jobs/{{job_id}}/windows tells of all."
        raise refused("The samples of so many nodes would take too long to read.", mend, fault)
    return nodes


RESOURCES: Final = (Resource("/jobs/{job_id}/series", SeriesAsked, JobSeries, job_series),)
