"""A real Chromium that looks at the pages of a running server."""

import contextlib
import os
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip


@contextlib.contextmanager
def signed_in(access_url: str) -> Iterator[Page]:
    """A page signed in with the address that the server printed."""
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(60_000)
        page.goto(access_url)
        yield page
        browser.close()
