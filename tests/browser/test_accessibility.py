"""axe-core finds no serious fault on any page of the app's own registry, wide in light and narrow in dark, nor in what
opens. Keyboard, zoom and motion as far as a browser can tell.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from stand_in import PLAIN, WIDE
from watched import CHROMIUM_MARKS, Watched, context_of, narrowest

from dash_app.factory import PAGES

pytestmark = CHROMIUM_MARKS

EXAMPLES = {"/job/": f"/job/{PLAIN}"}
"""An address for each page that stands for many."""

ODD = (f"/job/{WIDE}", "/job/77", "/nowhere", "/tokens")
"""Beside the registry: many nodes, what is not there, and the page that is there where tokens are kept."""

ADDRESSES = [*(EXAMPLES.get(path, path) for page in PAGES for path in page.PATHS), *ODD]
LOOKS = [(1440, "light"), (390, "dark")]  # each width and each scheme once: colours do not depend on the width
LEVELS = {"serious", "critical"}
ALSO = {"page-has-heading-one"}


def settle(page: Page) -> None:
    """Wait until the page is there and nothing is awaited any more."""
    page.wait_for_selector("#page h1, #page .mw-empty")
    page.wait_for_load_state("networkidle")
    page.wait_for_selector("#page .mantine-Skeleton-root", state="detached")
    page.wait_for_timeout(300)  # charts fade in


def faults(page: Page) -> list[str]:
    """Serious and critical faults, each with its places."""
    found = Axe().run(page).response["violations"]
    return [_fault(one) for one in found if one["impact"] in LEVELS or one["id"] in ALSO]


def _fault(one: dict[str, Any]) -> str:
    places = [f"{node['target']}: {node['html'][:160]} {node['failureSummary'][:200]}" for node in one["nodes"][:4]]
    return f"{one['id']} ({one['impact']}): {one['help']}\n    " + "\n    ".join(places)


def faults_of_all_looks(page: Page) -> list[str]:
    """Faults of the page as it stands, in all looks."""
    found = []
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)  # the page follows
        found += [f"{width} px, {scheme}: {fault}" for fault in faults(page)]
    return found


@pytest.fixture(scope="module")
def looking(browser: Browser, url: str) -> Iterator[Watched]:
    one = Watched(context_of(browser, reduced_motion="reduce"), url)  # no colour is looked at on its way to another
    one.open("/method")
    yield one
    one.context.close()


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_serious_fault(looking: Watched, address: str) -> None:
    page = looking.page
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{looking.url}{address}")
    settle(page)
    assert faults_of_all_looks(page) == []
    page.set_viewport_size({"width": 320, "height": 640})  # WCAG 1.4.10: 1280 px at 400 %
    assert narrowest(page, 320) <= 320


def test_no_serious_fault_before_signing_in(browser: Browser, url: str) -> None:
    for scheme, path in product(("light", "dark"), ("/", "/public")):
        context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.goto(url + path)
        assert faults(page) == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert narrowest(page, 320) <= 320
        context.close()


def test_no_serious_fault_in_what_opens(looking: Watched) -> None:
    page = looking.page
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{looking.url}/energy")
    settle(page)
    for opener in (".mw-user", ".mw-status-summary", ".mw-ask"):
        page.locator(opener).first.click()
        assert faults_of_all_looks(page) == [], opener
        page.keyboard.press("Escape")
        expect(page.locator("details.mw-closes[open]")).to_have_count(0)
        page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_text("Figures").first.click()
    assert faults_of_all_looks(page) == []


def test_the_drawer_has_no_serious_fault(watched: Watched) -> None:
    watched.on_a_phone()
    page = watched.open("/energy")
    settle(page)
    page.get_by_role("button", name="Navigation").click()
    expect(page.locator(".mw-drawer").get_by_role("link", name="Energy")).to_have_attribute("aria-current", "page")
    expect(page.locator(".mw-drawer a").first).to_be_focused()
    page.wait_for_timeout(400)  # it slides in
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Navigation")).to_be_focused()
    expect(page.get_by_role("button", name="Navigation")).to_have_attribute("aria-expanded", "false")


def test_the_keyboard_reaches_the_content_first_and_everything_in_order(watched: Watched) -> None:
    page = watched.open("/energy")
    settle(page)
    page.keyboard.press("Tab")
    expect(page.locator(".mw-skip")).to_be_focused()
    expect(page.locator(".mw-skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('page').contains(document.activeElement)")
    page.locator(".mw-skip").focus()
    seen = [focused(page) for _ in range(14)]
    assert all(outline != "none" for _, outline in seen), seen
    assert any("mw-user" in name for name, _ in seen)
    assert [name for name, _ in seen].count("mw-nav-link") == 6, "the closed drawer is no stop"


def test_only_what_scrolls_or_acts_is_a_stop(looking: Watched) -> None:
    page = looking.page
    page.set_viewport_size({"width": 1440, "height": 900})
    for address in ("/method", f"/job/{PLAIN}"):
        page.goto(f"{looking.url}{address}")
        settle(page)
        stops = page.locator("#page :is(mjx-container, .mw-table-scroll)[tabindex='0'] >> visible=true")
        expect(stops).to_have_count(0)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{looking.url}/method")
    expect(page.locator(".mw-doc mjx-container[tabindex='0']")).not_to_have_count(0)


def focused(page: Page) -> tuple[str, str]:
    """Class of what has the focus after one more Tab, and the style of the outline around it."""
    page.keyboard.press("Tab")
    name, outline, shadow = page.evaluate(
        "(() => { const one = document.activeElement, seen = getComputedStyle(one);"
        " return [String(one.className), seen.outlineStyle, seen.boxShadow]; })()"
    )
    hidden = page.evaluate("document.activeElement.matches('input[type=radio]')")  # its label shows the focus
    return name, "label" if hidden else outline if outline != "none" else shadow


def test_motion_is_reduced_for_who_asks(watched: Watched) -> None:
    watched.page.emulate_media(reduced_motion="reduce")
    page = watched.open("/energy")
    settle(page)
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(one => { const seen = getComputedStyle(one);"
        " return seen.animationName !== 'none' && parseFloat(seen.animationDuration) > 0.01; }).length"
    )
    assert moving == 0


def test_the_job_table_is_walked_and_opened_by_keyboard(watched: Watched) -> None:
    page = watched.open("/jobs")
    settle(page)
    page.locator(".ag-row[row-index='0'] [col-id='job_id']").wait_for()
    page.locator(".mw-grid .ag-header-cell").first.focus()
    page.keyboard.press("Enter")  # sorts
    expect(page.locator(".ag-header-cell[aria-sort='descending']")).to_have_count(1)
    page.locator(".ag-row[row-index='2'] .mw-job-link").wait_for()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    focused_row = page.locator(".ag-row:has(.ag-cell-focus)")
    expect(focused_row).to_have_attribute("row-index", "1")
    job = focused_row.locator(".mw-job-link").get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{watched.url}{job}")
    expect(page.locator("h1")).to_contain_text("Job")
