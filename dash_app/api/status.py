"""What the service says about itself and about who asks."""

from dataclasses import dataclass
from typing import Final

from aggregator.queries.health import Health
from aggregator.queries.models import Status
from dash_app.api.resource import Nothing, Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and what they may see.

    Args:
        user: Unix user name, empty for an administrator without one.
        sees_all: sees everybody's jobs.
        accounts: Slurm accounts that they coordinate, all of whose jobs they see.
    """

    user: str
    sees_all: bool
    accounts: tuple[str, ...]


def status(queries: PageQueries, viewer: Viewer, asked: Nothing) -> Status:  # noqa: ARG001
    """How old the data is, how far it is booked, and what is wrong with its sources."""
    return queries.status(viewer)


def health(queries: PageQueries, viewer: Viewer, asked: Nothing) -> Health | None:  # noqa: ARG001
    """What is well with the data and what is not, the worst first."""
    return queries.health(viewer)


def me(queries: PageQueries, viewer: Viewer, asked: Nothing) -> Asking:  # noqa: ARG001
    """Who the token or session stands for."""
    return Asking(viewer.user, viewer.sees_all, tuple(sorted(viewer.accounts)))


RESOURCES: Final = (
    Resource("/status", Nothing, Status, status),
    Resource("/health", Nothing, Health, health, for_all=True),
    Resource("/me", Nothing, Asking, me),
)
