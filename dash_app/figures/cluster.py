"""The cluster's energy: mean power by account over time, and who used most."""

from collections.abc import Sequence
from html import escape
from typing import Final

from aggregator.queries.cluster_models import OTHERS, Split
from aggregator.queries.energy_models import EnergyRow, EnergySeries
from dash_app.figures.plain import Figure, Trace, bars, figure, line
from dash_app.figures.stack import Layer, drawn, stack_traces
from dash_app.figures.theme import (
    ACCOUNT_COLOURS,
    ACCOUNT_LABELS,
    ACCOUNT_PATTERNS,
    BLUE,
    COMPONENT_COLOURS,
    COMPONENT_LABELS,
    GREEN,
    GREY,
    PURPLE,
    STATIC_ALPHA,
    VERMILION,
    axis,
    base_layout,
    power_scale,
    rgba,
    time_axis,
)
from dash_app.figures.timeline import Intervals, clock_at, scaled, steps
from dash_app.language import _, marked
from dash_app.text import format_energy, plotly_day
from maxwatt.domain.units import kwh_from_j

ACCOUNT_LAYERS: Final = tuple(
    Layer(key, ACCOUNT_LABELS[key], colour, pattern=ACCOUNT_PATTERNS.get(key, ""))
    for key, colour in ACCOUNT_COLOURS.items()
)

COMPONENT_LAYERS: Final = tuple(Layer(key, COMPONENT_LABELS[key], colour) for key, colour in COMPONENT_COLOURS.items())

NAME_COLOURS: Final = (BLUE, VERMILION, GREEN, PURPLE, "#56b4e9")

MAX_BARS: Final = 12
MAX_LABEL: Final = 24


def power_over_time_figure(series: EnergySeries, layers: Sequence[Layer], zone: str, height_px: int = 320) -> Figure:
    """Mean power, stacked. What is negative somewhere, such as unattributed power, is a line of its own.

    Args:
        layers: bottom first, by the keys of `series.power_w`.
    """
    end_ms = [start + series.step_ms for start in series.start_ms]
    intervals = Intervals(series.start_ms, end_ms, clock_at(end_ms[-1] if end_ms else 0, zone))
    values, unit = _scaled(series)
    layout = base_layout(
        height_px,
        xaxis=time_axis(hoverformat=f"%a {plotly_day()}, %H:%M"),
        yaxis=axis(title={"text": unit, "standoff": 8}),
    )
    below_zero = [layer for layer in layers if any((v or 0) < 0 for v in values.get(layer.key, ()))]
    stacked = [layer for layer in layers if layer not in below_zero]
    hover = f"%{{y:.3~g}} {unit}"
    lines = [_line(layer, *steps(intervals, values[layer.key]), hover) for layer in below_zero]
    return figure(layout, [*stack_traces(intervals, values, stacked, hover), *lines])


def _line(layer: Layer, xs: list[int], ys: list[float | None], hover: str) -> Trace:
    look = {"color": layer.colour, "width": 1.6, "shape": "hv"}
    label = _(layer.label)
    return line(x=xs, y=ys, name=label, line=look, hovertemplate=f"{hover}<extra>{label}</extra>")


def split_layers(series: EnergySeries, split: Split) -> list[Layer]:
    """The layers of a split that show; names get colours in the order of their energy, then the same hatched."""
    if split == "kind":
        return drawn(ACCOUNT_LAYERS, series.power_w)
    if split == "component":
        return drawn(COMPONENT_LAYERS, series.power_w)
    names = [name for name in series.power_w if name != OTHERS]
    layers = [
        Layer(
            name, _label(name), NAME_COLOURS[i % len(NAME_COLOURS)], 0.8, pattern="/" if i >= len(NAME_COLOURS) else ""
        )
        for i, name in enumerate(names)
    ]
    return drawn([*layers, Layer(OTHERS, marked("Others"), GREY, 0.6)], series.power_w)


def ranking_figure(rows: Sequence[EnergyRow], row_px: int = 30) -> Figure:
    """Energy of the largest users, accounts or partitions, static and dynamic apart, largest on top."""
    top = sorted(rows, key=lambda row: row.energy_j, reverse=True)[:MAX_BARS]
    layout = base_layout(
        row_px * max(len(top), 1) + 44,
        hovermode="closest",
        barmode="stack",
        bargap=0.35,
        xaxis=axis(ticksuffix=" kWh", side="bottom"),
        yaxis={
            "autorange": "reversed",
            "tickmode": "array",
            "tickvals": list(range(len(top))),
            "ticktext": [_label(row.name) for row in top],
            "automargin": True,
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
        },
    )
    names = [_label(row.name) for row in top]
    static = _part(names, [row.energy_static_j for row in top], _("static"), STATIC_ALPHA)
    dynamic = _part(names, [row.energy_dynamic_j for row in top], _("dynamic"), 0.85)
    return figure(layout, [static, dynamic])


def _part(names: Sequence[str], energies_j: Sequence[float], part: str, alpha: float) -> Trace:
    return bars(
        y=list(range(len(names))),
        x=[kwh_from_j(energy_j) for energy_j in energies_j],
        orientation="h",
        name=part,
        marker={"color": rgba(BLUE, alpha), "line": {"width": 1, "color": BLUE}},
        customdata=[[name, format_energy(energy_j)] for name, energy_j in zip(names, energies_j, strict=True)],
        hovertemplate=f"%{{customdata[0]}}: %{{customdata[1]}} {part}<extra></extra>",
    )


def _scaled(series: EnergySeries) -> tuple[dict[str, list[float | None]], str]:
    """Powers in the unit that suits their sum, and that unit."""
    sums = [sum(value or 0.0 for value in moment) for moment in zip(*series.power_w.values(), strict=True)]
    size, unit = power_scale(max(sums, default=0.0))
    return {key: scaled(values, size) for key, values in series.power_w.items()}, unit


def _label(name: str) -> str:
    """A name as plain text for plotly, which else reads tags in it; long ones are cut."""
    return escape(name if len(name) <= MAX_LABEL else name[: MAX_LABEL - 1] + "…", quote=False) or _("(none)")
