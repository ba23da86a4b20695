"""The method: what is computed, with every formula, and what each mark on a figure means."""

from functools import cache
from importlib.resources import files
from typing import Final

from dash import Dash, html

from dash_app.components.document import Section, article, contents, sections
from dash_app.context import PageContext
from dash_app.language import marked
from dash_app.ports import PageQueries

NAME: Final = marked("Method")
PATHS: Final = ("/method",)


def layout(_context: PageContext) -> html.Div:
    """The text that docs/method.md has, too."""
    parts = _parts()
    return html.Div([contents(parts), article(parts)], className="mw-document")


def register(app: Dash, queries: PageQueries) -> None:
    """The page has no callbacks: nothing on it changes."""


@cache
def _parts() -> tuple[Section, ...]:
    return sections(files("dash_app").joinpath("documents/method.md").read_text(encoding="utf-8"))
