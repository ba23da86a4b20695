"""The page of a job in a real Chromium: what opens, switches, is copied and taken along, and stays where it is."""

import pytest
from playwright.sync_api import expect
from stand_in import NO_SAMPLES, PLAIN, RUNNING, WIDE
from watched import CHROMIUM_MARKS, Watched, narrowest

pytestmark = CHROMIUM_MARKS


def test_how_we_know_opens_and_closes(watched: Watched) -> None:
    page = watched.open(f"/job/{PLAIN}")
    page.get_by_role("button", name="How do we know?").nth(1).click()  # that of CO2
    drawer = page.get_by_role("dialog", name="How do we know?")
    expect(drawer).to_contain_text("Counted by the hardware")
    expect(drawer).to_contain_text("2.4 kWh × 360 g/kWh = 864 g")
    expect(drawer).to_contain_text("96 to 98.5 W (calibrated from 120 job-free intervals)")
    watched.shoot("browser-job-why")
    page.keyboard.press("Escape")
    expect(drawer).not_to_be_visible()


def test_the_switch_of_cores_changes_the_scale(watched: Watched) -> None:
    page = watched.open(f"/job/{PLAIN}")
    expect(page.get_by_text("CPU, % of 16 CPUs")).to_be_visible()
    page.get_by_role("switch", name="Logical cores").click()
    expect(page.get_by_text("CPU, % of 8 cores")).to_be_visible()
    expect(page.get_by_text("allocated 200 %")).to_be_visible()
    page.reload()  # the choice is kept
    expect(page.get_by_text("CPU, % of 8 cores")).to_be_visible()


def test_a_line_of_advice_is_copied(watched: Watched) -> None:
    watched.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = watched.open(f"/job/{PLAIN}")
    page.get_by_role("button", name="Copy: #SBATCH --mem=24G").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "#SBATCH --mem=24G"
    folder = page.get_by_role("button", name="Copy: Work folder")
    folder.click()
    expect(folder.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "/home/ada/runs/npt"


@pytest.mark.parametrize("name", ["report.pdf", "summary.csv", "series.parquet"])
def test_files_are_downloaded(watched: Watched, name: str) -> None:
    page = watched.open(f"/job/{PLAIN}")
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as waiting:
        page.locator(f".mw-downloads a[href$='/{name}']").click()
    assert waiting.value.suggested_filename == f"job-{PLAIN}-{name}"
    assert waiting.value.path().stat().st_size > 500


def test_a_large_job_in_one_picture(watched: Watched) -> None:
    page = watched.open(f"/job/{WIDE}")
    picture = page.locator("#job-overview .js-plotly-plot .heatmaplayer image, #job-overview .heatmaplayer .hm")
    expect(picture.first).to_be_attached(timeout=120_000)  # after two dozen charts, on a machine that does more besides
    expect(page.locator("#job-charts .mw-job-node")).to_have_count(4)
    page.locator("#job-metric").get_by_text("CPU", exact=True).click()
    expect(page.locator("#job-overview")).to_contain_text("CPU, node by node")
    assert narrowest(page, 1440) <= 1440
    watched.shoot("browser-job-wide")


def test_the_table_of_a_node_comes_when_it_is_opened(watched: Watched) -> None:
    page = watched.open(f"/job/{PLAIN}")
    head = page.get_by_role("columnheader", name="Dynamic power")
    opener = page.locator("#job-charts .mw-job-node summary")
    expect(opener).to_be_visible()
    assert head.count() == 0
    opener.focus()
    page.keyboard.press("Enter")
    expect(head).to_be_visible()
    watched.shoot("browser-job-table")
    page.get_by_role("switch", name="Logical cores").click()
    expect(page.get_by_text("CPU, % of 8 cores")).to_be_visible()
    if opener.locator("xpath=..").get_attribute("open") is None:  # the charts are made anew, and the table with them
        opener.click()
    expect(head).to_be_visible()


def test_a_live_job_is_refreshed_without_jumps(watched: Watched) -> None:
    page = watched.open(f"/job/{RUNNING}")
    expect(page.locator("#job-charts .main-svg").first).to_be_visible()
    page.get_by_text("Figures", exact=False).first.click()
    page.wait_for_selector("#page .mantine-Skeleton-root", state="detached")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(600)
    before = page.evaluate("[document.documentElement.scrollHeight, document.querySelector('#job-charts').offsetTop]")
    page.evaluate("document.querySelector('.js-plotly-plot').marked = true")
    with page.expect_response(lambda answer: "job-charts" in (answer.request.post_data or "")):
        page.evaluate("dash_clientside.set_props('job-refresh', {n_intervals: 1})")
    page.wait_for_timeout(900)
    after = page.evaluate("[document.documentElement.scrollHeight, document.querySelector('#job-charts').offsetTop]")
    assert after == before
    assert page.evaluate("document.querySelector('.js-plotly-plot').marked")  # redrawn in place, not anew
    expect(page.locator("#job-charts details").first).to_have_attribute("open", "")


def test_the_keyboard_stays_where_it_was_in_a_live_head(watched: Watched) -> None:
    page = watched.open(f"/job/{RUNNING}")
    button = page.get_by_role("button", name="Copy: Work folder")
    button.focus()
    page.evaluate("document.activeElement.marked = true")
    with page.expect_response(lambda answer: "job-head.children" in (answer.request.post_data or "")):
        page.evaluate("dash_clientside.set_props('job-refresh', {n_intervals: 1})")
    expect(button).not_to_have_js_property("marked", True)  # it is another one
    expect(button).to_be_focused()


def test_nothing_is_known_and_nothing_is_there(watched: Watched) -> None:
    page = watched.open(f"/job/{NO_SAMPLES}")
    expect(page.locator("#job-charts")).to_contain_text("No samples of this job")
    page.goto(f"{watched.url}/job/77")
    expect(page.get_by_role("heading", name="There is no such job")).to_be_visible()
    page.goto(f"{watched.url}/job/{PLAIN}?start=17")
    expect(page.get_by_role("heading", name="There is no such job")).to_be_visible()


@pytest.mark.parametrize(
    ("job_id", "selector"), [(WIDE, "#job-overview .main-svg"), (RUNNING, "#job-charts .main-svg")]
)
def test_on_a_phone_it_fits(watched: Watched, job_id: int, selector: str) -> None:
    watched.on_a_phone("dark")
    page = watched.open(f"/job/{job_id}")
    page.wait_for_selector(selector)
    assert narrowest(page, 390) <= 390
    page.get_by_text("Download", exact=True).click()
    assert narrowest(page, 390) <= 390
    watched.shoot(f"browser-job-phone-{job_id}")
