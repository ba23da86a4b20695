"""Cards of sessions and applications, the question before a stop, and the page where nothing can be started."""

import dataclasses
from typing import Any

from asking import by_id, call, text_of, walk
from dash import html
from flask.testing import FlaskClient
from stand_in import NOW_MS, StandIn, job_row

from aggregator.queries.models import Status
from aggregator.queries.recent import DrawnSince, RecentUse
from dash_app.components.session_cards import application_cards, idle_sentence, session_card, session_cards
from dash_app.components.session_dialog import session_dialog, stop_words
from dash_app.components.session_note import session_note
from dash_app.factory import create_app
from dash_app.launcher.seen import SeenSession
from dash_app.launcher.session import Phase, Session
from maxwatt.config import Application, Settings
from maxwatt.domain.viewer import Viewer

STATUS = Status("test", "UTC", False, NOW_MS, NOW_MS, NOW_MS)
SESSION = Session("alice", "lab", "", Phase.RUNNING, 17, "/user/alice/lab/", NOW_MS - 3_600_000, NOW_MS - 1_500_000)
ALICE, BOSS = Viewer("alice"), Viewer("dana", sees_all=True)
HOSTILE = "<script>alert(1)</script>"


def use(since: DrawnSince | None = None) -> RecentUse:
    row = dataclasses.replace(job_row(17), energy_j=7200.0, co2_g=2.0, cost=0.25, node_list="n3", evidence=None)
    return RecentUse(row, 48.0, since)


def card(session: Session = SESSION, known: RecentUse | None = None, viewer: Viewer = ALICE) -> html.Article:
    return session_card(SeenSession(session, "JupyterLab", known), STATUS, NOW_MS, viewer)


def links(part: Any) -> dict[str, str]:
    return {text_of(one): one.href for one in walk(part) if getattr(one, "href", None)}


def buttons(part: Any) -> dict[str, html.Button]:
    return {text_of(one): one for one in walk(part) if isinstance(one, html.Button)}


def test_a_session_leads_to_its_job_and_opens() -> None:
    shown = card(known=use())
    found = links(shown)
    assert found["17"].startswith("/job/17?start=")
    assert found["Open"] == "/user/alice/lab/"
    assert "48 W" in text_of(shown)
    assert "2 Wh, 2 g CO₂, 0.25 EUR" in text_of(shown)
    assert "· n3" in text_of(shown)


def test_a_job_that_is_not_known_is_not_linked() -> None:
    shown = card()
    assert "17, not among the jobs read from Slurm yet" in text_of(shown)
    assert list(links(shown)) == ["Open"]
    assert "Power" not in text_of(shown)
    assert "none yet" in text_of(card(dataclasses.replace(SESSION, job_id=None)))


def test_what_does_not_run_does_not_open() -> None:
    waiting = card(dataclasses.replace(SESSION, phase=Phase.WAITING))
    assert "Waiting in the queue" in text_of(waiting)
    assert links(waiting) == {"17": "/job/17"}
    assert not buttons(waiting)["Stop …"].disabled
    assert buttons(card(dataclasses.replace(SESSION, phase=Phase.STOPPING)))["Stop …"].disabled


def test_everybody_elses_are_named() -> None:
    shown = card(viewer=BOSS)
    assert "JupyterLab of alice" in text_of(shown)
    assert links(shown) == {}, "the hub lets nobody into another's"
    assert buttons(shown)["Stop …"].id == {"type": "session-stop", "owner": "alice", "name": "lab"}


def test_idle_costs_are_said_with_their_end() -> None:
    """1,500 s without activity, in which the job drew 3.6 kJ = 1 Wh."""
    since = DrawnSince(NOW_MS - 1_500_000, NOW_MS, 3600.0, 0.5, None)
    idle = SeenSession(SESSION, "Lab", use(since), NOW_MS - 1_500_000)
    sentence = idle_sentence(idle, STATUS, NOW_MS)
    assert sentence.startswith("Idle for 00:25:00. Since the last activity its job drew 1 Wh, 0.5 g CO₂. Provisional, ")
    for unknown in (None, use(), use(dataclasses.replace(since, energy_j=None))):
        unbooked = dataclasses.replace(idle, use=unknown)
        assert idle_sentence(unbooked, STATUS, NOW_MS).endswith("is not booked yet.")
    assert idle_sentence(dataclasses.replace(idle, idle_since_ms=None), STATUS, NOW_MS) == ""


def test_the_list_says_when_there_is_none() -> None:
    assert "No session runs" in text_of(session_cards([], STATUS, NOW_MS, ALICE))
    listed = session_cards([SeenSession(SESSION, "Lab", use()), SeenSession(SESSION, "GPU")], STATUS, NOW_MS, ALICE)
    assert ["Lab" in text_of(item) for item in listed.children] == [True, False]


def test_an_application_says_what_it_asks_for() -> None:
    lab = Application("lab", "JupyterLab", "Notebooks.", "gpu", 4, 8192, 120, "a100:1")
    cards = application_cards((lab, Application("small")), {"small": Phase.STARTING}, may_start=True)
    text = text_of(cards)
    assert "4 CPUs · 8 GiB memory · a100:1 GPU · at most 02:00:00 · partition gpu" in text
    assert "1 CPU · 2 GiB memory · at most 01:00:00" in text
    found = buttons(cards)
    assert not found["Start"].disabled
    assert found["Starting"].disabled
    assert buttons(application_cards((lab,), {}, may_start=False))["Start"].disabled


def test_the_question_names_what_is_lost_and_whose_it_is() -> None:
    assert "belongs" not in stop_words("Lab", "alice", own=True)
    assert stop_words("Lab", "alice", own=False).startswith("It belongs to alice, not to you.")
    assert by_id(session_dialog(), "sessions-confirm").opened is False


def test_a_job_says_which_session_it_is() -> None:
    note = session_note(SeenSession(SESSION, "JupyterLab", use()), STATUS, NOW_MS, ALICE)
    assert "Session JupyterLab" in text_of(note)
    assert links(note)["Open"] == "/user/alice/lab/"


def test_names_are_text() -> None:
    hostile = dataclasses.replace(SESSION, name=HOSTILE, owner=HOSTILE)
    shown = session_card(SeenSession(hostile, HOSTILE), STATUS, NOW_MS, BOSS)
    assert any(HOSTILE in one for one in walk(shown) if isinstance(one, str)), "a text child, which React escapes"


def client() -> FlaskClient:
    made = create_app(StandIn(), Settings(), "token").server.test_client()
    made.get("/?token=token")
    return made


def test_without_applications_there_is_nothing_to_start() -> None:
    asked = client()
    page = call(asked, "page.children", {"url.pathname": "/sessions", "url.search": ""})
    assert "No sessions here" in str(page)
    assert call(asked, "sessions-body.children", {})["response"]["sessions-body"]["children"] is None
    assert call(asked, "job-session.children", {"job-key.data": {"job_id": 1, "start_ms": 0}})["response"]
