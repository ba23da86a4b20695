"""What an address says of the job table: it never fails, and says the same again when it is written anew."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.queries.models import FigureRange, JobFilter
from aggregator.queries.reach import LOOKED
from dash_app.components.job_columns import COLUMNS, DEFAULT, column_definitions
from dash_app.job_view import FILTERS, bounds, fold_of, jobs_filter, view_path, view_values
from maxwatt.domain.units import DAY_MS

NOW_MS = 1_750_000_000_000  # 2025-06-15 15:06:40 UTC
ODD = st.text(max_size=60) | st.sampled_from(
    ["FAILED,x", "1..2", "..", "n[1-", "n[1-4]", "2025-02-31", "#a", "k=v", "\0"]
)


def wanted(search: str, zone: str = "Europe/Berlin") -> JobFilter:
    return jobs_filter(view_values(search), NOW_MS, zone)


@given(st.text(max_size=300))
def test_any_address_can_be_read(search: str) -> None:
    assert isinstance(wanted(search), JobFilter)


@given(st.dictionaries(st.sampled_from((*FILTERS, "fold")), ODD, max_size=6))
def test_any_value_can_be_read_and_what_was_read_is_read_again(values: dict[str, str]) -> None:
    search = "?" + "&".join(f"{name}={quote(text, errors='replace')}" for name, text in values.items())
    found = view_values(search)
    assert view_values(view_path(found).partition("?")[2]) == found
    assert isinstance(jobs_filter(found, NOW_MS, "UTC"), JobFilter)
    assert fold_of(found) in {"array", "name", None}


def test_everything_at_once() -> None:
    found = wanted(
        "?q=md&user=ada&account=bio&partition=gpu&qos=high&name=prod&state=failed,TIMEOUT,bogus&node=n[1-2]&array=7"
        "&tag=project=x,%23test&energy=0.5..2&cpu=..50&gpus=1..&range=24h"
    )
    assert found == JobFilter(
        user="ada", partition="gpu", account="bio", qos="high", name="prod", states=("FAILED", "TIMEOUT"), text="md",
        nodes="n[1-2]", array_job_id=7, tags=("project=x", "#test"), since_ms=1_750_000_500_000 - DAY_MS,
        ranges=(
            FigureRange("energy_j", 1.8e6, 7.2e6), FigureRange("cpu_efficiency", None, 0.5),
            FigureRange("gpu_count", 1.0, None),
        ),
        newest=LOOKED,
    )  # fmt: skip


@pytest.mark.parametrize(
    "search",
    [
        "?state=BOGUS&other=1", "%%%&&&==?", "", "?node=n[5-1]", "?node=n[1-100000]", "?array=-1", "?array=1;DROP",
        "?energy=nan..inf", "?energy=-1..", "?energy=5", "?tag=plain,words", "?range=9y", "?since=2025-01-01",
        "?since=x&until=y", "?fold=user", "?back=1",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out(search: str) -> None:
    assert view_values(search) == {}
    assert wanted(search) == JobFilter(newest=LOOKED)


def test_days_are_the_sites_and_both_included() -> None:
    found = wanted("?since=2025-06-01&until=2025-06-02")
    assert (found.since_ms, found.until_ms) == (1_748_728_800_000, 1_748_728_800_000 + 2 * DAY_MS)


def test_text_is_bounded_and_has_nothing_that_a_database_refuses() -> None:
    assert len(wanted("?q=" + "x" * 5000).text) == 200
    assert wanted("?q=a%00b\ud800").text == "ab?"


def test_bounds() -> None:
    assert bounds("1..2.5") == (1.0, 2.5)
    assert bounds("..2") == (None, 2.0)
    assert bounds("3") == (None, None)


def test_all_jobs_are_looked_through_where_the_address_says_so() -> None:
    assert wanted("?back=all") == JobFilter(newest=None)


def test_columns_that_nobody_chose_are_hidden_before_the_first_row_is_there() -> None:
    hidden = {column["field"] for column in column_definitions("UTC") if column.get("initialHide")}
    assert hidden == {column.field for column in COLUMNS} - set(DEFAULT)
