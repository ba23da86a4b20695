"""How well one's jobs used what they reserved, and what is usual."""

from dataclasses import dataclass
from typing import Final

from aggregator.queries.own_use import Use, Usual
from dash_app.api.resource import Nothing, Resource
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer


@dataclass(frozen=True, slots=True)
class UsePart:
    """The use of the jobs of one name, account or partition."""

    name: str
    use: Use


@dataclass(frozen=True, slots=True)
class MyUse:
    """How well the jobs that one may see used what they reserved.

    Args:
        week_ms: starts of the site's weeks [epoch ms UTC].
        weeks: the use of each, null where no job started.
        recent: the last 28 days in all.
        names, accounts, partitions: the same in parts, most energy first; of many only the first.
        usual: medians of everybody.
    """

    week_ms: tuple[int, ...]
    weeks: tuple[Use | None, ...]
    recent: Use
    names: tuple[UsePart, ...]
    accounts: tuple[UsePart, ...]
    partitions: tuple[UsePart, ...]
    usual: Usual


def me_use(queries: PageQueries, viewer: Viewer, asked: Nothing) -> MyUse:  # noqa: ARG001
    """How well the jobs that one may see used what they reserved, by week, name, account and partition.

    Beside it what is usual: medians of everybody, without names.
    """
    own = queries.own_use(viewer)
    names, accounts, partitions = (
        tuple(UsePart(*each) for each in parts) for parts in (own.names, own.accounts, own.partitions)
    )
    return MyUse(own.week_ms, own.weeks, own.recent, names, accounts, partitions, queries.usual_use(viewer))


RESOURCES: Final = (Resource("/me/use", Nothing, MyUse, me_use),)
