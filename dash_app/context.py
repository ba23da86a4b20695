"""What a page is given when it draws itself."""

from dataclasses import dataclass
from typing import Any, Protocol

from dash import Dash

from aggregator.queries.models import Status
from dash_app.ports import PageQueries
from maxwatt.domain.viewer import Viewer


@dataclass(frozen=True, slots=True)
class PageContext:
    """One look at one page.

    Args:
        viewer: who looks.
        queries: where the figures come from.
        status: how old the data is; holds the site's time zone and currency.
        pathname, search: the address, such as `/job/42` and `?start=1700000000000`.
        now_ms: the wall clock [epoch ms].
    """

    viewer: Viewer
    queries: PageQueries
    status: Status
    pathname: str
    search: str
    now_ms: int


class Page(Protocol):
    """What the shell asks of a page's module.

    A module may have two things more. `PLACE`: where it is offered - "main" (the navigation; as where it has none),
    "user" (the menu of who is signed in), or the address of the page it belongs to, such as "/jobs", which is then what
    the navigation marks. `shown_to(viewer, settings) -> bool`: whether it is offered to a viewer; to everybody where it
    has none. It guards nothing: the page's queries do.
    """

    @property
    def NAME(self) -> str:  # noqa: N802  a module's constant
        """Its name in the navigation and the window's title: English, as `marked("…")` of dash_app.language."""
        ...

    @property
    def PATHS(self) -> tuple[str, ...]:  # noqa: N802  a module's constant
        """Addresses it answers; one that ends with a slash stands for all below it."""
        ...

    def layout(self, context: PageContext) -> Any:
        """The page's content for one address."""
        ...

    def register(self, app: Dash, queries: PageQueries) -> None:
        """Add the page's callbacks to an app."""
        ...
