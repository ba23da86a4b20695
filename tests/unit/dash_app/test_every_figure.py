"""Every chart that the pages show is one that plotly takes: its own classes check each property."""

from typing import Any

import pytest
from asking import call
from plotted import checked, figures_in, numbers
from stand_in import PLAIN, RUNNING, WIDE, StandIn

from dash_app.factory import create_app
from maxwatt.config import Settings


def key(job_id: int) -> dict[str, Any]:
    start_ms = StandIn()._row(job_id, None).start_ms  # type: ignore[union-attr]  # there is one
    return {"job-key.data": {"job_id": job_id, "start_ms": start_ms, "large": job_id == WIDE}}


CHARTS = [
    ("home-sums.children", {"home-scope.value": "own"}, 1),
    ("job-charts.children", key(PLAIN), 4),
    ("job-charts.children", key(RUNNING), 6),
    ("job-charts.children", key(WIDE), 20),
    ("job-overview.children", {**key(WIDE), "job-metric.value": "power"}, 1),
    ("energy-sums.children", {"energy-range.value": "7d"}, 1),
    ("energy-ranking.children", {"energy-range.value": "custom", "energy-days.value": ["2025-06-01", "2025-06-16"]}, 1),
    ("cluster-power.children", {"cluster-range.value": "7d", "cluster-split.value": "kind"}, 1),
    ("cluster-outlook.children", {}, 1),
    ("me-sums.children", {"me-of.value": "biophys"}, 1),
]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(("output", "values", "count"), CHARTS)
def test_plotly_takes_every_chart(output: str, values: dict[str, Any], count: int, language: str) -> None:
    client = create_app(StandIn(), Settings(), "token").server.test_client()
    client.get("/?token=token")
    client.set_cookie("maxwatt_language", language)
    figures = list(figures_in(call(client, output, values)))
    assert len(figures) == count
    for figure in figures:
        drawn = checked(figure)
        assert drawn.layout.height == figure["layout"]["height"]
        assert all(len(numbers(trace.y if trace.type != "heatmap" else trace.z)) for trace in drawn.data)


def test_what_plotly_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        checked({"data": [{"type": "scatter", "line": {"colour": "#000000"}}], "layout": {}})
