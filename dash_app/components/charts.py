"""Charts on a page: a frame with name, legend and the figures behind it."""

from collections.abc import Sequence
from typing import Any, Final

from dash import dcc, html

from dash_app.components.attributes import HIDDEN, aria
from dash_app.components.bars import swatch
from dash_app.components.live import GRAPH, part_id
from dash_app.figures.plain import Figure
from dash_app.figures.stack import Layer
from dash_app.figures.theme import rgba
from dash_app.language import _
from dash_app.text import plotly_words

_CONFIG: Final[Any] = {"displayModeBar": False, "responsive": True, "doubleClick": "reset", "showTips": False}


def chart(figure: Figure, label: str, behind: Any = None, *, live: str = "") -> html.Figure:
    """A chart of fixed height with its name for screen readers and, behind a toggle, its figures.

    Args:
        live: which part of the page it is, where it is drawn anew in place.
    """
    height = figure["layout"]["height"]
    named: dict[str, Any] = {"id": part_id(live, GRAPH)} if live else {}
    graph = dcc.Graph(
        figure=figure,
        config=_CONFIG | plotly_words(),
        style={"height": f"{height}px"},
        className="mw-graph",
        **named,
    )
    picture = html.Div(graph, role="img", **aria(label=label))
    return html.Figure([picture, behind], className="mw-figure")


def legend(layers: Sequence[Layer]) -> html.Ul:
    """Names and colours of layers; drawn as text, so that it wraps and follows the colour scheme."""
    items = [
        html.Li([swatch(rgba(layer.colour, layer.alpha), layer.colour, layer.pattern), _(layer.label)])
        for layer in layers
    ]
    return html.Ul(items, className="mw-legend")


def line_mark(colour: str, dash: str) -> html.Span:
    """A short piece of a line of a chart, to stand before its name."""
    style = {"borderTopColor": colour, "borderTopStyle": {"solid": "solid", "dot": "dotted"}.get(dash, "dashed")}
    return html.Span(className="mw-line", style=style, **HIDDEN)


def card(title: str, children: Any, extra: Any = None, *, class_name: str = "", level: int = 2) -> html.Section:
    """A framed part of a page with its heading; `extra` stands at the heading's right."""
    heading = (html.H2 if level == 2 else html.H3)(title, className="mw-card-title")
    head = html.Div([heading, extra], className="mw-card-head")
    return html.Section([head, html.Div(children)], className=f"mw-card {class_name}".strip())
