"""The language of the request being handled. Texts stand in English in the code; a catalogue holds each other language.

`_("…")` gives a text in the reader's language, `_n("{n} job", "{n} jobs", n)` one that counts. Values are named:
`_("used {used} of {reserved}", used=…, reserved=…)`. Constants of a module hold `marked("…")` and go through `_` where
they are shown. `python -m dash_app.languages` collects the texts into the catalogues.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po
from flask import has_request_context, request

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "de": "Deutsch"}
"""Code and own name of every language; a new one is a catalogue and an entry here."""

COOKIE: Final = "maxwatt_language"
_CATALOGUES: Final = Path(__file__).parent / "languages"
_FOUND: Final = "maxwatt.language"
_Key = tuple[str, int]


def language() -> str:
    """Code of the reader's language: as chosen, else as the browser asks; English outside of a request."""
    if not has_request_context():
        return "en"
    place = request.environ  # asked for each figure of a page, found out once
    if _FOUND not in place:
        place[_FOUND] = _asked_for()
    return str(place[_FOUND])


def _asked_for() -> str:
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en") or "en"


def _(text: str, /, **values: object) -> str:
    """A text in the reader's language; what no catalogue has stays English."""
    return _filled(_catalogue(language()).get((text, 0), text), values)


def _n(one: str, many: str, n: float, /, **values: object) -> str:
    """A text for one or for many things; `{n}` in it is their number as `values` spell it, else with thin spaces."""
    english = one if n == 1 else many
    return _filled(
        _catalogue(language()).get((one, int(n != 1)), english), {"n": f"{n:,}".replace(",", "\u202f"), **values}
    )


def marked(text: str) -> str:
    """A text of a module's constant, English as it is: it is collected here and translated by `_` where it is shown."""
    return text


def marked_n(one: str, many: str) -> tuple[str, str]:
    """Both forms of such a text that counts, for `_n`."""
    return one, many


def _filled(text: str, values: Mapping[str, object]) -> str:
    return text.format_map(values) if values else text


@lru_cache
def _catalogue(code: str) -> Mapping[_Key, str]:
    """Text and form (0: one, 1: many) to its translation; nothing for English."""
    path = _CATALOGUES / f"{code}.po"
    if code == "en" or not path.exists():
        return {}
    with path.open("rb") as file:
        messages = [message for message in read_po(file, locale=code) if message.id and message.string]
    found: dict[_Key, str] = {}
    for message in messages:
        forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
        name = message.id if isinstance(message.id, str) else message.id[0]
        found |= {(name, form): text for form, text in enumerate(forms) if text}
    return found
