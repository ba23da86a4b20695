"""Figures and moments in the reader's way: decimal comma, their names of months, their word for what is not known."""

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from stand_in import NOW_MS

import dash_app
from dash_app import text
from dash_app.figures.theme import base_layout

HOUR_MS = 3_600_000


@pytest.fixture
def german() -> Iterator[None]:
    with Flask("x").test_request_context(headers={"Accept-Language": "de"}):
        yield


@pytest.mark.usefixtures("german")
def test_german_figures_have_a_comma() -> None:
    assert text.format_energy(2.44 * 3.6e6) == "2,44 kWh"
    assert text.format_share(0.043) == "4,3 %"
    assert text.format_kwh(1000.0) == "< 0,0005"
    assert text.format_cost(0.001, "EUR") == "< 0,01 EUR"
    assert text.format_cost(1234.0, "EUR") == "1\u202f234 EUR"
    assert text.format_number(None) == "unbekannt"
    assert base_layout(100)["separators"] == ",\u202f"


@pytest.mark.usefixtures("german")
def test_german_moments() -> None:
    assert text.format_day(date(2025, 3, 5)) == "5. März 2025"
    assert text.format_moment(NOW_MS, "Europe/Berlin") == "15. Juni 17:06"
    assert text.format_time(NOW_MS, "Europe/Berlin") == "2025-06-15 17:06:40 CEST"  # for machines, too: left alone
    assert text.ago(NOW_MS - 5 * HOUR_MS, NOW_MS) == "vor 5 Stunden"
    assert text.ago(NOW_MS + HOUR_MS, NOW_MS) == "in einer Stunde"
    words = text.plotly_words()["locales"]["de"]["format"]
    assert (words["days"][0], words["shortMonths"][2]) == ("Sonntag", "März")


def test_english_stays_as_the_domain_spells_it() -> None:
    assert text.format_energy(2.44 * 3.6e6) == "2.44 kWh"
    assert text.format_moment(NOW_MS, "UTC", seconds=True) == "15 Jun 15:06:40"
    assert text.plotly_words() == {}
    assert base_layout(100)["separators"] == ".\u202f"


def test_pages_take_their_figures_from_text() -> None:
    """What a page shows has the reader's decimal mark, so it does not come from the domain directly."""
    folder = Path(dash_app.__file__).parent
    found = {
        f"{path.relative_to(folder)}: {name.name}"
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "maxwatt.domain.formatting"
        for name in node.names
        if (name.name.startswith("format_") or name.name == "UNKNOWN") and path.name != "text.py"
    }
    assert {one for one in found if not one.startswith("api/")} == set()
