"""When a person first sees something of a page: Chromium's own entries, with an empty cache and with a full one."""

import os
from collections.abc import Sequence
from pathlib import Path

from app_kinds import Kind
from measuring import Figures

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
SHOWN = (
    """() => performance.getEntriesByType('paint').find(e => e.name === 'first-contentful-paint')?.startTime ?? null"""
)
FULL = ".mw-page > *"
"""Something of the page itself stands there."""


def paint(access_url: str, asked: Sequence[Kind]) -> dict[str, Figures]:
    """First contentful paint, and when the page's own content stood there [ms], by kind."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell")
    if not Path(chromium).exists():
        return {}
    url = access_url.partition("?")[0].rstrip("/")
    found: dict[str, Figures] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for kind in asked:
            context = browser.new_context(viewport={"width": 1400, "height": 900})
            page = context.new_page()
            page.set_default_timeout(60_000)
            context.request.get(access_url)  # signs in: the cookie, and nothing of the page
            found[kind.name] = {}
            for how in ("cold", "warm"):
                page.goto(url + kind.address)
                page.wait_for_selector(FULL, state="attached")
                stood_ms = page.evaluate("() => performance.now()")
                page.wait_for_timeout(300)
                found[kind.name] |= {how: page.evaluate(SHOWN), f"{how}_page": round(stood_ms)}
            context.close()
        browser.close()
    return found
