"""Figures: data in, traces out; gaps stay open, names stay text, colours can be told apart."""

import json
import math
from itertools import pairwise
from typing import Any

import pytest
from plotted import checked, numbers, values
from stand_in import EVIDENCE, job_row, node_series

from aggregator.queries.cluster_models import OTHERS
from aggregator.queries.energy_models import EnergyRow, EnergySeries
from aggregator.queries.job_models import IntensitySeries, JobWindows
from aggregator.queries.series_models import GpuSeries, NodeSeries
from dash_app.figures.cluster import (
    ACCOUNT_LAYERS,
    power_over_time_figure,
    ranking_figure,
    split_layers,
)
from dash_app.figures.node import (
    Frame,
    cpu_figure,
    gpu_figure,
    gpu_memory_figure,
    memory_figure,
    node_means,
    power_figure,
    power_layers,
    power_unit,
    total_power_w,
)
from dash_app.figures.node_heat import heat_figure, thinned
from dash_app.figures.theme import (
    ACCOUNT_COLOURS,
    ACCOUNT_PATTERNS,
    COMPONENT_COLOURS,
    DARK_GROUND,
    EVIDENCE_COLOURS,
    GREY,
    LIGHT_GROUND,
    power_scale,
)
from dash_app.figures.timeline import Intervals, clock_at, runs, step_line, steps, weighted_mean

UTC = clock_at(0, "UTC")
MINUTE = 60_000
PLAIN = Frame("UTC", 140)


def series(**changes: object) -> NodeSeries:
    given: dict[str, object] = {
        "node": "n1", "start_ms": (0, MINUTE, 2 * MINUTE), "ts_ms": (MINUTE, 2 * MINUTE, 3 * MINUTE),
        "cpu_used": (1.0, None, 3.0), "memory_bytes": (2.0**30, 2.0**31, None),
        "power_w": {"cpu_static_w": (10.0, 10.0, 10.0), "cpu_dynamic_w": (5.0, None, 7.0)},
        "cpus": 4.0, "memory_allocated_bytes": 2.0**32,
    }  # fmt: skip
    return NodeSeries(**(given | changes))  # type: ignore[arg-type]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", [LIGHT_GROUND, DARK_GROUND])
@pytest.mark.parametrize("palette", [ACCOUNT_COLOURS, COMPONENT_COLOURS, EVIDENCE_COLOURS])
def test_colours_stand_out_on_both_grounds(palette: dict[str, str], ground: str) -> None:
    assert len({(colour, ACCOUNT_PATTERNS.get(name)) for name, colour in palette.items()}) == len(palette)
    # WCAG 1.4.11 asks for 3:1 of graphics that carry meaning.
    assert all(contrast(colour, ground) >= 2.9 for colour in palette.values())


def line_places(line: dict[str, Any]) -> list[float]:
    """Where the points of a packed line stand."""
    if "x" in line:
        return [float(x) for x in numbers(line["x"])]
    return [line["x0"] + i * line["dx"] for i in range(len(numbers(line["y"])))]


def test_even_steps_tell_one_place_and_their_distance() -> None:
    five = Intervals((0, 10, 20, 30, 40), (10, 20, 30, 40, 45), UTC)
    whole = step_line(five, (1.0, 2.0, 3.0, 4.0, 5.0))
    assert (whole["x0"], whole["dx"], values(whole["y"])) == (0, 10, [1.0, 2.0, 3.0, 4.0, 5.0, 5.0])
    gap = step_line(five, (1.0, None, None, 4.0, 5.0))  # the first run ends where the gap begins
    assert (gap["x0"], values(gap["y"])) == (0, [1.0, 1.0, None, 4.0, 5.0, 5.0])
    narrow = step_line(five, (1.0, None, 3.0, 4.0, None))  # a gap of one step: every place is told
    assert line_places(narrow) == [0, 10, 10, 20, 30, 40]
    uneven = step_line(Intervals((0, 10, 20), (10, 20, 60), UTC), (1.0, 2.0, 3.0))
    assert line_places(uneven) == [0, 10, 20, 60]
    assert values(step_line(Intervals((), (), UTC), ())["y"]) == []


