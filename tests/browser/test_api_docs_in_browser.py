"""The page of the API: without a script, nothing from elsewhere, no serious fault, readable at 320 pixels."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from watched import CHROMIUM_MARKS, Watched, narrowest

pytestmark = CHROMIUM_MARKS


def test_the_page_of_the_api_is_readable_by_everybody(watched: Watched) -> None:
    page = watched.open("/api/v1/docs")
    expect(page.get_by_role("heading", level=1)).to_contain_text("API")
    for width, scheme in ((1440, "light"), (1440, "dark"), (320, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page).response["violations"]
        assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []
    assert narrowest(page, 320) <= 320


def test_its_links_lead_to_what_they_name(watched: Watched) -> None:
    page = watched.open("/api/v1/docs")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_role("link", name="/jobs/{job_id}/series").first.click()
    expect(page.locator("#job_series h2")).to_be_in_viewport()
    page.locator("#job_series").get_by_role("link", name="JobSeries").click()
    expect(page.locator("#type-JobSeries h2")).to_be_in_viewport()
    targets = page.evaluate("[...document.querySelectorAll('a[href^=\\'#\\']')].map(one => one.hash.slice(1))")
    assert page.evaluate("names => names.filter(name => !document.getElementById(name))", targets) == []
