import json

from asking import text_of
from dash import dcc, html

from dash_app.components.attributes import data
from dash_app.components.tables import table


def _sent(part: object) -> object:
    return json.loads(json.dumps(part, default=lambda one: one.to_plotly_json()))


def test_a_row_is_sent_as_the_components_that_it_stands_for() -> None:
    link = dcc.Link("ada", href="/jobs?user=ada")
    shown = table(["User", "Jobs"], [[link, "3"]], "Users")
    body = shown.children.children[-1]
    row = html.Tr([html.Th(link, scope="row"), html.Td("3", **data(label="Jobs"))])
    assert _sent(body) == _sent(html.Tbody([row]))
    assert text_of(shown).endswith("User Jobs ada 3")


def test_a_first_cell_that_is_no_name_has_the_label_of_its_column() -> None:
    body = table(["From", "W"], [["12:00", "7"]], "Power", first_is_text=False).children.children[-1]
    row = html.Tr([html.Td("12:00", **data(label="From")), html.Td("7", **data(label="W"))])
    assert _sent(body) == _sent(html.Tbody([row]))
