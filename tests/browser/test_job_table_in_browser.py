"""The job table as one works with it: filters, chips, the address, folding, columns, the keyboard; and "My jobs"."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from stand_in import NOW_MS, StandIn, job_row
from watched import CHROMIUM_MARKS, Watched, narrowest

pytestmark = CHROMIUM_MARKS


@pytest.fixture
def arrays(stand_in: StandIn) -> Iterator[StandIn]:
    """Beside the others: an array of 24 tasks, two of which failed."""
    before = list(stand_in.rows)
    stand_in.rows += [
        job_row(
            7000 + task, name="sweep", user="ada", array_job_id=7000, array_task_id=task, tags=("#test",),
            state="FAILED" if task < 2 else "COMPLETED",
        )
        for task in range(24)
    ]  # fmt: skip
    yield stand_in
    stand_in.rows[:] = before


def test_filters_stand_in_the_address_and_as_chips_and_go_again(watched: Watched) -> None:
    page = watched.open("/jobs?state=TIMEOUT,bogus&energy=0.1..&cpu=nonsense")
    expect(page.locator("#jobs-count")).not_to_have_text("")
    chips = page.locator("#jobs-chips .mw-chip")
    expect(chips).to_have_count(3)  # two that can be read, and the one that clears all
    expect(chips.first).to_contain_text("Timeout")
    page.get_by_role("button", name="All filters").click()
    expect(page.get_by_role("textbox", name="Account")).to_be_focused()
    page.get_by_label("CPU used at most [%]").fill("95")
    expect(page).to_have_url(re.compile(r"cpu=\.\.95"))
    expect(chips).to_have_count(4)
    page.reload()
    expect(chips).to_have_count(4)
    expect(page.get_by_label("CPU used at most [%]")).to_have_value("95")
    page.get_by_role("button", name="Remove the filter State").click()
    expect(chips).to_have_count(3)
    expect(page).not_to_have_url(re.compile("state"))
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#jobs-count")).to_have_text("430 jobs")
    expect(page).to_have_url(re.compile("/jobs$"))
    expect(page.locator("#jobs-q")).to_be_focused()


def test_an_array_is_one_row_that_opens_to_its_tasks(watched: Watched, arrays: StandIn) -> None:
    page = watched.open("/jobs?q=sweep&user=ada")
    expect(page.locator("#jobs-count")).to_have_text("25 jobs in 2 rows")
    row = page.locator(".ag-row", has_text="×24")
    expect(row).to_contain_text("22 Completed · 2 Failed")
    row.locator("[col-id='name']").click()
    expect(page.locator("#jobs-count")).to_have_text("24 jobs")
    expect(page).to_have_url(re.compile("array=7000"))
    expect(page).to_have_url(re.compile("fold=none"))
    page.go_back()
    expect(page.locator("#jobs-count")).to_have_text("25 jobs in 2 rows")
    page.get_by_text("Nothing", exact=True).click()
    expect(page.locator("#jobs-count")).to_have_text("25 jobs")
    page.get_by_text("Names", exact=True).click()
    expect(page.locator(".ag-row", has_text="24 jobs")).to_be_visible()


def test_older_jobs_are_looked_at_when_asked_for_until_a_filter_changes(watched: Watched, stand_in: StandIn) -> None:
    stand_in.looked_since_ms = NOW_MS
    try:
        page = watched.open("/jobs?q=big")
        expect(page.get_by_role("heading", name="No job since")).to_be_visible()
        page.get_by_role("link", name="Look at older ones too").click()
        expect(page.locator("#jobs-count")).to_have_text("1 job")
        expect(page).to_have_url(re.compile("back=all"))
        page.reload()
        expect(page.locator("#jobs-count")).to_have_text("1 job")
        page.get_by_label("Search job id, name or node").fill("sweep")
        expect(page.get_by_role("heading", name="No job since")).to_be_visible()
        expect(page).not_to_have_url(re.compile("back=all"))
    finally:
        stand_in.looked_since_ms = None


def test_columns_are_chosen_and_remembered(watched: Watched, arrays: StandIn) -> None:
    page = watched.open("/jobs?tag=%23test&fold=none")
    expect(page.locator("#jobs-count")).to_have_text("24 jobs")
    assert page.locator(".ag-header-cell[col-id='tags']").count() == 0
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Tags").check()
    expect(page.locator(".ag-row [col-id='tags']").first).to_have_text("#test")
    page.get_by_role("checkbox", name="User").uncheck()
    expect(page.locator(".ag-header-cell[col-id='user']")).to_have_count(0)
    page.reload()
    expect(page.locator(".ag-header-cell[col-id='tags']")).to_be_visible()
    expect(page.locator(".ag-header-cell[col-id='user']")).to_have_count(0)


def test_the_keyboard_reaches_rows_and_opens_them(watched: Watched) -> None:
    page = watched.open("/jobs?user=ada")
    expect(page.locator(".ag-row [col-id='job_id'] a").first).to_be_visible()
    page.locator(".ag-row [col-id='name']").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Job ")
    expect(page).to_have_url(re.compile("/job/"))


def test_filters_are_a_drawer_on_a_phone(watched: Watched) -> None:
    watched.on_a_phone()
    page = watched.open("/jobs")
    expect(page.locator("#jobs-count")).to_have_text("430 jobs")
    expect(page.get_by_role("textbox", name="User")).to_be_hidden()
    page.get_by_role("button", name="All filters").click()
    page.get_by_role("textbox", name="User").fill("grace")
    expect(page).to_have_url(re.compile("user=grace"))
    page.get_by_role("button", name="Show jobs").click()
    expect(page.get_by_role("textbox", name="User")).to_be_hidden()
    expect(page.locator("#jobs-chips")).to_contain_text("grace")
    assert narrowest(page, 390) <= 390


def test_my_jobs(watched: Watched) -> None:
    page = watched.open("/")
    expect(page.locator("h1")).to_have_text("Jobs of everybody")
    expect(page.locator("#home-running")).to_contain_text("412 W")
    expect(page.locator("#home-waiting")).to_contain_text("other jobs come first")
    expect(page.locator("#home-waiting")).to_contain_text("12 more wait")
    expect(page.locator("#home-sums")).to_contain_text("At this point last week")
    expect(page.locator("#home-sums .main-svg").first).to_be_visible()
    assert page.evaluate("window.hacked") is None
    watched.shoot("browser-home")
    page.locator("#home-running a").first.click()
    expect(page.locator("h1")).to_contain_text("Job ")