def test_steps_leave_gaps_open() -> None:
    xs, ys = steps(Intervals((0, 10, 20), (10, 20, 30), UTC), (1.0, None, 3.0))
    assert xs == [0, 10, 10, 20, 30]
    assert ys == [1.0, 1.0, None, 3.0, 3.0]


def test_a_hole_between_intervals_is_a_gap_too() -> None:
    assert runs(Intervals((0, 50), (10, 60), UTC), [True, True]) == [range(0, 1), range(1, 2)]
    assert runs(Intervals((0, 10), (10, 60), UTC), [True, True]) == [range(0, 2)]


def test_mean_weighs_by_time_and_leaves_unknown_out() -> None:
    assert weighted_mean((0, 10, 20), (10, 20, 60), (1.0, None, 4.0)) == pytest.approx((10 * 1 + 40 * 4) / 50)
    assert weighted_mean((0,), (10,), (None,)) is None
    assert weighted_mean((), (), ()) is None


def test_clock_has_the_offset_and_name_of_the_moment() -> None:
    winter, summer = clock_at(1_704_110_400_000, "Europe/Berlin"), clock_at(1_719_835_200_000, "Europe/Berlin")
    assert (winter.offset_ms, winter.label) == (3_600_000, "CET")
    assert (summer.offset_ms, summer.label) == (7_200_000, "CEST")


def test_cpu_figure_shows_use_mean_and_allocation() -> None:
    figure = checked(cpu_figure(series(), PLAIN))
    assert values(figure.data[0].y) == [25.0, 25.0, None, 75.0, 75.0]  # of 4 CPUs
    assert [shape.y0 for shape in figure.layout.shapes] == [50.0, 100.0]
    assert figure.layout.yaxis.range[0] == 0
    assert figure.layout.yaxis.range[1] > 100.0


def test_two_threads_a_core_reach_200_percent_of_the_physical_cores() -> None:
    two = series(threads_per_core=2)
    physical, logical = checked(cpu_figure(two, PLAIN, logical=False)), checked(cpu_figure(two, PLAIN, logical=True))
    assert values(physical.data[0].y) == [50.0, 50.0, None, 150.0, 150.0]  # of 2 cores
    assert physical.layout.shapes[1].y0 == 200.0
    assert values(logical.data[0].y) == [25.0, 25.0, None, 75.0, 75.0]
    unknown = checked(cpu_figure(series(), PLAIN, logical=False))  # nobody knows the threads: as the logical ones
    assert values(unknown.data[0].y) == [25.0, 25.0, None, 75.0, 75.0]
    nothing_held = checked(cpu_figure(series(cpus=0.0), PLAIN))
    assert values(nothing_held.data[0].y) == [1.0, 1.0, None, 3.0, 3.0]


def test_boards_have_a_line_each_and_differ() -> None:
    boards = tuple(GpuSeries(gpu, (0.5, None, 1.0), (2.0**30, None, 2.0**31), 2.0**32) for gpu in range(6))
    used, memory = (
        checked(gpu_figure(series(gpus=boards), PLAIN)),
        checked(gpu_memory_figure(series(gpus=boards), PLAIN)),
    )
    assert values(used.data[0].y) == [50.0, 50.0, None, 100.0, 100.0]
    assert values(memory.data[5].y) == [1.0, 1.0, None, 2.0, 2.0]
    assert memory.layout.shapes[0].y0 == 4.0
    assert len({(trace.line.color, trace.line.dash) for trace in used.data}) == 6


def test_carbon_intensity_has_an_axis_of_its_own() -> None:
    intensity = IntensitySeries((0, MINUTE), (MINUTE, 2 * MINUTE), (360.0, 290.0))
    figure = checked(power_figure(series(), PLAIN, intensity))
    line = figure.data[-1]
    assert (line.yaxis, values(line.y)) == ("y2", [360.0, 290.0, 290.0])
    assert figure.layout.yaxis2.side == "right"
    assert len(checked(power_figure(series(), PLAIN, IntensitySeries((), (), ()))).data) == len(figure.data) - 1


def test_a_chart_weighs_what_its_values_weigh() -> None:
    row = job_row(1, gpu_count=4)
    one = node_series(row, "n1", 300)
    assert len(json.dumps(cpu_figure(one, PLAIN))) < 9_000
    assert len(json.dumps(power_figure(one, PLAIN))) < 40_000


