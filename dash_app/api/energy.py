"""Energy over a time: where it went, who used it, and as it went."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from aggregator.queries.cluster_models import Split
from aggregator.queries.energy_models import EnergyRow, EnergySeries, EnergySummary, Grouping, NodeEnergyRow
from dash_app.api.parameters import Points, Window
from dash_app.api.resource import Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsAsked(Window):
    """A time, and what to sum by."""

    grouping: Annotated[Grouping, Field(description="What the energy of jobs is summed by.")]


@dataclass(frozen=True, slots=True)
class SeriesAsked(Window):
    """A time, how finely, and split by what."""

    split: Annotated[Split, Field(description="By what it was for (kind), by component, or by whose jobs drew it.")] = (
        "kind"
    )
    max_points: Points = 400


@dataclass(frozen=True, slots=True)
class NodesAsked(Window):
    """A time, and whether by node or by group of nodes."""

    groups: Annotated[bool, Field(description="By home group instead of by node.")] = False


@dataclass(frozen=True, slots=True)
class EnergyRows:
    """Energy of each name, largest first, in [since_ms, until_ms)."""

    since_ms: int
    until_ms: int
    rows: tuple[EnergyRow, ...]


@dataclass(frozen=True, slots=True)
class NodeRows:
    """Energy of each node or group, largest first, in [since_ms, until_ms)."""

    since_ms: int
    until_ms: int
    rows: tuple[NodeEnergyRow, ...]


def energy_summary(queries: PageQueries, viewer: Viewer, asked: Window) -> EnergySummary:
    """Where the energy of a time went: jobs, sessions, system, idle, unattributed.

    Who does not see all gets their own jobs and sessions; the rest is null.
    """
    return queries.energy_summary(viewer, *asked.span_ms())


def energy_by(queries: PageQueries, viewer: Viewer, asked: GroupsAsked) -> EnergyRows:
    """Energy of jobs by user, account, partition or QOS, largest first."""
    span_ms = asked.span_ms()
    return EnergyRows(*span_ms, queries.energy_by(viewer, asked.grouping, *span_ms))


def energy_series(queries: PageQueries, viewer: Viewer, asked: SeriesAsked) -> EnergySeries:
    """Mean power over time, in steps of whole buckets of 15 minutes or of whole hours.

    Of users, accounts or partitions only the largest have their own line.
    """
    return queries.energy_series(viewer, *asked.span_ms(), asked.max_points, asked.split)


def energy_of_nodes(queries: PageQueries, viewer: Viewer, asked: NodesAsked) -> NodeRows:
    """Energy of each node, or of each home group of nodes, by account, largest first."""
    span_ms = asked.span_ms()
    return NodeRows(*span_ms, queries.energy_of_nodes(viewer, *span_ms, groups=asked.groups))


RESOURCES: Final = (
    Resource("/energy/summary", Window, EnergySummary, energy_summary),
    Resource("/energy/series", SeriesAsked, EnergySeries, energy_series),
    Resource("/energy/nodes", NodesAsked, NodeRows, energy_of_nodes, for_all=True),
    Resource("/energy/by/{grouping}", GroupsAsked, EnergyRows, energy_by),
)
