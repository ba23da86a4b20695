"""What somebody who is no administrator sees: their own pages without a fault, sessions, jobs that wait."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from recorded_hub import RecordedHub
from stand_in import HOUR_MS, NOW_MS, StandIn, job_row
from test_accessibility import faults, settle
from watched import CHROMIUM_MARKS, Watched, context_of, narrowest, signed_in_as

from dash_app.pages import job

pytestmark = CHROMIUM_MARKS

WAITS = 9100
OWN = ("/", "/energy", "/me", "/sessions", "/tokens", f"/job/{WAITS}", "/cluster", "/quality")
"""Pages that look otherwise for who sees their own jobs only."""


@pytest.fixture(scope="module")
def ada(browser: Browser, people: str) -> Iterator[Watched]:
    """Sees her own jobs, on a phone in the dark."""
    looks = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "reduced_motion": "reduce"}
    one = Watched(context_of(browser, extra_http_headers=signed_in_as("ada"), **looks), people)
    yield one
    assert one.faults == []
    one.context.close()


@pytest.fixture(scope="module")
def grace(browser: Browser, people: str) -> Iterator[Watched]:
    """Coordinates an account; German, on a wide screen."""
    looks = {"locale": "de-DE", "reduced_motion": "reduce"}
    one = Watched(context_of(browser, extra_http_headers=signed_in_as("grace"), **looks), people)
    yield one
    assert one.faults == []
    one.context.close()


def opened(one: Watched, address: str) -> Page:
    one.page.goto(f"{one.url}{address}")
    settle(one.page)
    return one.page


@pytest.mark.parametrize("address", OWN)
def test_no_serious_fault_for_a_user(ada: Watched, address: str) -> None:
    page = opened(ada, address)
    page.set_viewport_size({"width": 320, "height": 844})
    assert narrowest(page, 320) <= 320
    ada.shoot(f"user-narrow-dark{address.replace('/', '-')}")
    page.set_viewport_size({"width": 390, "height": 844})
    assert faults(page) == []


@pytest.mark.parametrize("address", ["/me", "/sessions", f"/job/{WAITS}"])
def test_no_serious_fault_for_a_coordinator(grace: Watched, address: str) -> None:
    page = opened(grace, address)
    assert faults(page) == []
    grace.shoot(f"coordinator-german{address.replace('/', '-')}")


def test_who_sees_their_own_is_offered_and_shown_no_more(ada: Watched) -> None:
    page = opened(ada, "/cluster")
    expect(page.get_by_role("heading", level=1, name="Not for everybody")).to_be_visible()
    offered = page.locator(".mw-drawer .mw-nav-link").all_text_contents()
    assert offered == ["My jobs", "Jobs", "Energy", "Method"]
    expect(opened(ada, "/tokens").get_by_label("Shows everybody's jobs")).to_have_count(0)


def test_a_coordinator_chooses_whose_jobs(grace: Watched) -> None:
    page = opened(grace, "/me")
    page.get_by_role("textbox", name="Wessen Jobs").click()
    page.get_by_role("option", name="biophys").click()
    page.wait_for_url("**/me?of=biophys")


def test_sessions_that_run_and_wait_lead_to_their_jobs(ada: Watched) -> None:
    page = opened(ada, "/sessions")
    expect(page.get_by_role("heading", name="JupyterLab").last).to_be_visible()
    expect(page.get_by_role("link", name="Open JupyterLab")).to_have_attribute("href", "/user/ada/lab/")
    waiting = page.locator(".mw-sessions .mw-card").filter(has_text="Waiting in the queue")
    waiting.get_by_role("link", name=str(WAITS)).click()
    expect(page.locator("#job-waiting")).to_contain_text("other jobs come first")


def test_a_job_that_waits_becomes_one_that_runs(
    ada: Watched, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "REFRESH_MS", 500)
    page = opened(ada, f"/job/{WAITS}")
    expect(page.locator("#job-waiting")).to_contain_text("Expected start")
    started = job_row(WAITS, state="RUNNING", start_ms=NOW_MS - HOUR_MS, end_ms=None, name="has-started")
    stand_in.rows.append(started)
    expect(page.locator("#job-head")).to_contain_text("has-started")
    expect(page.locator("#job-charts .js-plotly-plot").first).to_be_visible()
    stand_in.rows.remove(started)


def test_a_hub_that_is_away_is_said(ada: Watched, hub: RecordedHub) -> None:
    answers, hub.answers = hub.answers, {"GET /users/ada": (503, b"<h1>no</h1>")}
    page = ada.page
    page.goto(f"{ada.url}/sessions")
    expect(page.get_by_role("alert").filter(has_text="The sessions cannot be read.")).to_be_visible()
    assert "Traceback" not in page.inner_text("body")
    page.goto(f"{ada.url}/job/9001")
    expect(page.locator("#job-head")).to_contain_text("9001")
    hub.answers = answers
