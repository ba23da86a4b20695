"""Which pages are offered to a viewer, and where: read off the pages' own modules, so there is no second list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dash_app.context import Page
from maxwatt.config import Settings
from maxwatt.domain.viewer import Viewer

MAIN: Final = "main"
USER: Final = "user"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page as the navigation offers it: its English name and its address, without the prefix of a proxy."""

    name: str
    path: str


def entries(pages: Sequence[Page], viewer: Viewer, settings: Settings, place: str = MAIN) -> tuple[Entry, ...]:
    """The pages that stand at a place, in the order of `pages`, without those that are not for this viewer."""
    return tuple(
        Entry(page.NAME, page.PATHS[0])
        for page in pages
        if place_of(page) == place and getattr(page, "shown_to", _everybody)(viewer, settings)
    )


def place_of(page: Page) -> str:
    """Where a page is offered: its PLACE, else the navigation."""
    return getattr(page, "PLACE", MAIN)


def marked_path(page: Page | None) -> str:
    """The address in the navigation that is marked as current while a page is open; empty when there is none."""
    if page is None:
        return ""
    place = place_of(page)
    return place if place.startswith("/") else page.PATHS[0]


def _everybody(_viewer: Viewer, _settings: Settings) -> bool:
    return True
