"""Addresses that were tampered with lead to a page with its heading, and to no error in browser or server."""

import logging
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from stand_in import HOSTILE_ID, NO_SAMPLES, REQUEUED, UNBOOKED
from test_accessibility import settle
from watched import CHROMIUM_MARKS, Watched

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
    watched.open("/sessions")
    watched.page.goto(f"{watched.url}{tampered(path)}")
    settle(watched.page)
    expect(watched.page.locator("h1")).to_have_count(1)
    expect(watched.page.get_by_role("alert").locator("visible=true")).to_have_count(0)
    assert watched.page.evaluate("window.hacked") is None
    assert [one.message for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_ids_that_are_none(watched: Watched) -> None:
    watched.open("/sessions")
    for number in ("77", "-1", "9" * 30, "%00", "9001;drop", "%3Cb%3E"):
        watched.page.goto(f"{watched.url}/job/{number}")
        expect(watched.page.get_by_role("heading", level=1, name="There is no such job")).to_be_visible()


def test_awkward_jobs_are_explained(watched: Watched) -> None:
    watched.open("/sessions")
    for number, words in ((NO_SAMPLES, "No samples"), (UNBOOKED, "not booked"), (REQUEUED, "attempt")):
        watched.page.goto(f"{watched.url}/job/{number}")
        settle(watched.page)
        expect(watched.page.locator("#page")).to_contain_text(words)
    watched.page.goto(f"{watched.url}/job/{HOSTILE_ID}")
    settle(watched.page)
    assert watched.page.evaluate("window.hacked") is None
    expect(watched.page.locator("#job-head img, #job-head b, #job-head i")).to_have_count(0)
