"""Plain tables, and the one behind every chart."""

from collections.abc import Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dash_app.components.attributes import aria, data
from dash_app.components.elements import element
from dash_app.components.live import part_id
from dash_app.language import _

MAX_ROWS: Final = 48
"""A chart's table is thinned to at most this many rows."""


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Any]],
    caption: str,
    first_is_text: bool = True,
    *,
    stacks: bool = True,
) -> html.Div:
    """A table that scrolls sideways where it is too wide; numbers stand right.

    Args:
        stacks: on a phone each row becomes a list of its cells with their names, so that nothing is out of sight.
    """
    body: list[Any] = [_row(row, head, first_is_text) for row in rows]
    whole = html.Table(
        [
            html.Caption(caption, className="mw-hidden"),
            html.Thead(html.Tr([html.Th(label, scope="col") for label in head])),
            html.Tbody(body),
        ],
        className="mw-table mw-stacks" if stacks else "mw-table",
    )
    return _scrolling(whole, caption)


def thinned(count: int) -> range:
    """Which of so many rows are shown behind a chart: who spells only these spares the others."""
    return range(0, count, -(-count // MAX_ROWS) or 1)


def behind_chart(
    head: Sequence[str], rows: Sequence[Sequence[str]], caption: str, *, live: str = "", step: int = 0
) -> html.Details:
    """The figures of a chart, for who cannot or will not read the chart; thinned evenly when there are many.

    Args:
        live: which part of the page it is, where it is written anew in place.
        step: the rows are every so-manyth already; 0: they are all.
    """
    named: dict[str, Any] = {"id": part_id(live)} if live else {}
    shown = [rows[i] for i in thinned(len(rows))] if not step else rows
    step = step or thinned(len(rows)).step
    return html.Details(
        [html.Summary(figures_heading(caption)), step_note(step), plain_table(head, shown, caption)],
        className="mw-details",
        **named,
    )


def figures_heading(caption: str) -> list[Any]:
    """What opens the figures of a chart; of which chart, screen readers hear."""
    return [_("Figures"), html.Span(f": {caption}", className="mw-hidden")]


def step_note(step: int) -> html.P | None:
    """That a table shows only every so-manyth interval; nothing where it shows all."""
    return html.P(_("every {step}. interval", step=step), className="mw-note") if step > 1 else None


def plain_table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> html.Div:
    """A table of text in one component: hundreds of cells as components of their own take the browser seconds."""
    cells = {"head": list(head), "body": [list(row) for row in rows]}
    return _scrolling(dmc.Table(data=cells, className="mw-table", withRowBorders=False), caption)


def _scrolling(whole: Component, caption: str) -> html.Div:
    """Scrolls by keyboard, too; assets/menu.js takes the stop away where there is nothing to scroll."""
    return html.Div(whole, className="mw-table-scroll", tabIndex=0, role="group", **aria(label=caption))


def _row(cells: Sequence[Any], head: Sequence[str], first_is_text: bool) -> dict[str, Any]:
    first = element("Th", cells[0], scope="row") if first_is_text else element("Td", cells[0], **data(label=head[0]))
    others = (element("Td", cell, **data(label=label)) for label, cell in zip(head[1:], cells[1:], strict=True))
    return element("Tr", [first, *others])
