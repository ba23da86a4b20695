"""Addresses and words: parsing never fails, words say what is known."""

from dataclasses import replace

import pytest
from asking import classes, text_of
from stand_in import EVIDENCE, NOW_MS, StandIn

from aggregator.queries.models import SourceAge
from dash_app.components.bars import use_bar
from dash_app.components.component_card import component_slices
from dash_app.components.evidence import evidence_popover, uncertainty_text
from dash_app.components.facts import facts
from dash_app.components.job_state import state_code, state_kind, state_label
from dash_app.components.status import banners, freshness
from dash_app.components.tables import MAX_ROWS, behind_chart
from dash_app.text import ago, format_cost, format_count
from dash_app.throttle import Throttle
from dash_app.urls import MAX_RANGE_MS, energy_path, job_key, job_path, jobs_path, query_values, time_range
from maxwatt.domain.jobs import JobState
from maxwatt.domain.viewer import ADMIN

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.mark.parametrize(
    ("age_ms", "words"),
    [
        (0, "just now"), (44_000, "just now"), (60_000, "a minute ago"), (5 * 60_000, "5 minutes ago"),
        (HOUR, "an hour ago"), (5 * HOUR, "5 hours ago"), (DAY, "a day ago"), (3 * DAY, "3 days ago"),
        (45 * DAY, "a month ago"), (800 * DAY, "2 years ago"), (-10 * 60_000, "in 10 minutes"),
    ],
)  # fmt: skip
def test_ago(age_ms: int, words: str) -> None:
    assert ago(NOW_MS - age_ms, NOW_MS) == words


def test_words_for_amounts() -> None:
    assert ago(None, NOW_MS) == "unknown"
    assert format_cost(None, "EUR") == "unknown"
    assert format_cost(0.5, "EUR") == "0.50 EUR"
    assert format_cost(0.001, "EUR") == "< 0.01 EUR"
    assert format_cost(0.0, "EUR") == "0.00 EUR"
    assert format_cost(1234.0, "EUR") == "1\u202f234 EUR"
    assert format_count(1500) == "1\u202f500"


@pytest.mark.parametrize(
    ("path", "search", "key"),
    [
        ("/job/42", "", (42, None)), ("/job/42/", "?start=17", (42, 17)), ("/job/42", "?start=x", (42, None)),
        ("/job/42", "?start=-1", (42, None)), ("/job/", "", None), ("/job/4 2", "", None), ("/job/٤٢", "", None),
        ("/job/1234567890123", "", None), ("/job/42", None, (42, None)),
    ],
)  # fmt: skip
def test_job_key(path: str, search: str | None, key: tuple[int, int | None] | None) -> None:
    assert job_key(path, search) == key


def test_addresses_round_trip() -> None:
    path, _, search = job_path(7, 123).partition("?")
    assert job_key(path, f"?{search}") == (7, 123)
    path, _, search = jobs_path(user="a&b", partition="").partition("?")
    assert query_values(search) == {"user": "a&b"}


def test_presets_end_with_the_bucket_being_filled() -> None:
    chosen = time_range("24h", None, None, NOW_MS, "UTC")
    assert chosen.until_ms - chosen.since_ms == DAY
    assert NOW_MS <= chosen.until_ms < NOW_MS + 900_000
    assert chosen.until_ms % 900_000 == 0
    assert time_range("bogus", None, None, NOW_MS, "UTC").name == "7d"


def test_days_are_those_of_the_sites_clock() -> None:
    chosen = time_range("custom", "2025-03-30", "2025-03-30", NOW_MS, "Europe/Berlin")  # 23 hours long
    assert chosen.name == "custom"
    assert chosen.until_ms - chosen.since_ms == 23 * HOUR
    swapped = time_range("", "2025-03-31", "2025-03-30", NOW_MS, "UTC")
    assert swapped.until_ms - swapped.since_ms == 2 * DAY


@pytest.mark.parametrize("days", [(None, None), ("x", "y"), ("2025-02-30", "2025-03-01"), ("0001-01-01", "0001-01-02")])
def test_days_that_are_none_fall_back(days: tuple[str | None, str | None]) -> None:
    assert time_range("custom", *days, NOW_MS, "UTC").name == "7d"


