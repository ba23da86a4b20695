"""The app on a free port of loopback with made-up data, and one browser for each file of tests."""

import contextlib
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from waitress.server import create_server

sys.path.insert(0, str(Path(__file__).parents[1] / "fixtures" / "dash_app"))
sys.path.insert(0, str(Path(__file__).parents[1] / "fixtures" / "launcher"))
sys.path.insert(0, str(Path(__file__).parent))

from recorded_hub import RUNNING, WAITING, RecordedHub, recorded_hub, user
from stand_in import RUNNING as JOB_OF_SESSION
from stand_in import StandIn
from watched import ARGUMENTS, CHROMIUM, PROXY_SECRET, TOKEN, Watched, context_of

from aggregator.ledger.ledger import Ledger
from dash_app.factory import App, create_app
from dash_app.launcher.launcher import Launcher
from maxwatt.config import Application, Settings


@pytest.fixture(scope="module")
def stand_in() -> StandIn:
    """What the pages are made of, to be changed by a test that puts it back."""
    return StandIn()


@pytest.fixture(scope="module")
def url(stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    ledger = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db")
    settings = replace(Settings(), server=replace(Settings().server, public_page=True))
    with serving(create_app(stand_in, settings, TOKEN, ledger.identities)) as address:
        yield address
    ledger.close()


@pytest.fixture(scope="module")
def hub() -> Iterator[RecordedHub]:
    """A hub where Ada has a session that runs and one that waits."""
    with recorded_hub() as hub:
        state = {"job_id": str(JOB_OF_SESSION), "job_status": "RUNNING n001"}
        runs = RUNNING | {"url": "/user/ada/lab/", "state": state}
        waits = WAITING | {"state": {"job_id": "9100", "job_status": "PENDING "}}
        hub.answers["GET /users/ada"] = (200, user("ada", runs, waits))
        yield hub


@pytest.fixture(scope="module")
def people(stand_in: StandIn, hub: RecordedHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where people sign in by name, see `signed_in_as`, and applications can be started. Grace coordinates biophys."""
    folder = tmp_path_factory.mktemp("people")
    ledger = Ledger.open(f"sqlite:///{folder}/ledger.db")
    (folder / "secret").write_text(PROXY_SECRET)
    (folder / "secret").chmod(0o600)
    ways = {"method": "proxy", "admins": ("root",), "coordinators": ("grace:biophys",)}
    signin = replace(Settings().signin, proxy_secret_file=str(folder / "secret"), **ways)  # type: ignore[arg-type]
    app = create_app(stand_in, replace(Settings(), signin=signin), TOKEN, ledger.identities)
    applications = (Application("lab", "JupyterLab", cpus=2), Application("desk", "Desktop", "A desktop.", cpus=4))
    app.server.extensions["maxwatt_launcher"] = Launcher(hub.servers, applications, 900.0)
    with serving(app) as address:
        yield address
    ledger.close()


@contextlib.contextmanager
def serving(app: App) -> Iterator[str]:
    """The app on a free port: its address."""
    server = create_server(app.server, host="127.0.0.1", port=0, threads=6)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def context(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """Of all tests of a file: the page that stays open keeps a process of Chromium, which has our scripts compiled."""
    context = context_of(browser)
    context.new_page().goto(url)  # where one signs in
    yield context
    context.close()


@pytest.fixture
def one(context: BrowserContext, url: str) -> Iterator[Watched]:
    """Of whom nothing was known before, and nothing is known afterwards."""
    one = Watched(context, url)
    yield one
    one.page.close()
    context.set_offline(False)
    context.clear_cookies()
    context.clear_permissions()
    context.pages[0].evaluate("localStorage.clear()")


@pytest.fixture
def watched(one: Watched) -> Iterator[Watched]:
    """On whose pages nothing may go wrong."""
    yield one
    assert one.faults == []
    assert one.elsewhere == []
