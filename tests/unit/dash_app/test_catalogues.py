"""Every text of the app stands in every catalogue, translated, with the same placeholders; and nothing else does."""

import string

import pytest
from babel.messages import Catalog

from dash_app.language import LANGUAGES
from dash_app.languages.__main__ import HERE, collected, empty, main, read, updated, written

CATALOGUES = {path.stem: path for path in HERE.glob("*.po")}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def pairs(catalogue: Catalog) -> list[tuple[str, str]]:
    """Each translation beside the English text that it stands for."""
    found: list[tuple[str, str]] = []
    for text in catalogue:
        if text.id:
            plural = not isinstance(text.id, str)
            found += zip(text.id, text.string, strict=True) if plural else [(text.id, text.string)]
    return [(english, translated) for english, translated in found if translated]


def test_every_language_but_english_has_a_catalogue() -> None:
    assert set(CATALOGUES) == set(LANGUAGES) - {"en"}


@pytest.mark.parametrize("code", CATALOGUES)
def test_every_text_is_translated_and_none_is_stale(code: str) -> None:
    catalogue = read(CATALOGUES[code])
    texts = collected(HERE.parent)
    assert {text.id for text in catalogue} == {text.id for text in texts}, "run python -m dash_app.languages"
    assert [text.id for text in empty(catalogue)] == []
    assert main(check=True) == 0


@pytest.mark.parametrize("code", CATALOGUES)
def test_translations_keep_the_placeholders(code: str) -> None:
    catalogue = pairs(read(CATALOGUES[code]))
    wrong = [pair for pair in catalogue if placeholders(pair[0]) != placeholders(pair[1])]
    assert wrong == []


@pytest.mark.parametrize("code", CATALOGUES)
def test_translations_begin_and_end_as_the_text_does(code: str) -> None:
    uneven = [pair for pair in pairs(read(CATALOGUES[code])) if pair[0][-1:] in ".:…" and pair[0][-1] != pair[1][-1]]
    assert uneven == []


def test_texts_are_collected_with_their_forms_and_known_ones_keep_their_translation() -> None:
    texts = Catalog(locale="de")
    texts.add("old")
    texts.add(("{n} job", "{n} jobs"))
    known = Catalog(locale="de")
    known.add("old", "alt")
    known.add("gone", "weg")
    new = updated(known, texts)
    assert [(text.id, text.string) for text in new if text.id] == [("old", "alt"), (("{n} job", "{n} jobs"), ("", ""))]
    assert [text.id for text in empty(new)] == [("{n} job", "{n} jobs")]
    assert b"gone" not in written(new)
    assert b"nplurals=2" in written(new)
