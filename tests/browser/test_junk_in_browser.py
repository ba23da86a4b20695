"""Addresses that were tampered with lead to a page with its heading, and to no error in browser or server."""

import logging
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from stand_in import HOSTILE_ID, NO_SAMPLES, REQUEUED, UNBOOKED, StandIn, job_row
from test_accessibility import settle
from watched import CHROMIUM_MARKS, Watched, narrowest

pytestmark = CHROMIUM_MARKS

JUNK = ("\0", "-1", "9" * 30, "1e309", "NaN", "' OR 1=1 --", '"><script>window.hacked=1</script>', "../../etc/passwd")
KNOWN = (
    *("q", "state", "user", "fold", "range", "since", "until", "by"),
    *("nodes", "node", "of", "scope", "array", "start"),
)
PAGES = ("/", "/jobs", "/energy", "/cluster", "/me", "/job/9001")


def tampered(path: str) -> str:
    """A page with junk of all kinds in every parameter that any page knows."""
    first = PAGES.index(path)
    parts = [f"{name}={quote(JUNK[(first + i) % len(JUNK)])}" for i, name in enumerate(KNOWN)]
    return f"{path}?{'&'.join(parts)}#%E0%A4%A"


@pytest.mark.parametrize("path", PAGES)
def test_junk_in_the_address(watched: Watched, path: str, caplog: pytest.LogCaptureFixture) -> None:
    watched.sign_in()
    watched.page.goto(f"{watched.url}{tampered(path)}")
    settle(watched.page)
    expect(watched.page.locator("h1")).to_have_count(1)
    expect(watched.page.get_by_role("alert").locator("visible=true")).to_have_count(0)
    assert watched.page.evaluate("window.hacked") is None
    assert [one.message for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_ids_that_are_none(watched: Watched) -> None:
    watched.sign_in()
    for number in ("77", "-1", "9" * 30, "%00", "9001;drop", "%3Cb%3E"):
        watched.page.goto(f"{watched.url}/job/{number}")
        expect(watched.page.get_by_role("heading", level=1, name="There is no such job")).to_be_visible()


def test_a_job_of_two_thousand_nodes(watched: Watched, stand_in: StandIn) -> None:
    huge = job_row(9050, node_list="n[0001-2000]", node_count=2000, cpus=64_000)
    stand_in.rows.append(huge)
    page = watched.open("/job/9050")
    expect(page.locator("#job-overview .js-plotly-plot")).to_be_visible()
    expect(page.locator("#job-charts h3").first).to_have_text("n0001")
    page.set_viewport_size({"width": 320, "height": 640})
    assert narrowest(page, 320) <= 320
    page.locator("#job-node").fill("n1999")
    page.get_by_role("option", name="n1999").click()
    expect(page.locator("#job-charts h3")).to_have_text(["n1999"])
    stand_in.rows.remove(huge)


def test_awkward_jobs_are_explained(watched: Watched) -> None:
    watched.sign_in()
    for number, words in ((NO_SAMPLES, "No samples"), (UNBOOKED, "not booked"), (REQUEUED, "attempt")):
        watched.page.goto(f"{watched.url}/job/{number}")
        settle(watched.page)
        expect(watched.page.locator("#page")).to_contain_text(words)
    watched.page.goto(f"{watched.url}/job/{HOSTILE_ID}")
    settle(watched.page)
    assert watched.page.evaluate("window.hacked") is None
    expect(watched.page.locator("#job-head img, #job-head b, #job-head i")).to_have_count(0)
