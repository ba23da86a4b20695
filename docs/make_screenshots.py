"""Makes the pictures of the pages: `python docs/make_screenshots.py URL TOKEN OUTDIR`.

Drives Chromium (from CHROMIUM, else /usr/bin/chromium-headless-shell) over every page that the navigation offers, and
one job: wide and light, wide and dark, narrow and light; the job in German, too. The job is the one with the most
energy among the newest, or MAXWATT_JOB, such as `/job/42`.
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
VARIANTS: Final = {
    "wide": (1440, 900, "light", "en"),
    "dark": (1440, 900, "dark", "en"),
    "narrow": (390, 844, "light", "en"),
    "german": (1440, 900, "light", "de"),
}
LONG: Final = ("jobs", "method")
"""Pages of which the first screen is enough."""

GERMAN: Final = ("job",)
"""Pages that are taken in German, too."""


def main(url: str, token: str, folder: Path) -> None:
    """All pictures, as `jobs-wide.png` and so on; the start page is `home`."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell"), args=ARGUMENTS
        )
        for variant in VARIANTS:
            page = _page(browser, *VARIANTS[variant])
            page.goto(f"{url}/jobs?token={token}")
            for name, address in _pages(page).items():
                if variant != "german" or name in GERMAN:
                    page.goto(f"{url.rstrip('/')}{address}")
                    _shoot(page, folder / f"{name}-{variant}.png", whole=name not in LONG)
            page.close()
        browser.close()


def _page(browser: Browser, width: int, height: int, scheme: str, language: str) -> Page:
    dark = "dark" if scheme == "dark" else "light"
    scale = 2 if width < 600 else 1
    return browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=dark, device_scale_factor=scale, locale=language
    )


def _pages(page: Page) -> dict[str, str]:
    """Name and address of every page in the navigation, and of the job."""
    page.wait_for_selector(".mw-job-link")
    links = [link.get_attribute("href") or "" for link in page.locator(".mw-nav .mw-nav-link, .mw-menu-links a").all()]
    pages = {link.rpartition("/")[2] or "home": link for link in links}
    return pages | {"job": os.environ.get("MAXWATT_JOB") or _job(page)}


def _job(page: Page) -> str:
    """Address of the job with the most energy among those in sight."""
    found = [
        (_number(row.locator("[col-id='energy_j']").inner_text()), row.locator("a").get_attribute("href") or "/jobs")
        for row in page.locator(".ag-center-cols-container .ag-row").all()
    ]
    return max(found)[1]


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return 0.0  # unknown, or too little to show


def _shoot(page: Page, path: Path, *, whole: bool) -> None:
    page.wait_for_selector("#page h1")
    page.wait_for_load_state("networkidle")
    page.wait_for_selector("#page .mantine-Skeleton-root", state="detached")
    page.wait_for_timeout(1200)  # charts and formulas are drawn
    page.screenshot(path=path, full_page=whole)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
