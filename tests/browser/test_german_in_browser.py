"""The pages in German: no text of the catalogue is left English on any page of the registry."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from stand_in import PLAIN
from test_accessibility import ADDRESSES, settle
from watched import CHROMIUM_MARKS, Watched, context_of

from dash_app.languages.__main__ import HERE, read

pytestmark = CHROMIUM_MARKS

SEEN = """() => {
  const found = new Set(), root = document.body;
  const english = node => (node.nodeType === 1 ? node : node.parentElement)
    .closest('[lang=en], script, style, .mw-menu');
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (!english(walker.currentNode)) found.add(walker.currentNode.textContent.trim());
  for (const one of root.querySelectorAll('[aria-label], [title], [placeholder]'))
    for (const name of ['aria-label', 'title', 'placeholder'])
      if (one.getAttribute(name) && !english(one)) found.add(one.getAttribute(name).trim());
  found.delete('');
  return [...found];
}"""


def english_texts() -> set[str]:
    """Texts that read differently in German, without values in them."""
    texts = (text for text in read(HERE / "de.po") if isinstance(text.id, str) and text.id != text.string)
    return {str(text.id).strip() for text in texts if "{" not in str(text.id)}


@pytest.fixture(scope="module")
def german(browser: Browser, url: str) -> Iterator[Page]:
    one = Watched(context_of(browser, locale="de-DE"), url)
    yield one.open("/method")
    one.context.close()


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_text_is_left_english(german: Page, url: str, address: str) -> None:
    german.goto(f"{url}{address}")
    settle(german)
    assert set(german.evaluate(SEEN)) & english_texts() == set()


def test_figures_have_a_comma(german: Page, url: str) -> None:
    german.goto(f"{url}/job/{PLAIN}")
    expect(german.locator("#job-head")).to_contain_text("2,4 kWh")
    german.goto(f"{url}/jobs")
    expect(german.locator(".ag-row[row-index='0']")).to_contain_text("Läuft")
    expect(german.locator(".ag-row[row-index='0'] [col-id='energy_j']")).to_have_text("2,4")
