"""Below a path such as /services/maxwatt: every address that the browser is given has it."""

import json
import re

import pytest
from asking import call
from flask.testing import FlaskClient
from stand_in import StandIn

from dash_app.factory import PAGES, create_app
from dash_app.urls import own_path
from maxwatt.config import ServerSettings, Settings, parse
from maxwatt.domain.errors import ConfigError

BASE = "/services/maxwatt"
TOKEN = "token"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    app = create_app(StandIn(), Settings(server=ServerSettings(base_path=BASE, public_page=True)), TOKEN)
    app.server.add_url_rule("/api/v2/write", "write", lambda: "", methods=["POST"])
    client = app.server.test_client()
    answer = client.get(f"{BASE}/job/7?start=5&token={TOKEN}")
    assert answer.headers["Location"] == f"{BASE}/job/7?start=5"
    assert f"Path={BASE}/" in answer.headers["Set-Cookie"]
    return client


def test_the_first_page_loads_everything_from_below(client: FlaskClient) -> None:
    html = client.get(f"{BASE}/").get_data(as_text=True)
    addresses = re.findall(r'(?:src|href)="(/[^"]*)"', html)
    assert len(addresses) > 10
    assert [address for address in addresses if not address.startswith(f"{BASE}/")] == []
    assert re.search(rf'"requests_pathname_prefix": ?"{BASE}/"', html.replace("\\u002f", "/"))
    for address in addresses:
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("path", [path for page in PAGES for path in page.PATHS])
def test_links_of_every_page_lead_below(client: FlaskClient, path: str) -> None:
    shown = post(client, BASE + path)
    found = re.findall(r'"(?:href|action)": ?"(/[^"]*)"', shown)
    assert [address for address in found if not address.startswith(f"{BASE}/")] == []
    assert "There is no such page" not in shown


@pytest.mark.parametrize("path", ["/api/v1/docs", "/public", "/login", "/api/v1/openapi.json"])
def test_pages_of_their_own_lead_below_too(client: FlaskClient, path: str) -> None:
    text = client.get(BASE + path).get_data(as_text=True)
    found = re.findall(r'(?:src|href|action|"url":) ?"(/[^"]*)"', text.replace("=", " "))
    assert found
    assert [address for address in found if not address.startswith(BASE)] == []


def post(client: FlaskClient, pathname: str) -> str:
    """The page's answer as text."""
    return json.dumps(call(_Below(client), "page.children", {"url.pathname": pathname, "url.search": ""}))  # type: ignore[arg-type]


class _Below:
    """The client as a browser asks: below the path."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def get(self, path: str):  # type: ignore[no-untyped-def]
        return self._client.get(BASE + path)

    def post(self, path: str, **more: object):  # type: ignore[no-untyped-def]
        return self._client.post(BASE + path, **more)  # type: ignore[arg-type]


def test_agents_and_proxies_that_take_the_path_away_are_answered(client: FlaskClient) -> None:
    assert client.post("/api/v2/write").status_code == 200
    html = client.get("/", headers={"Cookie": ""}).get_data(as_text=True)
    assert f'action="{BASE}/login"' in html


def test_the_form_leads_back_below() -> None:
    app = create_app(StandIn(), Settings(server=ServerSettings(base_path=BASE)), TOKEN)
    client = app.server.test_client()
    page = client.get(f"{BASE}/jobs?state=FAILED")
    assert page.status_code == 401
    assert b'value="/jobs?state=FAILED"' in page.data
    answer = client.post(f"{BASE}/login", data={"token": TOKEN, "next": "/jobs?state=FAILED"})
    assert answer.headers["Location"] == f"{BASE}/jobs?state=FAILED"


@pytest.mark.parametrize(
    ("pathname", "own"),
    [
        (f"{BASE}/job/7", "/job/7"),
        (f"{BASE}/", "/"),
        (BASE, "/"),
        ("/job/7", "/job/7"),
        (f"{BASE}x/job", f"{BASE}x/job"),
        (None, "/"),
    ],
)
def test_own_path(pathname: str | None, own: str) -> None:
    app = create_app(StandIn(), Settings(server=ServerSettings(base_path=BASE)), TOKEN)
    with app.server.test_request_context(environ_overrides={"SCRIPT_NAME": BASE}):
        assert own_path(pathname) == own


@pytest.mark.parametrize("path", ["services/maxwatt", "/services/maxwatt/", "/a b", "//x", '/"x', "/a/<b>"])
def test_odd_paths_are_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="must be a path"):
        parse(f"[server]\nbase_path = {path!r}")


def test_without_a_path_nothing_changes() -> None:
    assert own_path("/job/7") == "/job/7"
