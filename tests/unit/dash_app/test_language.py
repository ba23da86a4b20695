"""Texts in the reader's language: chosen by cookie, else by the browser; English where nothing else is known."""

from pathlib import Path

import pytest
from flask import Flask

from dash_app import language
from dash_app.language import _, _n

CATALOGUE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "used {used} of {reserved}"
msgstr "{used} von {reserved} genutzt"

msgid "{n} job"
msgid_plural "{n} jobs"
msgstr[0] "{n} Auftrag"
msgstr[1] "{n} Aufträge"

msgid "not translated yet"
msgstr ""
"""


@pytest.fixture(autouse=True)
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "de.po").write_text(CATALOGUE, "utf-8")
    monkeypatch.setattr(language, "_CATALOGUES", tmp_path)
    language._catalogue.cache_clear()
    yield
    language._catalogue.cache_clear()


def german(**headers: str) -> object:
    return Flask("x").test_request_context(headers=headers or {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})


def test_outside_of_a_request_texts_are_english() -> None:
    assert (language.language(), _("used {used} of {reserved}", used=1, reserved=2)) == ("en", "used 1 of 2")


def test_the_browser_asks_for_german() -> None:
    with german():
        assert _("used {used} of {reserved}", used=1, reserved=2) == "1 von 2 genutzt"
        assert [_n("{n} job", "{n} jobs", n) for n in (0, 1, 2)] == ["0 Aufträge", "1 Auftrag", "2 Aufträge"]
        assert _n("{n} job", "{n} jobs", 1500, n="1.500") == "1.500 Aufträge"


def test_what_no_catalogue_has_stays_english() -> None:
    with german():
        assert _("not translated yet") == "not translated yet"
        assert _("never seen {n}", n=3) == "never seen 3"


def test_the_cookie_wins_and_an_unknown_one_is_as_none() -> None:
    with german(**{"Accept-Language": "de", "Cookie": f"{language.COOKIE}=en"}):
        assert language.language() == "en"
    with german(**{"Accept-Language": "de", "Cookie": f"{language.COOKIE}=../../etc"}):
        assert language.language() == "de"
    with german(**{"Accept-Language": "fr"}):
        assert language.language() == "en"
