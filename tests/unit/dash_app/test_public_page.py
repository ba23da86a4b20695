"""The public page: open where the site wants it, without names, in HTML that needs no script."""

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from cluster_stand_in import grid, split_series
from flask.testing import FlaskClient
from stand_in import NOW_MS, StandIn

from aggregator.queries.energy_models import EnergySeries
from aggregator.queries.public import PublicCluster, PublicEnergy
from dash_app.factory import create_app
from dash_app.figures.cluster import COMPONENT_LAYERS
from dash_app.public.html import cluster_page, daily_means
from dash_app.public.stack import scale_of, stack_svg
from maxwatt.config import ServerSettings, Settings
from maxwatt.domain.errors import SourceError
from maxwatt.domain.viewer import Viewer

HOUR_MS = 3_600_000
STARTS = tuple(range(NOW_MS - 168 * HOUR_MS, NOW_MS, HOUR_MS))


def cluster(**changes: Any) -> PublicCluster:
    energy = PublicEnergy(3.6e9, 4.2e5, 0.3)
    found = PublicCluster(
        "<b>test</b>", "Europe/Berlin", True, True, NOW_MS, NOW_MS - 9000,
        {"cpu": 4000.0, "rest": 2000.0}, energy, energy,
        split_series("component", STARTS, HOUR_MS), grid(NOW_MS).now,
        "energy_charts DE", 1.25,
    )  # fmt: skip
    return replace(found, **changes)


class Public(StandIn):
    """A stand-in with a public side."""

    def public(self, viewer: Viewer) -> PublicCluster:
        self._asked("public", viewer)
        return cluster()


def client(queries: StandIn, *, shown: bool) -> FlaskClient:
    settings = Settings(server=ServerSettings(public_page=shown))
    return create_app(queries, settings, "token").server.test_client()


def test_it_is_shown_to_everybody_where_the_site_wants_it() -> None:
    queries = Public()
    answer = client(queries, shown=True).get("/public")
    assert answer.status_code == 200
    assert "6 kW" in answer.text
    assert queries.viewers == [Viewer("")], "nobody's jobs are asked for"


@pytest.mark.parametrize("signed_in", [False, True])
def test_it_is_not_found_where_the_site_does_not(signed_in: bool) -> None:
    queries = Public()
    browser = client(queries, shown=False)
    if signed_in:
        browser.get("/?token=token")
    assert browser.get("/public").status_code == 404
    assert Viewer("") not in queries.viewers


@pytest.mark.parametrize("path", ["/public/", "/public/../jobs", "/public?token=x", "/publicity"])
def test_nothing_else_is_opened_by_it(path: str) -> None:
    answer = client(Public(), shown=True).get(path)
    assert answer.status_code in {200, 401}
    assert (answer.status_code == 200) == (path.partition("?")[0] == "/public")


def test_it_only_reads() -> None:
    assert client(Public(), shown=True).post("/public").status_code in {401, 405}


def test_a_store_that_is_away_is_said_and_not_explained() -> None:
    queries = Public(failing={"public": SourceError("/var/lib/secret.duckdb: away")})
    answer = client(queries, shown=True).get("/public")
    assert answer.status_code == 503
    assert "secret" not in answer.text


def test_names_of_the_site_stay_text_and_tags_are_closed() -> None:
    text = cluster_page(cluster())
    assert "<b>test</b>" not in text
    assert "&lt;b&gt;test" in text
    parser = HTMLParser()
    parser.feed(text)
    assert "onclick" not in text
    assert text.count("<section>") == text.count("</section>")


def test_few_are_not_told_and_unknown_is_not_zero() -> None:
    few = cluster_page(cluster(told=False, power_w={}, week=None, month=None))
    assert "Fewer than five" in few
    assert "kWh<" in few or "g/kWh" in few
    dark = cluster_page(cluster(power_w={}, newest_ms=None, week=None, month=None, intensity=None, pue=None))
    assert "unknown" in dark
    assert ">0 W<" not in dark
    assert "No sample yet" in dark


def test_the_stack_is_drawn_to_scale_and_open_where_nothing_is_known() -> None:
    series = EnergySeries((0, 10, 20, 30), 10, {"cpu": (50.0, 100.0, None, 0.0), "rest": (50.0, 0.0, 5.0, 50.0)})
    layers = [layer for layer in COMPONENT_LAYERS if layer.key in {"cpu", "rest"}]
    svg = stack_svg(series, layers, 100.0, "power")
    cpu = svg.split('d="')[1].split('"')[0]
    assert cpu.startswith("M0.0 50.00L250.0 50.00L250.0 0.00L500.0 0.00L500.0 100.00")
    assert cpu.count("M") == 2, "cut where the CPU is unknown"
    rest = svg.split('d="')[2].split('"')[0]
    assert rest.startswith("M0.0 0.00L250.0 0.00L250.0 0.00L500.0 0.00L500.0 0.00L250.0 0.00L250.0 50.00L0.0 50.00")


@pytest.mark.parametrize(("largest_w", "top_w", "ticks"), [(31_000.0, 40_000.0, 4), (90.0, 100.0, 4), (2.4e6, 3e6, 3)])
def test_ticks_are_few_and_round(largest_w: float, top_w: float, ticks: int) -> None:
    scale = scale_of(EnergySeries((0,), 1, {"cpu": (largest_w,)}))
    assert scale.top_w >= largest_w
    assert scale.top_w == pytest.approx(top_w)
    assert len(scale.ticks) == ticks


def test_means_of_days_are_over_known_hours() -> None:
    series = EnergySeries((0, HOUR_MS, 25 * HOUR_MS), HOUR_MS, {"cpu": (10.0, 20.0, None)})
    assert [means for _, means in daily_means(series, ["cpu"], "UTC")] == [[15.0], [None]]


def test_it_is_light() -> None:
    assert len(cluster_page(cluster())) < 60_000
