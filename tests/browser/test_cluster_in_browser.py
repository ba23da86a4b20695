"""The cluster page, the public one and that of one's own use in Chromium: keyboard, address, two thousand nodes."""

import re
import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect
from stand_in import StandIn
from waitress.server import create_server
from watched import CHROMIUM_MARKS, TOKEN, Watched, narrowest

from dash_app.factory import create_app
from maxwatt.config import ServerSettings, Settings

pytestmark = CHROMIUM_MARKS
NODES = 2000
TOP_IN_MAP = """document.activeElement.getBoundingClientRect().top
    - document.getElementById("cluster-map").getBoundingClientRect().top"""  # the page itself may scroll


@pytest.fixture(scope="module")
def stand_in() -> StandIn:
    return StandIn(node_count=NODES)


@pytest.fixture(scope="module")
def url(stand_in: StandIn) -> Iterator[str]:
    app = create_app(stand_in, Settings(server=ServerSettings(public_page=True)), TOKEN)
    server = create_server(app.server, host="127.0.0.1", port=0, threads=6)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(5)


def test_two_thousand_nodes_by_keyboard(watched: Watched) -> None:
    page = watched.open("/cluster")
    cells = page.locator("#cluster-map button")
    expect(cells).to_have_count(NODES)
    expect(page.locator("#cluster-now")).to_contain_text(f"1250 of {NODES} nodes")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    name = page.evaluate("document.activeElement.dataset.node")
    assert name != cells.first.get_attribute("data-node")
    top = page.evaluate(TOP_IN_MAP)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(TOP_IN_MAP) > top
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.dataset.node") == name
    assert page.locator("#cluster-map button[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text(name)
    expect(drawer).to_contain_text("Energy of the last 24 hours")
    expect(page).to_have_url(re.compile(f"node={name}"))
    watched.shoot("browser-cluster-node")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(page).not_to_have_url(f"*node={name}*")
    watched.shoot("browser-cluster")


def test_switches_stand_in_the_address_and_a_hostile_name_stays_text(watched: Watched) -> None:
    page = watched.open("/cluster?by=user&nodes=state&range=30d")
    expect(page.locator("#cluster-legend")).to_contain_text("Drained 250")
    expect(page.locator("#cluster-power")).to_contain_text("grace")
    page.locator("#cluster-colouring").get_by_text("Table").click()
    table = page.locator("#cluster-table table")
    expect(table).to_contain_text("n0001")
    expect(page.locator("#cluster-map")).to_be_hidden()
    expect(page).to_have_url(re.compile("nodes=table"))
    assert page.evaluate("window.hacked") is None
    page.reload()
    expect(table).to_contain_text("n0001")


def test_the_map_follows_without_losing_the_focus(watched: Watched) -> None:
    page = watched.open("/cluster")
    cells = page.locator("#cluster-map button")
    expect(cells).to_have_count(NODES)
    cells.nth(7).focus()
    name = page.evaluate("document.activeElement.dataset.node")
    page.evaluate("document.activeElement.mark = 1")
    page.locator("#cluster-colouring").get_by_text("Use", exact=True).click()
    expect(page.locator("#cluster-legend")).to_contain_text("50 %")
    page.locator(f'#cluster-map button[data-node="{name}"]').focus()
    assert page.evaluate("document.activeElement.mark") == 1, "the same button, painted anew"


def test_narrow_and_dark(watched: Watched) -> None:
    watched.on_a_phone("dark")
    page = watched.open("/cluster?nodes=use")
    expect(page.locator("#cluster-map button")).to_have_count(NODES)
    expect(page.locator("#cluster-outlook")).to_contain_text("Cleanest")
    assert narrowest(page, 390) <= 390
    watched.shoot("browser-cluster-dark-narrow")
    page = watched.open("/me?of=biophys")
    expect(page.locator("#me-usual")).to_contain_text("usual here")
    assert narrowest(page, 390) <= 390
    watched.shoot("browser-me-dark-narrow")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_public_page_needs_no_sign_in_and_no_script(browser: Browser, url: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scheme == "light"  # type: ignore[arg-type]
    )  # fmt: skip
    page = context.new_page()
    answer = page.goto(f"{url}/public")
    assert answer is not None
    assert answer.status == 200
    expect(page.get_by_role("heading", level=1)).to_have_text("Power of testbed")
    expect(page.get_by_role("img", name="Mean power of the last 7 days")).to_be_visible()
    page.get_by_text("Figures").click()
    expect(page.get_by_role("table")).to_be_visible()
    if scheme == "light":
        assert [
            one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in {"serious", "critical"}
        ] == []
        assert narrowest(page, width) <= width
    context.close()
