"""A stack of power over time as SVG: no script has to run before it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from aggregator.queries.energy_models import EnergySeries
from dash_app.figures.stack import Layer
from dash_app.figures.theme import power_scale
from dash_app.figures.timeline import Clock, Intervals, runs

WIDTH, HEIGHT = 1000.0, 100.0


@dataclass(frozen=True, slots=True)
class Scale:
    """The value axis: what its ticks say, its upper end [W], and the unit."""

    ticks: tuple[float, ...]
    top_w: float
    unit: str


def scale_of(series: EnergySeries) -> Scale:
    """Three to five round ticks that hold the highest sum."""
    sums = [sum(value or 0.0 for value in moment) for moment in zip(*series.power_w.values(), strict=True)]
    largest_w = max(sums, default=0.0)
    size, unit = power_scale(largest_w)
    value = max(largest_w / size, 1e-9)
    power = 10.0 ** (len(str(int(value))) - 1) / 10
    step = next(step * power for step in (2, 2.5, 5, 10, 20, 25, 50) if value <= 4 * step * power)
    count = -(-value // step)
    return Scale(tuple(step * i for i in range(1, int(count) + 1)), step * count * size, unit)


def stack_svg(series: EnergySeries, layers: Sequence[Layer], top_w: float, label: str) -> str:
    """Step areas from bottom to top, cut where a value is unknown. It is stretched to the room there is.

    Args:
        layers: bottom first; what is below zero is drawn as zero.
        top_w: power at the upper edge [W].
        label: what it shows, for screen readers.
    """
    end_ms = [start + series.step_ms for start in series.start_ms]
    known = [all(series.power_w[layer.key][i] is not None for layer in layers) for i in range(len(series.start_ms))]
    spans = runs(Intervals(series.start_ms, end_ms, Clock(0, "")), known)
    paths = [_path(series, layers, place, top_w, spans) for place in range(len(layers))]
    shapes = [
        f'<path d="{path}" fill="{layer.colour}"><title>{escape(layer.label)}</title></path>'
        for layer, path in zip(layers, paths, strict=True)
    ]
    box = f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" preserveAspectRatio="none"'
    return f'<svg {box} role="img" aria-label="{escape(label, quote=True)}">{"".join(shapes)}</svg>'


def _path(series: EnergySeries, layers: Sequence[Layer], place: int, top_w: float, spans: Sequence[range]) -> str:
    lower, upper = (_sums(series.power_w, layers[:count]) for count in (place, place + 1))
    return "".join(_area(run, len(series.start_ms), (lower, upper), top_w) for run in spans)


def _sums(power_w: Mapping[str, Sequence[float | None]], layers: Sequence[Layer]) -> list[float]:
    """Sum of the layers at each step [W]."""
    count = max((len(values) for values in power_w.values()), default=0)
    return [sum(max(power_w[layer.key][i] or 0.0, 0.0) for layer in layers) for i in range(count)]


def _area(run: range, count: int, edges: tuple[list[float], list[float]], top_w: float) -> str:
    """Forth along the upper edge and back along the lower one."""
    lower, upper = edges
    forth = [point for i in run for point in ((i, upper[i]), (i + 1, upper[i]))]
    back = [point for i in reversed(run) for point in ((i + 1, lower[i]), (i, lower[i]))]
    points = (f"{x / count * WIDTH:.1f} {HEIGHT - y / top_w * HEIGHT:.2f}" for x, y in [*forth, *back])
    return f"M{'L'.join(points)}Z"
