"""A table of facts: names left, values right, as Slurm knows them."""

from collections.abc import Sequence
from typing import Any

from dash import html

from dash_app.components.elements import element
from dash_app.text import unknown

Fact = tuple[str, Any]


def facts(rows: Sequence[Fact], *, columns: bool = False) -> html.Dl:
    """A description list; an empty or missing value is `unknown`, shown quietly.

    Args:
        rows: names and values in order.
        columns: two columns where there is room, read down the first, then down the second.
    """
    return html.Dl(
        [_fact(label, value) for label, value in rows], className="mw-facts-columns" if columns else "mw-facts"
    )


def path(text: str) -> Any:
    """A path or command: monospaced, breaks anywhere; empty stays empty."""
    return html.Code(text, className="mw-path") if text else ""


def _fact(label: str, value: Any) -> Any:
    known = value is not None and value not in {"", unknown()} if isinstance(value, str | None) else True
    shown = element("Dd", value) if known else element("Dd", unknown(), className="mw-unknown")
    return element("Div", [element("Dt", label), shown], className="mw-fact")
