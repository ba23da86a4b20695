"""The OpenAPI document: complete, with units in every name. docs/openapi.json is the one that was agreed on."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from stand_in import StandIn

from dash_app.api.blueprint import api_blueprint
from dash_app.api.catalogue import RESOURCES
from dash_app.api.docs_page import docs_page
from dash_app.api.openapi import described, document
from dash_app.api.resource import Resource
from maxwatt.domain.viewer import ADMIN, Viewer

GOLDEN = Path(__file__).parents[3] / "docs" / "openapi.json"

UNIT = re.compile(r"_(ms|s|j|w|g|g_per_kwh|bytes|hours)$|^g_per_kwh$")
SHARE = re.compile(r"^(.*_efficiency|.*_ratio|.*_use|utilisation|coverage|uncertainty|(.*_)?shares?)$")
COUNTED = re.compile(
    r"^(cost|(gpu_)?jobs|people|count|windows|days|intervals|total|.*offset|index|held|of|gpus|(node_)?cpus|cpu_used|.*_count|.*_id|"
    r"exit_code|exit_signal|gpu|parts|completed|states|unknown|threads_per_core|.*_revision|method_version|status)$"
)
"""Numbers of things, ids, and money, whose unit the status says."""
SAID_BESIDE = {
    "FigureUse": {"value"},  # its quantity says in what
    "BoardUse": {"highest"},  # utilisation
    "Quartiles": {"this", "lower", "median", "upper"},  # its name says in what
    "Advice": {"used", "proposed"},  # its kind says in what
}


def numeric(schema: dict[str, Any]) -> bool:
    inner = [*schema.get("anyOf", []), schema.get("items"), schema.get("additionalProperties")]
    return schema.get("type") in {"number", "integer"} or any(numeric(each) for each in inner if isinstance(each, dict))


def numbers() -> Iterator[tuple[str, str]]:
    for name, schema in document(RESOURCES)["components"]["schemas"].items():
        yield from ((name, field) for field, each in schema.get("properties", {}).items() if numeric(each))


def test_the_document_is_the_one_agreed_on() -> None:
    """A change is agreed on with `python docs/generate.py`, which writes it."""
    assert json.loads(GOLDEN.read_text(encoding="utf-8")) == document(RESOURCES)


def test_every_number_says_its_unit() -> None:
    said = (UNIT, SHARE, COUNTED)
    bare = [(name, field) for name, field in numbers() if not any(each.search(field) for each in said)]
    bare = [(name, field) for name, field in bare if field not in SAID_BESIDE.get(name, set())]
    assert not bare


def test_every_route_is_in_the_document() -> None:
    server = Flask("api")
    server.register_blueprint(api_blueprint(StandIn(), lambda: ADMIN))
    routes = {
        str(rule).removeprefix("/api/v1").replace("<", "{").replace(">", "}")
        for rule in server.url_map.iter_rules()
        if rule.endpoint not in {"static", "api.nowhere", "api.openapi", "api.docs"}
    }
    assert routes == set(document(RESOURCES)["paths"])


def test_every_operation_and_parameter_says_what_it_is() -> None:
    for path, item in document(RESOURCES)["paths"].items():
        operation = item["get"]
        assert operation["summary"].endswith("."), path
        assert {"400", "401", "503"} < operation["responses"].keys()
        assert ("404" in operation["responses"]) == ("{" in path)
        for parameter in operation["parameters"]:
            assert parameter["description"], (path, parameter["name"])
            assert "null" not in json.dumps(parameter["schema"])


def test_fields_of_answers_are_always_there() -> None:
    for name, schema in document(RESOURCES)["components"]["schemas"].items():
        assert schema.get("required", []) == list(schema.get("properties", {})), name


def test_lines_of_a_docstring_go_to_their_fields() -> None:
    text = "A thing.\n\nMore.\n\nArgs:\n    a, b: first\n        and more.\n    c: third: [J]."
    fields = {name: {"type": "number"} for name in "abcd"}
    found = described({"description": text, "properties": fields})
    assert found["description"] == "A thing.\n\nMore."
    told = {name: field.get("description") for name, field in found["properties"].items()}
    assert told == {"a": "first and more.", "b": "first and more.", "c": "third: [J].", "d": None}


def test_the_document_is_sent_again_only_when_it_changed(client_of: Callable[[Viewer], FlaskClient]) -> None:
    client = client_of(ADMIN)
    for path in ("/api/v1/openapi.json", "/api/v1/docs"):
        first = client.get(path)
        assert first.status_code == 200
        assert first.headers["Cache-Control"] == "private, no-cache"
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_the_page_lists_everything_and_loads_nothing_from_elsewhere(client_of: Callable[[Viewer], FlaskClient]) -> None:
    page = client_of(ADMIN).get("/api/v1/docs").text
    listed = document(RESOURCES)
    for path in listed["paths"]:
        assert f"<code>GET {path}</code>" in page
    for name in listed["components"]["schemas"]:
        assert f'id="type-{name}"' in page
    assert "<script" not in page
    assert "style=" not in page
    assert set(re.findall(r'(?:src|href)="([^"#]+)"', page)) == {
        "/", "/assets/favicon.svg", "/assets/api.css", "/api/v1/openapi.json",
    }  # fmt: skip


def test_addresses_are_below_the_prefix_of_a_proxy(client_of: Callable[[Viewer], FlaskClient]) -> None:
    client, below = client_of(ADMIN), {"SCRIPT_NAME": "/services/maxwatt"}
    found = client.get("/api/v1/openapi.json", environ_overrides=below).get_json()
    assert found["servers"] == [{"url": "/services/maxwatt/api/v1"}]
    page = client.get("/api/v1/docs", environ_overrides=below).text
    assert 'href="/services/maxwatt/assets/api.css"' in page
    assert 'href="/assets' not in page


def test_a_description_is_text_on_the_page() -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        """<script>alert(1)</script> & `a<b`."""

        value_j: float

    def odd() -> None:
        """It is <b>odd</b>."""

    page = docs_page(document([Resource("/odd", Odd, Odd, odd)]), str)
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<code>a&lt;b</code>" in page
