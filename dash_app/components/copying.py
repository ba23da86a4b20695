"""Text that one takes along: a path, a line of a script."""

from typing import Any

from dash import html

from dash_app.components.attributes import HIDDEN, aria
from dash_app.language import _


def copied(text: str, name: str) -> Any:
    """A path or line with a button that copies it; nothing where there is none.

    Args:
        text: what is shown and copied.
        name: what it is, for screen readers.
    """
    if not text:
        return ""
    return html.Span([html.Code(text, className="mw-path"), copy_button(text, name)], className="mw-copied")


def copy_button(text: str, name: str) -> html.Button:
    """The button alone; assets/job.js does the copying and says that it is done."""
    data: dict[str, Any] = {"data-copy": text, "data-done": _("Copied")}
    return html.Button(
        html.Span(className="mw-icon mw-icon-copy", **HIDDEN),
        type="button",
        className="mw-copy",
        title=_("Copy"),
        **data,
        **aria(label=_("Copy: {name}", name=name)),
    )
