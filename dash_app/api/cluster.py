"""The cluster as it is now, and the grid that feeds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from aggregator.queries.cluster_models import NodeDetail, NodeNow, Outlook
from dash_app.api.parameters import Text
from dash_app.api.resource import Nothing, Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer


@dataclass(frozen=True, slots=True)
class NodeAsked:
    """One node."""

    node: Annotated[Text, Field(min_length=1, description="Name of the node.")]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Every node as it was last seen, and what they draw together.

    Args:
        now_ms: when this was so [epoch ms UTC].
        span_s: powers are means over the samples of so many seconds before [s].
        newest_ms: time of the newest sample of all [epoch ms UTC].
        total_w, modelled_w: power of the nodes whose power is known [W], and what of it node models say and no meter.
        by_component_w: the same by component [W].
        nodes: by name.
    """

    now_ms: int
    span_s: float
    newest_ms: int | None
    total_w: float | None
    modelled_w: float
    by_component_w: Mapping[str, float]
    nodes: tuple[NodeNow, ...]


def cluster(queries: PageQueries, viewer: Viewer, asked: Nothing) -> Cluster | None:  # noqa: ARG001
    """Every node as it was last seen: its state, its power, its use."""
    now = queries.cluster_now(viewer)
    if now is None:
        return None
    sums = now.total_w, now.modelled_w, now.by_component_w
    return Cluster(now.now_ms, now.span_s, now.newest_ms, *sums, now.nodes)


def cluster_node(queries: PageQueries, viewer: Viewer, asked: NodeAsked) -> NodeDetail | None:
    """A node as it was last seen, the jobs on it, and its energy of the last day by what it was for."""
    return queries.node(viewer, asked.node)


def outlook(queries: PageQueries, viewer: Viewer, asked: Nothing) -> Outlook:  # noqa: ARG001
    """The grid's carbon intensity now, over the last day, and as far ahead as it is forecast."""
    return queries.outlook(viewer)


RESOURCES: Final = (
    Resource("/cluster", Nothing, Cluster, cluster, for_all=True),
    Resource("/cluster/nodes/{node}", NodeAsked, NodeDetail, cluster_node, for_all=True),
    Resource("/outlook", Nothing, Outlook, outlook),
)
