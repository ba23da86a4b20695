"""The page of one's own and one's group's use: whose jobs it asks for, what it says, what it leaves out."""

import json
from typing import Any

import pytest
from asking import by_id, call, classes, text_of, walk
from flask.testing import FlaskClient
from stand_in import NOW_MS, StandIn

from aggregator.queries.equivalents import equivalents
from aggregator.queries.own_use import Usual
from dash_app.components.own_parts import THINGS, UNITS, compared, equivalents_part, own_tiles, weeks_part
from dash_app.context import PageContext
from dash_app.factory import create_app
from dash_app.pages import me
from maxwatt.config import Settings
from maxwatt.domain.viewer import ADMIN, Viewer

ADA = Viewer("ada")
HEAD = Viewer("mary", accounts=frozenset({"biophys"}))


def layout_of(viewer: Viewer, search: str = "") -> Any:
    queries = StandIn()
    return me.layout(PageContext(viewer, queries, queries.status(viewer), "/me", search, NOW_MS))


def client_of(queries: StandIn) -> FlaskClient:
    client = create_app(queries, Settings(), "token").server.test_client()
    client.get("/?token=token")
    return client


@pytest.mark.parametrize(
    ("viewer", "of", "asked"),
    [
        (ADA, None, ADA),
        (ADA, me.MYSELF, ADA),
        (ADA, "biophys", None),
        (HEAD, None, Viewer("mary")),
        (HEAD, "biophys", Viewer("", accounts=frozenset({"biophys"}))),
        (HEAD, "climate", None),
        (ADMIN, "climate", Viewer("", accounts=frozenset({"climate"}))),
        (ADMIN, me.MYSELF, Viewer("")),
    ],
)
def test_whose_jobs_are_asked_for(viewer: Viewer, of: str | None, asked: Viewer | None) -> None:
    assert me.scope(viewer, of) == asked


def test_the_choice_offers_what_one_may_see() -> None:
    values = {name: [one["value"] for one in by_id(layout_of(viewer), "me-of").data]  # type: ignore[attr-defined]
              for name, viewer in (("ada", ADA), ("head", HEAD), ("admin", ADMIN))}  # fmt: skip
    assert values == {"ada": [me.MYSELF], "head": [me.MYSELF, "biophys"], "admin": ["biophys", "cfd", "climate"]}
    assert by_id(layout_of(HEAD, "?of=biophys"), "me-of").value == "biophys"  # type: ignore[attr-defined]
    assert by_id(layout_of(HEAD, "?of=climate"), "me-of").value == me.MYSELF  # type: ignore[attr-defined]


def test_callbacks_answer_and_others_accounts_are_refused() -> None:
    queries = StandIn()
    client = client_of(queries)
    answers = [
        call(client, "me-sums.children", {"me-of.value": "biophys"}),
        call(client, "me-parts.children", {"me-of.value": "biophys", "me-group.value": "forged"}),
        call(client, "me-usual.children", {"me-of.value": "biophys"}),
    ]
    assert all(len(json.dumps(answer)) < 300_000 for answer in answers)
    assert "usual here: 60 %, the median of 5 people" in json.dumps(answers[2])
    assert Viewer("", accounts=frozenset({"biophys"})) in queries.viewers


def test_who_has_no_jobs_is_told() -> None:
    answer = call(client_of(StandIn(empty=True)), "me-sums.children", {"me-of.value": me.MYSELF})
    assert "No job started in the last weeks" in json.dumps(answer)


def test_unknown_stays_unknown() -> None:
    use = StandIn().own_use(ADA)
    tiles = text_of(own_tiles(use.recent, "EUR"))
    assert "Memory unknown" in tiles
    assert "GPU unknown" in tiles
    shown = compared(use.recent, Usual(3, None, None, None))
    assert "mw-bar-unknown" in classes(shown)
    assert text_of(shown).count("too few people to say what is usual here") == 3


def test_weeks_begin_with_the_first_job_and_have_a_table() -> None:
    part = weeks_part(StandIn().own_use(ADA), "UTC")
    table = next(one.data for one in walk(part) if isinstance(getattr(one, "data", None), dict) and "body" in one.data)
    assert len(table["body"]) == 9
    assert table["body"][0][2] == "unknown"


def test_every_equivalent_has_words_and_a_source() -> None:
    found = equivalents(3.6e9, 1e6)
    assert {one.key for one in found} == set(THINGS)
    assert {one.of for one in found} == set(UNITS)
    words = text_of(equivalents_part(found))
    assert "≈ " in words
    assert "Umweltbundesamt" in words
    assert "Nothing is known" in text_of(equivalents_part(()))
