"""Statistics of a job over its nodes: mean, highest, 95th percentile, least and most, imbalance; and node by node."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dash import html

from aggregator.queries.job_models import JobWindows, NodeStatistic, Track, UseStatistic
from aggregator.queries.series_models import NodeSeries
from aggregator.queries.use_statistics import use_statistic
from dash_app.components.charts import card
from dash_app.components.live import part_id
from dash_app.components.tables import MAX_ROWS, behind_chart, table
from dash_app.figures.node import total_power_w
from dash_app.language import _, _n, marked
from dash_app.text import format_bytes, format_number, format_power, format_share, unknown
from maxwatt.domain.units import MS_PER_S

Spelling = Callable[[float | None], str]

_METRICS: Final[dict[str, tuple[str, Spelling]]] = {
    "cpu": (marked("CPU of what is held"), format_share),
    "cpus": (marked("CPUs in use"), format_number),
    "memory": (marked("Memory"), format_bytes),
    "gpu": (marked("GPU"), format_share),
    "gpu_memory": (marked("GPU memory"), format_bytes),
    "power": (marked("Power"), format_power),
}


def statistics_of_series(series: Sequence[NodeSeries]) -> dict[str, UseStatistic]:
    """From the charts' own figures; boards count one by one."""
    tracks: dict[str, list[Track]] = {name: [] for name in _METRICS}
    for one in series:
        lengths = tuple((end - start) / MS_PER_S for start, end in zip(one.start_ms, one.ts_ms, strict=True))
        of_held = one.cpus > 0
        cpu = tuple(None if used is None else used / (one.cpus if of_held else 1.0) for used in one.cpu_used)
        tracks["cpu" if of_held else "cpus"].append((one.node, lengths, cpu))
        tracks["memory"].append((one.node, lengths, one.memory_bytes))
        tracks["power"].append((one.node, lengths, tuple(total_power_w(one))))
        for board in one.gpus:
            name = f"{one.node} GPU {board.gpu}"
            tracks["gpu"].append((name, lengths, board.utilisation))
            tracks["gpu_memory"].append((name, lengths, board.memory_bytes))
    return _known(tracks)


def statistics_of_windows(windows: JobWindows) -> dict[str, UseStatistic]:
    """From the bookings: means of a quarter of an hour or more."""
    values = {"cpu": windows.cpu_ratio, "memory": windows.memory_bytes, "power": windows.power_w}
    return _known(
        {name: list(zip(windows.nodes, windows.held_s, cells, strict=True)) for name, cells in values.items()}
    )


def statistics_card(found: Mapping[str, UseStatistic], note: str, job: int) -> html.Section | None:
    """The table over all nodes, and behind it the nodes one by one; nothing where nothing is known.

    Args:
        found: by metric.
        note: of what intervals they are.
        job: how many nodes the job has.
    """
    if not found:
        return None
    head = ["", _("Mean"), _("95th percentile"), _("Highest")]
    several = job > 1
    head += [_("Least"), _("Most"), _("Imbalance")] if several else []
    rows = [_row(name, one, several) for name, one in found.items()]
    title = _("Statistics")
    whole = html.Div(table(head, rows, title), id=part_id("statistics"))
    parts = [whole, *([_by_node(found)] if several else [])]
    return card(title, parts, html.Span(note, className="mw-note"), class_name="mw-statistics")


def _row(name: str, one: UseStatistic, several: bool) -> list[Any]:
    label, spell = _METRICS[name]
    cells = [_(label), spell(one.mean), spell(one.p95), spell(one.highest)]
    if not several:
        return cells
    imbalance = unknown() if one.imbalance is None else format_share(one.imbalance)
    return [*cells, _of_node(one.lowest_node, spell), _of_node(one.highest_node, spell), imbalance]


def _of_node(one: NodeStatistic, spell: Spelling) -> html.Span:
    return html.Span([spell(one.mean), html.Span(f" {one.node}", className="mw-dim")])


def _by_node(found: Mapping[str, UseStatistic]) -> html.Details:
    """Mean, 95th percentile and highest of each node; of many nodes those with the highest means of the last metric."""
    last = found[list(found)[-1]]
    shown = sorted(sorted(last.nodes, key=lambda one: -one.mean)[:MAX_ROWS], key=lambda one: one.node)
    metrics = [name for name in found if name not in {"gpu", "gpu_memory"}]
    by_node = {name: {one.node: one for one in found[name].nodes} for name in metrics}
    head = [_("Node"), *(f"{_(_METRICS[name][0])}, {part}" for name in metrics for part in _parts())]
    rows = [
        [one.node, *(cell for name in metrics for cell in _cells(by_node[name].get(one.node), name))] for one in shown
    ]
    caption = _n("{n} node", "{n} nodes", len(shown))
    if len(last.nodes) > len(shown):
        caption = _("the {n} nodes with the most power of {all}", n=len(shown), all=len(last.nodes))
    return behind_chart(head, rows, caption, live="statistics/nodes")


def _parts() -> tuple[str, str, str]:
    return _("mean"), _("95th percentile"), _("highest")


def _cells(one: NodeStatistic | None, name: str) -> list[str]:
    spell = _METRICS[name][1]
    return [spell(None)] * 3 if one is None else [spell(one.mean), spell(one.p95), spell(one.highest)]


def _known(tracks: Mapping[str, Sequence[Track]]) -> dict[str, UseStatistic]:
    found = {name: use_statistic(each) for name, each in tracks.items() if each}
    return {name: one for name, one in found.items() if one is not None}