def windows(nodes: int, steps: int) -> JobWindows:
    cells = tuple(tuple(float(node) if step else None for step in range(steps)) for node in range(nodes))
    names = tuple(f"n{node:04d}" for node in range(nodes))
    starts = tuple(range(0, steps * 900_000, 900_000))
    return JobWindows(names, starts, 900_000, cells, cells, cells, ((900.0,) * steps,) * nodes, (0.0,) * nodes)


def test_the_picture_of_many_nodes_is_thinned_to_rows() -> None:
    figure = heat_figure(windows(2000, 30), "power", "UTC")
    (picture,) = checked(figure).data
    cells = numbers(picture.z)
    assert cells.shape == (200, 30)
    assert math.isnan(cells[0][0])  # unknown stays open
    assert cells[0][1] == pytest.approx(4.5)  # mean of nodes 0 to 9
    assert picture.y[0] == "n0000 … n0009"
    assert picture.zmin == 0  # colours begin at nothing, not at the lowest node
    assert picture.zmax == pytest.approx(1994.5)
    assert len(json.dumps(figure)) < 60_000


def test_the_picture_of_some_nodes_has_a_row_each() -> None:
    figure = checked(heat_figure(windows(9, 4), "cpu", "UTC"))
    assert list(figure.data[0].y)[-1] == "n0008"
    assert numbers(figure.data[0].z)[8][1] == pytest.approx(800.0)
    assert figure.data[0].zmax == 100.0
    assert thinned(("a", "b"), ((None,), (None,))) == [("a", (None,)), ("b", (None,))]


def test_memory_figure_has_a_unit_that_fits() -> None:
    figure = checked(memory_figure(series(), PLAIN))
    assert values(figure.data[0].y) == [1.0, 2.0, 2.0, None]
    small = checked(memory_figure(series(memory_bytes=(2.0**20,) * 3, memory_allocated_bytes=0.0), PLAIN))
    assert values(small.data[0].y) == [1.0, 1.0, 1.0, 1.0]
    assert len(small.layout.shapes) == 1  # no allocation known: no line for it


def test_power_is_stacked_and_cut_where_a_part_is_unknown() -> None:
    figure = checked(power_figure(series(), PLAIN))
    assert [(trace.name, trace.stackgroup) for trace in figure.data] == [
        ("CPU, static", "run 0"), ("CPU, dynamic", "run 0"), ("CPU, static", "run 1"), ("CPU, dynamic", "run 1"),
    ]  # fmt: skip
    assert list(numbers(figure.data[0].x)) == [0, MINUTE]
    assert values(figure.data[3].y) == [7.0, 7.0]


def test_total_power_is_unknown_where_a_part_is() -> None:
    assert total_power_w(series()) == [15.0, None, 17.0]
    assert total_power_w(series(power_w={})) == [None, None, None]
    assert node_means(series()).power_w == pytest.approx(16.0)


def test_components_a_node_has_not_are_not_drawn() -> None:
    one = series(power_w={"cpu_static_w": (1.0,) * 3, "gpu_static_w": (None,) * 3, "dram_static_w": (0.0,) * 3})
    assert [layer.label for layer in power_layers([one])] == ["CPU, static"]
    assert len(checked(power_figure(one, PLAIN)).data) == 1


def test_charts_of_a_node_share_their_axis() -> None:
    one = series()
    figures = [checked(cpu_figure(one, PLAIN)), checked(memory_figure(one, PLAIN)), checked(power_figure(one, PLAIN))]
    assert len({tuple(figure.layout.xaxis.range) for figure in figures}) == 1
    assert len({(figure.layout.margin.l, figure.layout.margin.r) for figure in figures}) == 1


def test_a_series_without_points_is_an_empty_figure() -> None:
    empty = series(start_ms=(), ts_ms=(), cpu_used=(), memory_bytes=(), power_w={})
    assert not any(
        len(numbers(trace["x"]))
        for figure in (cpu_figure(empty, PLAIN), memory_figure(empty, PLAIN))
        for trace in figure["data"]
    )
    assert not checked(power_figure(empty, PLAIN)).data


