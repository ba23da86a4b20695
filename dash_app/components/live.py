"""Parts of a page that are written anew in place while it lives: whoever reads a table or a chart keeps it open.

A part has an id such as `{"type": "job-part", "of": "n001/cpu"}`. Children that are replaced are built anew by the
browser, charts and opened tables among them; so only what changed inside of them is sent.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from dash.development.base_component import Component

PART: Final = "job-part"
"""Type of parts whose children are written anew."""
GRAPH: Final = "job-graph"
"""Type of charts whose figure is."""
_PROPERTY: Final = {PART: "children", GRAPH: "figure"}


def part_id(of: Any, kind: str = PART) -> dict[str, Any]:
    """Id of a part of a page; for callbacks `of` may be ALL."""
    return {"type": kind, "of": of}


def new_values(tree: Any, wanted: Sequence[str], kind: str) -> list[Any] | None:
    """What the parts of a page hold in a newly made tree, in the order wanted; None where its parts are others.

    Args:
        tree: components.
        wanted: the `of` of the parts that the page has now.
        kind: PART or GRAPH.
    """
    named: list[tuple[Any, Component]] = [(getattr(one, "id", None), one) for one in _components(tree)]
    found = {name["of"]: getattr(one, _PROPERTY[kind]) for name, one in named if _is_part(name, kind)}
    return [found[of] for of in wanted] if found.keys() == set(wanted) else None


def _is_part(name: Any, kind: str) -> bool:
    return isinstance(name, dict) and name.get("type") == kind


def _components(tree: Any) -> Iterator[Component]:
    if isinstance(tree, list | tuple):
        for one in tree:
            yield from _components(one)
    elif isinstance(tree, Component):
        yield tree
        yield from _components(getattr(tree, "children", None))
