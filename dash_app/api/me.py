"""Who asks, and what of theirs runs and was used lately."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from aggregator.queries.home_models import Overview, RunningJobs, WaitingJobs
from dash_app.api.jobs import Limit
from dash_app.api.resource import Nothing, Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer

Everybody = Annotated[
    bool, Field(description="Everybody's instead of one's own; only for who sees everybody's jobs, else of no effect.")
]


@dataclass(frozen=True, slots=True)
class SomeAsked:
    """Whose, and how many."""

    everybody: Everybody = False
    limit: Limit = 100


@dataclass(frozen=True, slots=True)
class OverviewAsked:
    """Whose."""

    everybody: Everybody = False


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and what they may see.

    Args:
        user: Unix user name, empty for an administrator without one, who gets everybody's as their own.
        sees_all: sees everybody's jobs.
        accounts: Slurm accounts that they coordinate, all of whose jobs they see.
    """

    user: str
    sees_all: bool
    accounts: tuple[str, ...]


def me(queries: PageQueries, viewer: Viewer, asked: Nothing) -> Asking:  # noqa: ARG001
    """Who the token or session stands for."""
    return Asking(viewer.user, viewer.sees_all, tuple(sorted(viewer.accounts)))


def me_running(queries: PageQueries, viewer: Viewer, asked: SomeAsked) -> RunningJobs:
    """One's jobs that run, the newest first, with what they draw."""
    return queries.running_jobs(viewer, asked.everybody, asked.limit)


def me_waiting(queries: PageQueries, viewer: Viewer, asked: SomeAsked) -> WaitingJobs:
    """One's jobs that wait, in the order of their submission, with Slurm's reasons."""
    return queries.waiting_jobs(viewer, asked.everybody, asked.limit)


def me_overview(queries: PageQueries, viewer: Viewer, asked: OverviewAsked) -> Overview:
    """What one used this week and this month, beside the same part of the one before, and on each of the last days.

    Weeks, months and days are those of the site's clock.
    """
    return queries.overview(viewer, asked.everybody)


RESOURCES: Final = (
    Resource("/me", Nothing, Asking, me),
    Resource("/me/running", SomeAsked, RunningJobs, me_running),
    Resource("/me/waiting", SomeAsked, WaitingJobs, me_waiting),
    Resource("/me/overview", OverviewAsked, Overview, me_overview),
)
