"""All nodes on one screen: what assets/cluster.js draws, the words for its colours, and the same as a table."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Literal

from dash import html

from aggregator.queries.cluster_models import ClusterNow, NodeNow
from dash_app.components.attributes import HIDDEN
from dash_app.components.tables import plain_table
from dash_app.language import _, marked
from dash_app.text import ago, format_power, format_share, unknown

Colouring = Literal["power", "use", "state"]

COLOURINGS: Final[dict[Colouring, str]] = {
    "power": marked("Power"),
    "use": marked("Use"),
    "state": marked("State"),
}

KIND_LABELS: Final = {
    "allocated": marked("Allocated"),
    "mixed": marked("Mixed"),
    "idle": marked("Idle"),
    "drained": marked("Drained"),
    "down": marked("Down"),
    "powered_off": marked("Powered off"),
    "booting": marked("Booting"),
    "unknown": marked("Unknown"),
}

USE_EDGES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Between the shades of use, which are one more."""

_NICE: Final = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


def map_data(now: ClusterNow, colouring: Colouring) -> dict[str, Any]:
    """Groups of cells by partition, each cell a node's name, the class that colours it, and what it says in words."""
    top_w = scale_top_w(now)
    groups: dict[str, list[list[str]]] = {}
    for node in now.nodes:
        cell = [node.node, cell_class(node, colouring, top_w), cell_text(node)]
        groups.setdefault(node.partitions, []).append(cell)
    shown = [
        {"name": name or _("outside of Slurm's partitions"), "cells": cells} for name, cells in sorted(groups.items())
    ]
    return {"groups": shown}


def cell_class(node: NodeNow, colouring: Colouring, top_w: float) -> str:
    """Ending of the style sheet's class: a state, or a shade 0..5; `unknown` where nothing is known."""
    if colouring == "state":
        return node.kind
    value, edges = (node_use(node), USE_EDGES) if colouring == "use" else (node.total_w, power_edges_w(top_w))
    return "unknown" if value is None else f"shade-{bisect_right(edges, value)}"


def node_use(node: NodeNow) -> float | None:
    """Use of CPUs or of GPUs, whichever is greater, 0..1; None where neither is known."""
    return max((use for use in (node.cpu_use, node.gpu_use) if use is not None), default=None)


def cell_text(node: NodeNow) -> str:
    """A node in words, for the eye that hovers and for screen readers."""
    return _(
        "{node}: {state}, {power}, use {use}",
        node=node.node,
        state=_(KIND_LABELS[node.kind]),
        power=format_power(node.total_w),
        use=format_share(node_use(node)),
    )


def scale_top_w(now: ClusterNow) -> float:
    """Power at the upper end of the shades [W]: a round figure that no node exceeds."""
    largest = max((node.total_w or 0.0 for node in now.nodes), default=0.0)
    size = 10.0 ** (len(str(int(largest))) - 1)
    return next((step * size for step in _NICE if step * size >= largest), 10.0 * size)


def power_edges_w(top_w: float) -> tuple[float, ...]:
    """Between the shades of power [W]: each the double of the one before, for kinds of nodes differ by far."""
    return tuple(top_w / 2**step for step in range(5, 0, -1))


def map_legend(now: ClusterNow, colouring: Colouring) -> html.Ul:
    """The colours in words; of states only those that there are."""
    if colouring == "state":
        counts = {kind: sum(node.kind == kind for node in now.nodes) for kind in KIND_LABELS}
        items = [(kind, f"{_(KIND_LABELS[kind])} {count}") for kind, count in counts.items() if count]
        return _legend(items)
    top_w = scale_top_w(now)
    edges = [format_share(edge) for edge in (0.0, *USE_EDGES, 1.0)]
    if colouring == "power":
        edges = [format_power(edge_w) for edge_w in (0.0, *power_edges_w(top_w), top_w)]
    items = [(f"shade-{i}", f"{low} – {high}") for i, (low, high) in enumerate(pairwise(edges))]
    lacking = any(cell_class(node, colouring, top_w) == "unknown" for node in now.nodes)
    return _legend([*items, *([("unknown", unknown())] if lacking else [])])


def node_table(now: ClusterNow) -> html.Div:
    """All nodes, the one that draws most first."""
    head = [_("Node"), _("State"), _("Power"), _("CPU"), _("GPU"), _("Memory"), _("Jobs"), _("Last sample")]
    nodes = sorted(now.nodes, key=lambda node: (-(node.total_w or -1.0), node.node))
    rows = [
        [
            node.node,
            _(KIND_LABELS[node.kind]),
            format_power(node.total_w),
            *(format_share(use) for use in (node.cpu_use, node.gpu_use, node.memory_use)),
            str(node.jobs),
            _("never") if node.sampled_ms is None else ago(node.sampled_ms, now.now_ms),
        ]
        for node in nodes
    ]
    return plain_table(head, rows, _("All nodes"))


def _legend(items: Sequence[tuple[str, str]]) -> html.Ul:
    parts = [
        html.Li([html.Span(className=f"mw-node-swatch mw-node-{name}", **HIDDEN), html.Span(words)])
        for name, words in items
    ]
    return html.Ul(parts, className="mw-legend")
