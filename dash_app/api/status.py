"""What the service says about its own data."""

from typing import Final

from aggregator.queries.health import Health
from aggregator.queries.models import Status
from dash_app.api.resource import Nothing, Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer


def status(queries: PageQueries, viewer: Viewer, asked: Nothing) -> Status:  # noqa: ARG001
    """How old the data is, how far it is booked, and what is wrong with its sources."""
    return queries.status(viewer)


def health(queries: PageQueries, viewer: Viewer, asked: Nothing) -> Health | None:  # noqa: ARG001
    """What is well with the data and what is not, the worst first."""
    return queries.health(viewer)


RESOURCES: Final = (
    Resource("/status", Nothing, Status, status),
    Resource("/health", Nothing, Health, health, for_all=True),
)
