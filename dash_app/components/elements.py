"""Components of `html` as they are sent, for what a page has by the hundred."""

from typing import Any


def element(kind: str, children: Any = None, **props: Any) -> dict[str, Any]:
    """A component without an id: to make it as an object first takes ten times as long."""
    return {"type": kind, "namespace": "dash_html_components", "props": {"children": children, **props}}
