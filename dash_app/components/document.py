"""A Markdown page of the documentation, section by section, with formulas typeset."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dash import dcc, html

from dash_app.components.attributes import aria
from dash_app.language import _


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it.

    Args:
        level: 1 for the page's title, 2, 3.
        title: as text.
        anchor: what `#…` in an address calls it, as code hosts do.
        body: Markdown up to the next heading.
    """

    level: int
    title: str
    anchor: str
    body: str


def sections(text: str) -> tuple[Section, ...]:
    """The sections of a page of Markdown that begins with a heading."""
    parts = re.split(r"^(#{1,3}) (.+)$", text, flags=re.MULTILINE)[1:]
    heads = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return tuple(Section(len(marks), title, anchor(title), body.strip()) for marks, title, body in heads)


def anchor(title: str) -> str:
    """`A worked example: from sysfs` is `a-worked-example-from-sysfs`."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def contents(parts: Sequence[Section]) -> html.Nav:
    """Links to the sections below the title."""
    links = [html.Li(html.A(part.title, href=f"#{part.anchor}")) for part in parts if part.level == 2]
    return html.Nav(html.Ol(links), className="mw-contents", lang="en", **aria(label=_("Contents")))


def article(parts: Sequence[Section]) -> html.Article:
    """The sections. Formulas are typeset in the browser by what Dash brings along: nothing comes from elsewhere."""
    return html.Article([child for part in parts for child in _section(part)], className="mw-doc", lang="en")


def _section(part: Section) -> list[html.H1 | html.H2 | html.H3 | dcc.Markdown]:
    heading = (html.H1, html.H2, html.H3)[part.level - 1](part.title, id=part.anchor)
    return [heading, dcc.Markdown(part.body, mathjax=True)] if part.body else [heading]
