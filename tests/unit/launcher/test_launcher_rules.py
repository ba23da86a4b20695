"""Who sees which sessions, what an application asks for, and when there is a launcher at all."""

import ast
from pathlib import Path

import pytest
from flask import Flask
from recorded_hub import RUNNING, RecordedHub, user
from stand_in import job_row

from aggregator.queries.recent import RecentJob, RecentUse
from dash_app.launcher.client import PAGE, HubRefusedError
from dash_app.launcher.launcher import Launcher, current_launcher, offer_launcher
from dash_app.launcher.options import user_options
from dash_app.launcher.seen import CLOCKS_APART_MS, seen
from dash_app.launcher.session import sessions_of
from dash_app.pages import sessions
from maxwatt.config import Application, Settings, SigninSettings
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.viewer import ADMIN, Viewer

LAB = Application("lab", "JupyterLab", "Notebooks.", "gpu", 4, 8000, 120, "a100:1")
HUB_CONFIG = Path(__file__).parents[3] / "deploy" / "jupyterhub" / "jupyterhub_config.py"
ALICE, BOB, BOSS = Viewer("alice"), Viewer("bob", accounts=frozenset({"chem"})), Viewer("dana", sees_all=True)


@pytest.fixture
def launcher(hub: RecordedHub) -> Launcher:
    hub.answers["GET /users/alice"] = (200, user("alice", RUNNING))
    hub.answers["GET /users/bob"] = (200, user("bob"))
    hub.answers[f"GET /users?state=active&offset=0&limit={PAGE}"] = (200, [user("alice", RUNNING)])
    return Launcher(hub.servers, (LAB, Application("small")), 900.0)


def test_one_sees_ones_own(launcher: Launcher, hub: RecordedHub) -> None:
    assert [one.owner for one in launcher.sessions(ALICE)] == ["alice"]
    assert launcher.sessions(BOB) == ()
    assert launcher.sessions(BOB, "alice") == ()
    assert launcher.sessions(Viewer("")) == ()
    assert [asked for asked, _, _ in hub.asked] == ["GET /users/alice", "GET /users/bob"], "not even asked"


def test_who_sees_all_sees_all(launcher: Launcher) -> None:
    assert [one.owner for one in launcher.sessions(BOSS)] == ["alice"]
    assert [one.owner for one in launcher.sessions(ADMIN)] == ["alice"]
    assert launcher.sessions(BOSS, "bob") == ()


def test_a_start_is_what_the_application_says(launcher: Launcher, hub: RecordedHub) -> None:
    hub.answers["POST /users/alice/servers/lab"] = (201, None)
    launcher.start(ALICE, "hers", "lab")
    body = {"display_name": "JupyterLab", "user_options": user_options(LAB)}
    assert hub.asked[-1] == ("POST /users/alice/servers/lab", "hers", body)


@pytest.mark.parametrize(("token", "name"), [("hers", "none-such"), ("hers", ""), (None, "lab")])
def test_no_start_without_application_or_token(
    launcher: Launcher, hub: RecordedHub, token: str | None, name: str
) -> None:
    with pytest.raises(HubRefusedError):
        launcher.start(ALICE, token, name)
    assert hub.asked == []


def test_no_stop_without_a_token(launcher: Launcher, hub: RecordedHub) -> None:
    with pytest.raises(HubRefusedError):
        launcher.stop(None, "alice", "lab")
    assert hub.asked == []


def test_options_of_an_application() -> None:
    assert user_options(LAB) == {
        "application": "lab",
        "nprocs": "4",
        "memory": "8000M",
        "runtime": "120",
        "partition": "gpu",
        "gres": "gpu:a100:1",
    }
    assert set(user_options(Application("small"))) == {"application", "nprocs", "memory", "runtime"}


def test_the_hub_of_ours_takes_these_options() -> None:
    tree = ast.parse(HUB_CONFIG.read_text())
    (options,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "OPTIONS"
    ]
    assert set(user_options(LAB)) == options


def test_titles(launcher: Launcher) -> None:
    def title(**change: str) -> str:
        return launcher.title(sessions_of(user("alice", RUNNING | change))[0])

    assert title() == "JupyterLab"
    assert title(name="small", display_name="whatever") == "small"
    assert title(name="other", display_name="Mine") == "Mine"
    assert title(name="other", display_name="") == "other"
    assert title(name="", display_name="") == "Server"


HUB = {
    "JUPYTERHUB_API_URL": "http://127.0.0.1:1/hub/api",
    "JUPYTERHUB_CLIENT_ID": "service-maxwatt",
    "JUPYTERHUB_API_TOKEN": "token",
}


def test_a_launcher_where_applications_are_configured() -> None:
    server, settings = Flask("t"), Settings(applications=(LAB,), signin=SigninSettings(method="hub"))
    offer_launcher(server, settings, HUB)
    with server.app_context():
        found = current_launcher()
    assert found is not None
    assert found.applications == (LAB,)
    assert sessions.shown_to(ALICE, settings)


def test_none_where_none_is() -> None:
    server, settings = Flask("t"), Settings(signin=SigninSettings(method="hub"))
    offer_launcher(server, settings, HUB)
    with server.app_context():
        assert current_launcher() is None
    assert not sessions.shown_to(ALICE, settings)


def test_applications_need_the_hub() -> None:
    with pytest.raises(ConfigError, match=r"set signin.method"):
        offer_launcher(Flask("t"), Settings(applications=(LAB,)), HUB)
    with pytest.raises(ConfigError, match="hub_api_url"):
        offer_launcher(Flask("t"), Settings(applications=(LAB,), signin=SigninSettings(method="hub")), {})


class Ledger:
    """Jobs by id, as the queries answer: the owner is Slurm's word."""

    def __init__(self, **users: str) -> None:
        self.users = {int(job.removeprefix("job")): user for job, user in users.items()}
        self.wanted: list[RecentJob] = []

    def recent_uses(self, viewer: Viewer, wanted: list[RecentJob]) -> dict[int, RecentUse]:
        self.wanted = wanted
        known = {one.job_id: self.users.get(one.job_id) for one in wanted}
        return {job: RecentUse(job_row(job, user=user), 1.0, None) for job, user in known.items() if user}


def test_a_session_shows_its_owners_job_only(launcher: Launcher) -> None:
    """Alice's server told the hub the number of Bob's job, 17: it is not shown as hers."""
    found = sessions_of(user("alice", RUNNING)) + sessions_of(user("bob", RUNNING))
    ledger = Ledger(job17="bob")
    alices, bobs = seen(launcher, ledger, BOSS, found, now_ms=2_000_000_000_000)  # type: ignore[arg-type]
    assert alices.use is None
    assert bobs.use is not None
    assert bobs.idle_since_ms == found[1].last_activity_ms
    started_ms = found[0].started_ms or 0
    assert ledger.wanted[0] == RecentJob(17, "alice", started_ms - CLOCKS_APART_MS, found[0].last_activity_ms)
