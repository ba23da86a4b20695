"""Stacked step areas that leave gaps open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash_app.figures.plain import Trace, known_or_nan, line, packed
from dash_app.figures.theme import rgba
from dash_app.figures.timeline import Intervals, Values, places, runs
from dash_app.language import _


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a stack.

    Args:
        key: which values it draws.
        label: its name, English.
        colour: `#rrggbb`.
        alpha: opacity of the fill, 0..1.
        edge_px: width of its upper edge [px]; 0: none.
        pattern: hatching as plotly names it, such as `/`; empty: none.
    """

    key: str
    label: str
    colour: str
    alpha: float = 0.85
    edge_px: float = 0.0
    pattern: str = ""


def drawn(layers: Sequence[Layer], values: Mapping[str, Values]) -> list[Layer]:
    """The layers that have anything to show: a component the node does not have is not in the legend."""
    return [layer for layer in layers if any(values.get(layer.key, ()))]


def stack_traces(
    intervals: Intervals, values: Mapping[str, Values], layers: Sequence[Layer], hover: str
) -> list[Trace]:
    """Areas from bottom to top, cut where any layer is unknown: a stack with a hole in it would be too low.

    Args:
        intervals: the time axis.
        values: by layer key, one value an interval.
        layers: bottom first; those without values are left out.
        hover: plotly format of a value with its unit, such as `%{y:.3s}W`.
    """
    shown = drawn(layers, values)
    known = [None not in moment for moment in zip(*(values[layer.key] for layer in shown), strict=True)]
    return [
        _area(layer, xs, [*values[layer.key][run.start : run.stop]], hover, f"run {number}")
        for number, run in enumerate(runs(intervals, known))
        for xs in [places(intervals, run)]
        for layer in shown
    ]


def _area(layer: Layer, xs: dict[str, Any], ys: list[float | None], hover: str, group: str) -> Trace:
    return line(
        **xs,
        y=packed(known_or_nan([*ys, ys[-1]])),
        name=_(layer.label),
        stackgroup=group,
        line={"shape": "hv", "width": layer.edge_px, "color": layer.colour},
        fillcolor=rgba(layer.colour, layer.alpha),
        hovertemplate=f"{hover}<extra>{_(layer.label)}</extra>",
        **_pattern(layer),
    )


def _pattern(layer: Layer) -> dict[str, Any]:
    """Lines of the layer's colour on a paler ground."""
    if not layer.pattern:
        return {}
    ground, lines = rgba(layer.colour, layer.alpha / 4), rgba(layer.colour, layer.alpha)
    look = {"shape": layer.pattern, "size": 7, "solidity": 0.4, "bgcolor": ground, "fgcolor": lines}
    return {"fillpattern": look}
