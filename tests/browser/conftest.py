"""The app on a free port of loopback with made-up data, and one browser for each file of tests."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server

sys.path.insert(0, str(Path(__file__).parents[1] / "fixtures" / "dash_app"))
sys.path.insert(0, str(Path(__file__).parent))

from stand_in import StandIn
from watched import ARGUMENTS, CHROMIUM, TOKEN, Watched

from aggregator.ledger.ledger import Ledger
from dash_app.factory import create_app
from maxwatt.config import Settings


@pytest.fixture(scope="module")
def stand_in() -> StandIn:
    """What the pages are made of, to be changed by a test that puts it back."""
    return StandIn()


@pytest.fixture(scope="module")
def url(stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    ledger = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db")
    settings = replace(Settings(), server=replace(Settings().server, public_page=True))
    app = create_app(stand_in, settings, TOKEN, ledger.identities)
    server = create_server(app.server, host="127.0.0.1", port=0, threads=6)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(5)
    ledger.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def watched(browser: Browser, url: str) -> Iterator[Watched]:
    one = Watched(browser, url)
    yield one
    one.context.close()
    assert one.faults == []
    assert one.elsewhere == []
