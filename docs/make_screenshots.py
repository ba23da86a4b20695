"""Makes the pictures of the pages: `python docs/make_screenshots.py URL TOKEN OUTDIR`.

Drives Chromium (from CHROMIUM, else /usr/bin/chromium) over the job table, one job and the energy page: wide and
light, wide and dark, narrow and light. The job is the one with the most energy among the newest, or MAXWATT_JOB, such
as `/job/42`.
"""

import os
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VARIANTS: Final = {"wide": (1440, 900, "light"), "dark": (1440, 900, "dark"), "narrow": (390, 844, "light")}


def main(url: str, token: str, folder: Path) -> None:
    """All pictures, as `jobs-wide.png` and so on."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=ARGUMENTS
        )
        for variant, (width, height, scheme) in VARIANTS.items():
            page = _page(browser, width, height, scheme)
            page.goto(f"{url}/?token={token}")
            _shoot_all(page, url.rstrip("/"), folder, variant)
            page.close()
        browser.close()


def _page(browser: Browser, width: int, height: int, scheme: str) -> Page:
    dark = "dark" if scheme == "dark" else "light"
    scale = 2 if width < 600 else 1
    return browser.new_page(viewport={"width": width, "height": height}, color_scheme=dark, device_scale_factor=scale)


def _shoot_all(page: Page, url: str, folder: Path, variant: str) -> None:
    page.wait_for_selector(".mw-job-link")
    page.wait_for_timeout(600)
    page.screenshot(path=folder / f"jobs-{variant}.png")
    page.goto(f"{url}{os.environ.get('MAXWATT_JOB') or _job(page)}")
    page.wait_for_selector("#job-charts .js-plotly-plot, #job-charts .mw-empty")
    _shoot_whole(page, folder / f"job-{variant}.png")
    page.goto(f"{url}/energy")
    page.wait_for_selector("#energy-ranking .js-plotly-plot, #energy-ranking .mw-empty")
    _shoot_whole(page, folder / f"energy-{variant}.png")


def _job(page: Page) -> str:
    """Address of the job with the most energy among those in sight."""
    found = [
        (_number(row.locator("[col-id='energy_j']").inner_text()), row.locator("a").get_attribute("href") or "/jobs")
        for row in page.locator(".ag-center-cols-container .ag-row").all()
    ]
    return max(found)[1]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0  # unknown, or too little to show


def _shoot_whole(page: Page, path: Path) -> None:
    page.wait_for_timeout(900)  # charts fade in
    page.screenshot(path=path, full_page=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