def test_ranges_are_bounded() -> None:
    chosen = time_range("custom", "1980-01-01", "2025-01-01", NOW_MS, "UTC")
    assert chosen.until_ms - chosen.since_ms == MAX_RANGE_MS
    assert (
        energy_path(*(__import__("datetime").date(2025, 1, n) for n in (1, 2)))
        == "/energy?since=2025-01-01&until=2025-01-02"
    )


def test_use_bar_never_shows_unknown_as_a_figure() -> None:
    unknown = use_bar("CPU", None, "of 3 CPU hours reserved")
    assert "%" not in text_of(unknown)
    assert "unknown" in text_of(unknown)
    assert "mw-bar-fill" not in classes(unknown)
    assert "0 %" in text_of(use_bar("CPU", 0.0, "0 of 3"))
    assert "mw-bar-fault" not in classes(use_bar("CPU", 1.0 + 1e-12, "3 of 3"))
    assert "mw-bar-fault" in classes(use_bar("CPU", 1.01, "3.03 of 3"))


def test_facts_call_what_is_missing_unknown() -> None:
    text = text_of(facts([("A", ""), ("B", None), ("C", "c"), ("D", "unknown")]))
    assert text == "A unknown B unknown C c D unknown"


def test_evidence_says_when_there_is_none_and_when_it_is_open() -> None:
    assert uncertainty_text(None) == "not booked yet"
    assert uncertainty_text(replace(EVIDENCE, provisional=True)) == "± 4.3 %, still open"
    assert "Nothing is booked" in text_of(evidence_popover(None))
    shown = text_of(evidence_popover(replace(EVIDENCE, shares={"counted": 1.0, "modelled": 0.0})))
    assert "model of the node" not in shown


def test_freshness_and_banners() -> None:
    status = StandIn().status(ADMIN)
    assert freshness(status, NOW_MS) == ("good", "Newest sample 9 s old")
    assert freshness(replace(status, newest_ms=NOW_MS - HOUR), NOW_MS)[0] == "old"
    assert freshness(replace(status, newest_ms=None), NOW_MS) == ("none", "No samples yet")
    never = SourceAge("sacct", None, None, "not found")
    shown = [text_of(one) for one in banners(replace(status, sources=(never,), faults=("window 3 failed",)), NOW_MS)]
    assert shown == ["sacct has not answered yet: not found", "window 3 failed"]
    silent = SourceAge("samples", NOW_MS - HOUR, 3600.0, "no node reports")
    assert [text_of(one) for one in banners(replace(status, sources=(silent,), faults=()), NOW_MS)] == [
        "No node sends samples; the last came an hour ago."
    ]


def test_every_state_has_a_label_and_a_code() -> None:
    assert state_label("OUT_OF_MEMORY") == "Out of memory"
    assert state_kind("COMPLETED") == "good"
    assert state_kind("WEIRD") == "plain"
    codes = [state_code(state) for state in JobState]
    assert len(set(codes)) == len(codes)


def test_component_slices_sum_to_the_whole() -> None:
    slices = component_slices({"cpu_static_j": 30.0, "cpu_dynamic_j": 50.0, "gpu_static_j": 20.0, "rest_static_j": 0.0})
    assert sum(one.share for one in slices) == pytest.approx(1.0)
    assert [one.label for one in slices] == ["CPU, static", "CPU, dynamic", "GPU, static"]
    assert component_slices({}) == []


def test_tables_behind_charts_are_thinned() -> None:
    details = behind_chart(["a"], [[str(i)] for i in range(1000)], "x")
    assert "every 21. interval" in text_of(details)
    table = details.children[2].children
    assert len(table.data["body"]) <= MAX_ROWS
    assert behind_chart(["a"], [], "x").children[2].children.data["body"] == []


def test_throttle_counts_by_address_in_a_window() -> None:
    now = [0.0]
    throttle = Throttle(limit=2, window_s=10.0, clock=lambda: now[0])
    throttle.fail("a")
    assert throttle.wait_s("a") == 0
    throttle.fail("a")
    assert throttle.wait_s("a") == pytest.approx(10.0)
    assert throttle.wait_s("b") == 0
    now[0] = 10.5
    assert throttle.wait_s("a") == 0
    throttle.fail("a")
    throttle.fail("a")
    throttle.forget("a")
    assert throttle.wait_s("a") == 0


def test_throttle_keeps_its_memory_bounded() -> None:
    throttle = Throttle()
    for i in range(Throttle.MAX_ADDRESSES + 50):
        throttle.fail(str(i))
    assert len(throttle._failures) == Throttle.MAX_ADDRESSES
