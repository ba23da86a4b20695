"""The method page of the app: its sections, its links, and the ways that lead to it."""

from asking import by_id, text_of, walk
from dash import dcc, html
from stand_in import NOW_MS, PLAIN, StandIn

from dash_app.components.document import anchor, article, contents, sections
from dash_app.components.evidence import MARKS, evidence_popover
from dash_app.components.status import status_line
from dash_app.context import PageContext
from dash_app.factory import PAGES
from dash_app.pages import method
from dash_app.shell import page_of
from maxwatt.domain.viewer import ADMIN

TEXT = "# Title\n\nFirst $E_k$.\n\n## One: of two\n\n### Deep down\n\ntext\n\n## Two\n\n| # no heading |\n"


def layout() -> html.Div:
    queries = StandIn()
    return method.layout(PageContext(ADMIN, queries, queries.status(ADMIN), "/method", "", NOW_MS))


def test_a_text_falls_into_its_sections() -> None:
    found = [(part.level, part.title, part.anchor, part.body) for part in sections(TEXT)]
    assert found == [
        (1, "Title", "title", "First $E_k$."),
        (2, "One: of two", "one-of-two", ""),
        (3, "Deep down", "deep-down", "text"),
        (2, "Two", "two", "| # no heading |"),
    ]


def test_anchors_are_those_of_code_hosts() -> None:
    assert anchor("A worked example: from sysfs to gram") == "a-worked-example-from-sysfs-to-gram"


def test_contents_name_the_sections_and_lead_to_them() -> None:
    parts = sections(TEXT)
    links = [(part.children, part.href) for part in walk(contents(parts)) if isinstance(part, html.A)]
    assert links == [("One: of two", "#one-of-two"), ("Two", "#two")]
    shown = article(parts)
    assert by_id(shown, "deep-down").children == "Deep down"
    markdown = [part for part in walk(shown) if isinstance(part, dcc.Markdown)]
    assert len(markdown) == 3 and all(part.mathjax for part in markdown)


def test_the_page_holds_the_whole_method() -> None:
    page = layout()
    assert page_of("/method", PAGES) is method
    text = text_of(page)
    assert "Every joule that was measured is booked exactly once" in text and "8124" in text
    assert by_id(page, MARKS.partition("#")[2]).children == "What each mark means"
    anchors = {part.id for part in walk(page) if isinstance(part, html.H1 | html.H2 | html.H3)}
    assert {part.href for part in walk(page) if isinstance(part, html.A)} <= {f"#{name}" for name in anchors}


def test_figures_and_the_status_line_lead_to_it() -> None:
    queries = StandIn()
    job = queries.job(ADMIN, PLAIN)
    assert job is not None
    hrefs = {part.href for part in walk(evidence_popover(job.row.evidence)) if isinstance(part, dcc.Link)}
    assert hrefs == {"/method", MARKS}
    status = status_line(queries.status(ADMIN), NOW_MS)
    assert "/method" in {part.href for part in walk(status) if isinstance(part, dcc.Link)}
