"""What a job moved: which ways are drawn, in which unit, with unknown left open."""

import json

import pytest
from plotted import checked, numbers

from aggregator.queries.series_models import NodeSeries
from dash_app.components.node_figures import node_figures
from dash_app.components.traffic_charts import traffic_charts
from dash_app.figures.node import Frame
from dash_app.figures.traffic import known_ways, traffic_figure, traffic_unit

FRAME = Frame("UTC", 100)


def series(**traffic: tuple[float | None, ...]) -> NodeSeries:
    return NodeSeries(
        "n1", (0, 60_000), (60_000, 120_000), (1.0, None), (None, None), {}, 4, 0.0, traffic_bytes_per_s=traffic
    )


def test_each_way_is_a_line_in_the_unit_of_the_largest() -> None:
    one = series(network_received=(3e6, None), network_sent=(5e5, 4e6))
    assert traffic_unit(one, known_ways(one, "network")) == ("MB/s", 1e6)
    drawn = checked(traffic_figure(one, FRAME, known_ways(one, "network")))
    received, sent = (numbers(trace.y) for trace in drawn.data)
    assert received[0] == pytest.approx(3.0)
    assert sent[:2] == pytest.approx([0.5, 4.0])
    assert [trace.line.dash for trace in drawn.data] == [None, "dash"]
    assert drawn.layout.yaxis.range[1] == pytest.approx(4.0 * 1.08)


def test_what_stands_still_is_drawn_at_zero() -> None:
    one = series(disk_read=(0.0, 0.0))
    assert traffic_unit(one, known_ways(one, "disk")) == ("B/s", 1.0)
    assert list(numbers(checked(traffic_figure(one, FRAME, ("disk_read",))).data[0].y))[:2] == [0.0, 0.0]


def test_what_is_not_known_has_no_chart_and_no_column() -> None:
    assert traffic_charts(series(), FRAME) == []
    one = series(disk_written=(2e6, None))
    heading, figure = traffic_charts(one, FRAME)
    assert "written, mean 2 MB/s" in json.dumps(heading.to_plotly_json(), default=lambda part: part.to_plotly_json())
    assert figure.children[0].children.figure["data"][0]["hovertemplate"].startswith("written: ")
    text = str(node_figures(one, "UTC"))
    assert "Written" in text
    assert "2 MB/s" in text
    assert "Received" not in text
