"""What the launcher asks of a hub, and what it makes of the answers, good and bad."""

import dataclasses
from typing import Any

import pytest
from recorded_hub import RUNNING, WAITING, RecordedHub, user

from dash_app.launcher.client import PAGE, HubRefusedError, HubServers
from dash_app.launcher.session import Phase, Session, sessions_of
from dash_app.signin.hub_api import PAUSE_S, HubAwayError

LAB = Session("alice", "lab", "JupyterLab", Phase.RUNNING, 17, "/user/alice/lab/", 1_795_367_363_201, 1_795_367_365_788)


def test_a_recorded_answer() -> None:
    waiting, running = sessions_of(user("alice", RUNNING, WAITING))
    assert running == LAB
    assert (waiting.name, waiting.phase, waiting.job_id) == ("", Phase.WAITING, 18)


@pytest.mark.parametrize(
    ("change", "phase"),
    [
        ({"pending": "stop"}, Phase.STOPPING),
        ({"pending": "spawn", "ready": False}, Phase.STARTING),
        ({"ready": False}, Phase.STARTING),
        ({"ready": "yes"}, Phase.STARTING),
    ],
)
def test_phases(change: dict[str, Any], phase: Phase) -> None:
    assert sessions_of(user("alice", RUNNING | change))[0].phase is phase


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"state": None}, "job_id", None),
        ({"state": {"job_id": ""}}, "job_id", None),
        ({"state": {"job_id": "17; rm"}}, "job_id", None),
        ({"state": {"job_id": "9" * 30}}, "job_id", None),
        ({"url": "javascript:alert(1)"}, "url", ""),
        ({"url": "//elsewhere.example/"}, "url", ""),
        ({"full_url": "https://alice.hub.example/lab/"}, "url", "https://alice.hub.example/lab/"),
        ({"started": "yesterday"}, "started_ms", None),
        ({"last_activity": None}, "last_activity_ms", None),
        ({"display_name": 7}, "title", ""),
    ],
)
def test_what_is_odd_is_left_out(change: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(sessions_of(user("alice", RUNNING | change))[0], field) == value


@pytest.mark.parametrize("record", [{}, {"name": 7, "servers": {}}, {"name": "a"}, {"name": "a", "servers": []}])
def test_no_record_of_a_user(record: dict[str, Any]) -> None:
    assert sessions_of(record) == ()


def test_stopped_servers_are_no_sessions() -> None:
    assert sessions_of(user("alice", RUNNING | {"stopped": True})) == ()


def test_idle_is_what_runs_without_activity() -> None:
    last_ms = LAB.last_activity_ms or 0
    assert LAB.idle_since_ms(last_ms + 900_000, 900.0) is None
    assert LAB.idle_since_ms(last_ms + 900_001, 900.0) == last_ms
    assert dataclasses.replace(LAB, phase=Phase.STARTING).idle_since_ms(last_ms + 10**9, 900.0) is None
    assert dataclasses.replace(LAB, last_activity_ms=None).idle_since_ms(10**15, 900.0) is None


def test_looking_is_in_our_own_name(hub: RecordedHub) -> None:
    hub.answers["GET /users/alice"] = (200, user("alice", RUNNING))
    assert hub.servers.of_user("alice") == (LAB,)
    assert hub.asked == [("GET /users/alice", "our-own-token", None)]


def test_names_are_quoted(hub: RecordedHub) -> None:
    hub.servers.of_user("a/../b?c")
    assert hub.asked[0][0] == "GET /users/a%2F..%2Fb%3Fc"


def test_starting_and_stopping_is_in_the_name_of_who_wants_it(hub: RecordedHub) -> None:
    hub.answers["POST /users/alice/servers/lab"] = (202, None)
    hub.answers["DELETE /users/alice/servers/lab"] = (204, None)
    hub.answers["DELETE /users/alice/server"] = (204, None)
    hub.servers.start("hers", "alice", "lab", "JupyterLab", {"nprocs": "2"})
    hub.servers.stop("hers", "alice", "lab")
    hub.servers.stop("hers", "alice", "")
    body = {"display_name": "JupyterLab", "user_options": {"nprocs": "2"}}
    assert hub.asked == [
        ("POST /users/alice/servers/lab", "hers", body),
        ("DELETE /users/alice/servers/lab", "hers", None),
        ("DELETE /users/alice/server", "hers", None),
    ]


def test_everybody_comes_in_pages(hub: RecordedHub) -> None:
    first = [user(f"u{number:03}", RUNNING) for number in range(PAGE)]
    hub.answers[f"GET /users?state=active&offset=0&limit={PAGE}"] = (200, first)
    hub.answers[f"GET /users?state=active&offset={PAGE}&limit={PAGE}"] = (200, [user("bob", RUNNING)])
    found = hub.servers.of_everybody()
    assert len(found) == PAGE + 1
    assert found[0].owner == "bob"


def test_a_user_whom_the_hub_does_not_know_has_no_sessions(hub: RecordedHub) -> None:
    assert hub.servers.of_user("nobody") == ()


@pytest.mark.parametrize(
    ("status", "answer", "error", "words"),
    [
        (401, {}, HubRefusedError, "sign out and in again"),
        (403, {"message": "Action is not authorized"}, HubRefusedError, "does not let you"),
        (404, {}, HubRefusedError, "no such user"),
        (429, {}, HubRefusedError, "try again in a minute"),
        (400, {"message": "alice/lab is already running"}, HubRefusedError, "alice/lab is already running"),
        (400, b"<html>", HubRefusedError, "refuses: 400"),
        (400, [1], HubRefusedError, "refuses: 400"),
        (500, {"message": "Internal Server Error"}, HubRefusedError, "its log says why"),
        (502, b"", HubAwayError, "does not answer"),
        (302, None, HubRefusedError, "refuses: 302"),
    ],
)
def test_a_refusal_is_told_in_words(
    hub: RecordedHub, status: int, answer: Any, error: type[Exception], words: str
) -> None:
    hub.answers["POST /users/alice/servers/lab"] = (status, answer)
    with pytest.raises(error, match=words):
        hub.servers.start("hers", "alice", "lab", "", {})


@pytest.mark.parametrize("answer", [b"<h1>oops</h1>", [1, 2], "text"])
def test_what_answers_is_no_hub(hub: RecordedHub, answer: Any) -> None:
    hub.answers["GET /users/alice"] = (200, answer)
    with pytest.raises(HubAwayError):
        hub.servers.of_user("alice")


def test_a_hub_that_is_away(hub: RecordedHub) -> None:
    away = dataclasses.replace(hub.place, api_url="http://127.0.0.1:9/hub/api")
    with pytest.raises(HubAwayError, match="does not answer"):
        type(hub.servers)(away).of_user("alice")


def test_nobody_waits_again_and_again_for_a_hub_that_is_away(hub: RecordedHub) -> None:
    now_s = [0.0]
    servers = HubServers(hub.place, lambda: now_s[0])
    hub.answers["GET /users/alice"] = (503, b"")
    for _again in range(3):
        with pytest.raises(HubAwayError):
            servers.of_user("alice")
    assert len(hub.asked) == 1
    now_s[0] = PAUSE_S
    hub.answers["GET /users/alice"] = (200, user("alice", RUNNING))
    assert servers.of_user("alice") == (LAB,)