@pytest.mark.parametrize(("largest", "unit"), [(0.0, "W"), (1999.0, "W"), (2000.0, "kW"), (2e6, "MW")])
def test_power_axis_has_a_readable_unit(largest: float, unit: str) -> None:
    assert power_scale(largest)[1] == unit


def test_power_unit_follows_the_sum_of_the_parts() -> None:
    assert power_unit(series(power_w={"cpu_static_w": (1500.0,) * 3, "gpu_static_w": (1500.0,) * 3})) == ("kW", 1e3)


def energy_series(**power_w: tuple[float | None, ...]) -> EnergySeries:
    return EnergySeries((0, 900_000), 900_000, power_w)


def test_accounts_are_stacked_in_order() -> None:
    figure = checked(power_over_time_figure(energy_series(idle=(5.0, 5.0), jobs=(1.0, 2.0)), ACCOUNT_LAYERS, "UTC"))
    assert [trace.name for trace in figure.data] == ["Jobs", "Idle"]
    assert line_places(figure.data[0].to_plotly_json()) == [0, 900_000, 1_800_000]


def test_accounts_of_one_colour_differ_in_their_hatching() -> None:
    figure = checked(power_over_time_figure(energy_series(idle=(5.0, 5.0), down=(1.0, 2.0)), ACCOUNT_LAYERS, "UTC"))
    assert [trace.fillpattern.shape for trace in figure.data] == [None, "x"]


def test_negative_unattributed_is_a_line_not_a_layer() -> None:
    figure = checked(
        power_over_time_figure(energy_series(jobs=(9.0, 9.0), unattributed=(-1.0, 0.5)), ACCOUNT_LAYERS, "UTC")
    )
    assert figure.data[0].stackgroup
    assert figure.data[1].name == "Unattributed"
    assert figure.data[1].stackgroup is None
    assert min(figure.data[1].y) == -1.0


def test_a_series_of_nothing_draws_nothing() -> None:
    assert not checked(power_over_time_figure(EnergySeries((), 900_000, {}), ACCOUNT_LAYERS, "UTC")).data
    assert split_layers(EnergySeries((), 900_000, {}), "kind") == []


def row(name: str, energy_j: float) -> EnergyRow:
    return EnergyRow(name, 1, 1.0, energy_j, energy_j / 4, 3 * energy_j / 4, None, None, None, None, EVIDENCE)


def test_ranking_is_largest_first_and_bounded() -> None:
    figure = checked(ranking_figure([row(f"u{i}", i * 3.6e6) for i in range(1, 31)]))
    assert figure.layout.yaxis.ticktext[0] == "u30"
    assert len(figure.data[0].x) == 12
    static, dynamic = (list(trace.x) for trace in figure.data)
    assert static[0] + dynamic[0] == pytest.approx(30.0)
    sums = [a + b for a, b in zip(static, dynamic, strict=True)]
    assert all(a >= b for a, b in pairwise(sums))


def test_names_are_text_in_charts_too() -> None:
    figure = checked(
        ranking_figure([row('<a href="javascript:alert(1)">x</a>', 1.0), row("", 1.0), row("n" * 99, 1.0)])
    )
    labels = figure.layout.yaxis.ticktext
    assert not any("<" in label for label in labels)
    assert "(none)" in labels
    assert all(len(label) < 60 for label in labels)
    assert "<" not in figure.data[0].customdata[0][0]


def test_figures_are_plain_json() -> None:
    one = node_series(job_row(1, gpu_count=2), "n001", 200)
    berlin = Frame("Europe/Berlin", 140)
    for figure in (cpu_figure(one, berlin), memory_figure(one, berlin), power_figure(one, berlin)):
        assert len(json.dumps(figure, allow_nan=False)) < 400_000


def test_names_keep_their_order_and_the_rest_is_grey_and_last() -> None:
    names = {f"u{i}": (1.0, 2.0) for i in range(7)}
    layers = split_layers(EnergySeries((0, 900_000), 900_000, {**names, OTHERS: (1.0, 1.0)}), "user")
    assert [layer.key for layer in layers] == [*names, OTHERS]
    looks = {(layer.colour, layer.pattern) for layer in layers}
    assert len(looks) == len(layers), "each can be told from all others"
    assert layers[-1].colour == GREY
