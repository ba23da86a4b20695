"""The pages in a real Chromium, served by waitress: what one sees and clicks; no error, no request elsewhere."""

import re

import pytest
from playwright.sync_api import Browser, expect
from stand_in import HOSTILE_ID, PAIR, PLAIN, WIDE
from watched import CHROMIUM_MARKS, TOKEN, Watched, narrowest

pytestmark = CHROMIUM_MARKS


def test_sign_in_is_needed_and_leads_back(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    assert page.goto(f"{url}/energy?range=24h").status == 401  # type: ignore[union-attr]
    page.get_by_label("Access token").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not the token")
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Energy", level=1)).to_be_visible()
    expect(page).to_have_url(f"{url}/energy?range=24h")
    page.locator(".mw-user").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Access token")).to_be_visible()
    context.close()


def test_jobs_show_filter_sort_and_open(watched: Watched) -> None:
    page = watched.open("/jobs")
    assert "token" not in page.url
    expect(page.locator("#jobs-count")).to_have_text("430 jobs")
    expect(page.locator(".mw-simulated")).to_have_text("Simulated data")
    first = page.locator(".ag-row[row-index='0']")
    expect(first).to_contain_text("training")
    expect(first).to_contain_text("Running")
    watched.shoot("browser-jobs")

    page.get_by_role("textbox", name="User").fill("grace")
    expect(page.locator("#jobs-count")).not_to_have_text("430 jobs")
    expect(first).to_contain_text("grace")
    expect(page).to_have_url(re.compile("user=grace"))
    page.keyboard.press("Escape")
    page.locator(".ag-header-cell[col-id='energy_j']").click()
    expect(page.locator(".ag-header-cell[col-id='energy_j']")).to_have_attribute("aria-sort", "descending")
    energies = [page.locator(f".ag-row[row-index='{place}'] [col-id='energy_j']") for place in range(8)]
    for each in energies:
        expect(each).to_have_text(re.compile(r"^[\d.]+$"))
    figures = [float(each.inner_text()) for each in energies]
    assert figures == sorted(figures, reverse=True)

    first.locator("[col-id='name']").click()
    expect(page.locator("h1")).to_contain_text("Job")
    expect(page).to_have_url(re.compile("/job/"))
    page.go_back()
    expect(page.get_by_role("textbox", name="User")).to_have_value("grace")


def test_one_job(watched: Watched) -> None:
    page = watched.open(f"/job/{PLAIN}")
    expect(page.locator("h1")).to_have_text(f"Job {PLAIN}")
    expect(page.locator("#job-head")).to_contain_text("2025-06-14 15:06:40 CEST")
    expect(page.locator("#job-head")).to_contain_text("2.4 kWh")
    expect(page.locator("#job-charts .js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.locator("#job-charts .js-plotly-plot")).to_have_count(4)  # CPU, memory, traffic, power
    page.get_by_role("button", name="How do we know?").first.click()
    expect(page.get_by_text("Counted by the hardware")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_text("Figures").first.click()
    expect(page.get_by_role("columnheader", name="Dynamic power")).to_be_visible()
    watched.shoot("browser-job")


def test_hostile_names_stay_text(watched: Watched) -> None:
    page = watched.open(f"/job/{HOSTILE_ID}")
    expect(page.locator(".mw-job-name")).to_contain_text("<img src=x onerror=")
    page.goto(f"{watched.url}/jobs?q=onerror")
    expect(page.locator("#jobs-count")).to_have_text("1 job")
    expect(page.locator(".ag-row[row-index='0']")).to_contain_text("<b>bold</b>")
    assert page.evaluate("window.hacked") is None


def test_nodes_of_wide_jobs_come_in_pages(watched: Watched) -> None:
    page = watched.open(f"/job/{WIDE}")
    expect(page.locator("#job-charts .mw-job-node")).to_have_count(4)
    expect(page.locator("#job-charts h3").first).to_have_text("n001")
    page.get_by_role("button", name="50", exact=True).click()
    expect(page.locator("#job-charts h3").last).to_have_text("n200")
    page.goto(f"{watched.url}/job/{PAIR}")
    expect(page.locator("#job-charts .mw-job-node")).to_have_count(2)
    watched.shoot("browser-pair")


def test_energy(watched: Watched) -> None:
    page = watched.open("/energy")
    expect(page.locator("#energy-sums")).to_contain_text("1.58 MWh")
    expect(page.locator("#energy-ranking .js-plotly-plot, #energy-ranking .mw-empty").first).to_be_visible()
    page.get_by_text("24 h", exact=True).click()
    expect(page.locator("#energy-sums")).to_contain_text("226 kWh")
    expect(page).to_have_url(re.compile(r"/energy\?range=24h$"))
    page.get_by_text("Partitions", exact=True).click()
    expect(page).to_have_url(re.compile("by=partition"))
    watched.shoot("browser-energy")


def test_the_method_with_its_formulas_typeset(watched: Watched) -> None:
    page = watched.open("/method")
    expect(page.locator("h1")).to_have_text("The method")
    formulas = page.locator(".mw-doc mjx-container svg")
    expect(formulas.first).to_be_visible()
    formulas.nth(90).wait_for()
    assert page.locator('.mw-doc mjx-container[display="true"]').count() > 12
    assert page.locator("[data-mml-node=merror]").count() == 0
    assert "$" not in page.locator(".mw-doc").inner_text()
    page.get_by_role("link", name="How sure a figure is").first.click()
    expect(page.locator("#how-sure-a-figure-is")).to_be_in_viewport()
    watched.shoot("browser-method")


def test_figures_lead_to_what_their_marks_mean(watched: Watched) -> None:
    page = watched.open(f"/job/{PLAIN}")
    page.get_by_role("button", name="How do we know?").first.click()
    page.get_by_role("link", name="What these words mean").click()
    expect(page.locator("#what-each-mark-means")).to_be_in_viewport()
    expect(page).to_have_url(re.compile("/method#what-each-mark-means$"))
    expect(page).to_have_title("Method · maxwatt")
    page.reload()  # formulas above grow while they are typeset
    page.locator(".mw-doc mjx-container svg").nth(90).wait_for()
    expect(page.locator("#what-each-mark-means")).to_be_in_viewport()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_narrow_screens_fit(watched: Watched, scheme: str) -> None:
    watched.on_a_phone(scheme)
    waits = {"/jobs": ".mw-job-link", f"/job/{PLAIN}": "#job-charts .main-svg", "/energy": "#energy-sums .main-svg"}
    waits["/method"] = ".mw-doc mjx-container svg"
    waits = waits if scheme == "light" else {"/jobs": waits["/jobs"]}  # a scheme has colours, no widths of its own
    for path, selector in waits.items():
        page = watched.open(path)
        page.wait_for_selector(selector)
        assert narrowest(page, 390) <= 390, path
        assert page.evaluate("document.documentElement.getAttribute('data-mantine-color-scheme')") == scheme
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(244, 246, 248)", "dark": "rgb(20, 24, 29)"}[scheme]
        watched.shoot(f"browser-narrow-{scheme}-{path.strip('/').replace('/', '-')}")
    page.get_by_role("button", name="Navigation").click()
    page.locator(".mw-drawer").get_by_role("link", name="Jobs", exact=True).click()
    expect(page.locator("h1")).to_have_text("Jobs")


def test_the_scheme_can_be_switched_and_is_remembered(watched: Watched) -> None:
    page = watched.open("/jobs")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


def test_a_page_that_is_not_there(watched: Watched) -> None:
    page = watched.open("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page).to_have_title("Not found · maxwatt")


def test_the_language_is_chosen_in_the_menu_and_kept(watched: Watched) -> None:
    page = watched.open("/energy?range=24h")
    menu = page.locator(".mw-user-menu")
    page.locator(".mw-user").press("Enter")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    page.locator(".mw-user").press("Enter")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page).to_have_url(f"{watched.url}/energy?range=24h")
    page.goto(f"{watched.url}/jobs")
    expect(page.locator("html")).to_have_attribute("lang", "de")
