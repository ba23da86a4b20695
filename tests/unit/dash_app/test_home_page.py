"""My jobs: who sees whose, what is not known, and what the first visit shows."""

import json
from dataclasses import replace
from typing import Any

import pytest
from asking import by_id, call, text_of
from flask.testing import FlaskClient
from plotted import checked
from stand_in import NOW_MS, StandIn, job_row

from aggregator.queries.home_models import Compared, RunningJob, RunningJobs, TimeSums
from dash_app.components.home_running import meter, running_count, running_list
from dash_app.components.home_sums import change, compared_table, trend
from dash_app.context import PageContext
from dash_app.factory import create_app
from dash_app.figures.home import days_figure
from dash_app.pages import home
from maxwatt.config import Settings
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import ADMIN, Viewer

ADA, ROOT = Viewer("ada"), Viewer("root", sees_all=True)


def client_of(queries: StandIn) -> FlaskClient:
    client = create_app(queries, Settings(), "token").server.test_client()
    client.get("/?token=token")
    return client


def sums(**changes: Any) -> TimeSums:
    return replace(TimeSums(0, DAY_MS, 3.6e6, 360.0, 0.3, 0.9e6, 0.0, 2), **changes)


def running(*powers_w: float | None) -> RunningJobs:
    jobs = tuple(RunningJob(job_row(n, end_ms=None), power_w, None, None) for n, power_w in enumerate(powers_w))
    return RunningJobs(jobs, len(jobs), more=False)


@pytest.mark.parametrize(
    ("viewer", "scope", "everybody"),
    [(ADA, "everybody", False), (ADA, None, False), (ROOT, "everybody", True), (ROOT, "x", False), (ADMIN, None, True)],
)
def test_only_who_sees_all_sees_everybodys(viewer: Viewer, scope: str | None, everybody: bool) -> None:
    assert home.of_everybody(viewer, scope) is everybody


def test_the_choice_is_there_for_who_has_one() -> None:
    for viewer, offered in ((ADA, False), (ROOT, True), (ADMIN, False)):
        queries = StandIn()
        page = home.layout(PageContext(viewer, queries, queries.status(viewer), "/", "?of=everybody", NOW_MS))
        frame = next(part for part in page.children[3].children if by_id_or_none(part, "home-scope") is not None)
        assert frame.hidden is not offered


def by_id_or_none(part: Any, wanted: str) -> Any:
    try:
        return by_id(part, wanted)
    except StopIteration:
        return None


def test_the_page_is_filled_and_asks_as_the_viewer() -> None:
    queries = StandIn()
    client = client_of(queries)
    found = json.dumps(call(client, "home-running.children", {"home-scope.value": "mine"}), ensure_ascii=False)
    assert "412 W" in found
    assert "training" in found
    found = json.dumps(call(client, "home-sums.children", {"home-scope.value": "mine"}), ensure_ascii=False)
    for part in ("This week", "At this point last week", "not recorded", "What wasted most", "vasp-relax-99"):
        assert part in found
    assert set(queries.viewers) == {ADMIN}


def test_the_first_visit_helps() -> None:
    found = json.dumps(call(client_of(StandIn(empty=True)), "home-sums.children", {"home-scope.value": "mine"}))
    assert "sbatch" in found
    assert "This week" not in found


def test_change() -> None:
    assert (change(12.0, 10.0), change(5.0, 10.0), change(10.0, 10.0)) == ("+20 %", "\N{MINUS SIGN}50 %", "+0 %")
    assert (change(31.0, 10.0), change(1e9, 1.0)) == ("×3.1", "> ×1000")
    assert (change(None, 10.0), change(1.0, None), change(1.0, 0.0)) == ("", "", "")


def test_what_is_not_known_is_said() -> None:
    text = text_of(compared_table(Compared(sums(waste_j=None, co2_g=None, waste_unknown_j=1.0), None), "before", "EUR"))
    assert text.count("unknown") == 2
    assert text.count("not recorded") == 5
    lower = text_of(compared_table(Compared(sums(waste_unknown_j=1.0), None), "before", "EUR"))
    assert "≥ 250 Wh (25 %)" in lower


def test_power_of_a_part_is_at_least() -> None:
    assert running_count(running(100.0, 50.0)) == "2 jobs · 150 W"
    assert running_count(running(100.0, None)) == "2 jobs · ≥ 100 W"
    assert running_count(running(None)) == "1 job"
    assert running_count(running()) == ""
    assert "Nothing runs" in text_of(running_list(running(), "ada", NOW_MS, named=False))


def test_the_others_are_linked() -> None:
    some = replace(running(100.0), total=13)
    shown = json.dumps(
        running_list(some, "ada", NOW_MS, named=False).to_plotly_json(), default=lambda c: c.to_plotly_json()
    )
    assert "/jobs?state=RUNNING&user=ada&fold=none" in shown


def test_a_meter_without_a_limit_has_no_bar() -> None:
    assert len([child for child in meter("Time", None, "00:10:00", bounded=False).children if child]) == 2
    assert "unknown" in text_of(meter("CPU", None))


def test_days_before_the_first_booking_have_no_bar() -> None:
    days = [sums(since_ms=NOW_MS + n * DAY_MS, until_ms=NOW_MS + (n + 1) * DAY_MS) for n in range(4)]
    wasted, used = checked(days_figure(days, "UTC", NOW_MS + 2 * DAY_MS + 5)).data
    assert len(wasted.x) == len(used.x) == 2
    assert (wasted.y[0], used.y[0]) == (0.25, 0.75)
    assert days_figure(days, "UTC", None)["data"][0]["x"] == []


def test_the_table_behind_the_days_has_the_newest_first() -> None:
    found = StandIn().overview(ADA, everybody=False)
    text = json.dumps(trend(found, "UTC").to_plotly_json(), default=lambda part: part.to_plotly_json())
    assert text.index("14 Jun 2025") < text.index("13 Jun 2025")
