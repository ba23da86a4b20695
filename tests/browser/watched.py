"""A signed-in page in a real Chromium, and what goes wrong on it: what all tests of the browser share."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

expect.set_options(timeout=30_000)  # machines that test are busy

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell"))
SHOTS = os.environ.get("MAXWATT_SCREENSHOTS", "")
TOKEN = "browser-token"
PROXY_SECRET = "only-the-proxy-of-these-tests-knows-this"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--process-per-site"]  # fmt: skip
CHROMIUM_MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists() and not os.environ.get("CI"), reason="no Chromium here"),
]


def once(seen: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether it comes to be so within some seconds: for what Playwright's own assertions do not know."""
    until = time.monotonic() + seconds
    while not seen():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def narrowest(page: Page, width: int) -> int:
    """How wide the content is, once charts have followed the window's width or some seconds have passed."""
    once(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)
    return int(page.evaluate("document.documentElement.scrollWidth"))


def signed_in_as(user: str) -> dict[str, str]:
    """What the site's proxy adds to each request of somebody."""
    return {"X-Remote-User": user, "X-Maxwatt-Proxy": PROXY_SECRET}


def context_of(browser: Browser, **options: Any) -> BrowserContext:
    """Somebody's own cookies and settings, on a wide screen if nothing else is said."""
    return browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | options))


class Watched:
    """A signed-in page and what went wrong on it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.url, self.faults, self.elsewhere = url, list[str](), list[str]()
        self.page.set_default_timeout(30_000)
        self.page.on("console", lambda m: self.faults.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda r: self._seen(r.url))
        self.page.on("response", lambda r: self.faults.append(f"{r.status} {r.url}") if r.status >= 400 else None)

    def _seen(self, address: str) -> None:
        if not address.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(address)

    def sign_in(self) -> None:
        """Without a page, which takes a while to draw."""
        self.context.request.get(f"{self.url}/tokens?token={TOKEN}")

    def open(self, path: str) -> Page:
        mark = "&" if "?" in path else "?"
        self.page.goto(f"{self.url}{path}{mark}token={TOKEN}")
        return self.page

    def on_a_phone(self, scheme: str = "light") -> None:
        self.page.set_viewport_size({"width": 390, "height": 844})
        self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    def shoot(self, name: str) -> None:
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
