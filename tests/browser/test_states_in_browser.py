"""What stands there when something is away: a session, the network, the ledger."""

import pytest
from playwright.sync_api import Browser, Page, expect
from stand_in import PLAIN, StandIn
from watched import CHROMIUM_MARKS, TOKEN, Watched, context_of, once

from maxwatt.domain.errors import SourceError

pytestmark = CHROMIUM_MARKS

MOVING = "document.getAnimations().filter(one => one.playState === 'running').map(one => one.animationName || '')"


def test_a_session_that_ended_leads_to_the_sign_in_and_back(one: Watched) -> None:
    page = one.open("/energy?range=24h")
    expect(page.locator("#energy-sums")).to_contain_text("226 kWh")
    page.wait_for_load_state("networkidle")  # an answer that is still on its way would bring the cookie back
    one.context.clear_cookies()
    page.get_by_text("30 days", exact=True).click()
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Energy", level=1)).to_be_visible()
    expect(page).to_have_url(f"{one.url}/energy?range=30d")


def test_a_server_that_is_away_is_said_so_until_it_is_back(one: Watched) -> None:
    page = one.open("/energy?range=24h")
    expect(page.locator("#energy-sums")).to_contain_text("226 kWh")
    bar = page.locator(".mw-offline")
    expect(bar).to_be_hidden()
    one.context.set_offline(True)
    page.get_by_text("30 days", exact=True).click()
    expect(bar).to_be_visible()
    expect(page.locator("#energy-sums")).to_contain_text("226 kWh")  # what was known stays
    one.context.set_offline(False)
    expect(bar).to_be_hidden()


def test_what_cannot_be_read_says_so_in_its_place_and_can_be_tried_again(one: Watched, stand_in: StandIn) -> None:
    stand_in.failing["energy_summary"] = SourceError("the ledger is away")
    page = one.open("/energy")
    expect(page.locator("#energy-sums .mw-empty")).to_contain_text("the ledger is away")
    expect(page.locator("#energy-sums .mantine-Skeleton-root")).to_have_count(0)
    stand_in.failing.clear()
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("#energy-sums")).to_contain_text("1.58 MWh")
    stand_in.failing["energy_summary"] = SourceError("the ledger is away")
    page.get_by_text("24 h", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="the ledger is away")).to_be_visible()
    expect(page.locator("#energy-sums")).to_contain_text("1.58 MWh")  # what was known stays
    stand_in.failing.clear()


@pytest.mark.parametrize(
    ("address", "question", "places"),
    [
        ("/", "running_jobs", ["#home-running"]),
        ("/", "overview", ["#home-sums"]),
        (f"/job/{PLAIN}", "job_series", ["#job-charts"]),
        ("/cluster", "energy_by", ["#cluster-users", "#cluster-waste"]),
    ],
)
def test_nothing_waits_for_ever(
    one: Watched, stand_in: StandIn, address: str, question: str, places: list[str]
) -> None:
    stand_in.failing[question] = SourceError("the ledger is away")
    page = one.open(address)
    for place in places:
        expect(page.locator(f"{place} .mw-empty")).to_contain_text("the ledger is away")
    expect(page.locator("#page .mantine-Skeleton-root")).to_have_count(0)
    stand_in.failing.clear()


@pytest.mark.parametrize("path", ["/", "/jobs", f"/job/{PLAIN}", "/cluster", "/method"])
def test_nothing_moves_on_a_page_at_rest(watched: Watched, path: str) -> None:
    """What moves, seen or not, has the page drawn sixty times a second for as long as it is open."""
    page = watched.open(path)
    page.wait_for_selector("#page h1")
    page.wait_for_load_state("networkidle")
    page.wait_for_selector("#page .mantine-Skeleton-root", state="detached")
    assert once(lambda: page.evaluate(MOVING) == []), page.evaluate(MOVING)  # what came in fades in


def test_the_bar_on_top_moves_while_an_answer_is_awaited(watched: Watched) -> None:
    page = watched.open("/method")
    page.wait_for_load_state("networkidle")
    page.evaluate("document.documentElement.classList.add('mw-is-busy')")
    assert "mw-slide" in page.evaluate(MOVING)


def test_a_page_that_nobody_looks_at_asks_nothing_until_it_is_looked_at_again(browser: Browser, url: str) -> None:
    asked = list[str]()
    one = Watched(context_of(browser), url)
    one.context.clock.install()
    page = one.open("/cluster")
    page.wait_for_selector("#page .main-svg")
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: asked.append(request.url))
    look(page, hidden=True)
    page.clock.run_for(300_000)
    page.wait_for_timeout(300)
    assert asked == []
    look(page, hidden=False)
    page.wait_for_timeout(2000)
    page.wait_for_load_state("networkidle")
    assert 2 <= len(asked) <= 8  # each part once, not once for every time that it was due
    asked.clear()
    page.clock.run_for(61_000)
    page.wait_for_timeout(1000)
    assert len(asked) >= 4
    one.context.close()
    assert one.faults == []


def look(page: Page, *, hidden: bool) -> None:
    """As if another tab were looked at, or this one again."""
    said = str(hidden).lower()
    page.evaluate(
        f"Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {said} }});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
