"""The gate: nothing but the open paths is served without the token, whichever way one knocks."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from stand_in import StandIn

from dash_app.auth import OPEN_PREFIXES, Gate, protect
from dash_app.factory import create_app
from dash_app.signin.answers import safe_target
from dash_app.signin.printed_token import PrintedToken
from dash_app.throttle import Throttle
from maxwatt.config import Settings

TOKEN = "correct-horse"


@pytest.fixture(scope="module")
def server() -> Flask:
    app = create_app(StandIn(), Settings(), TOKEN)
    app.server.add_url_rule("/added/later", "added", lambda: "secret")
    app.server.add_url_rule("/health", "health", lambda: "ok")
    return app.server  # type: ignore[no-any-return]


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    return server.test_client()


@pytest.fixture
def signed_in(server: Flask) -> FlaskClient:
    client = server.test_client()
    assert client.get(f"/?token={TOKEN}").status_code == 303
    return client


@pytest.mark.parametrize(
    "path",
    ["/", "/jobs", "/job/1", "/energy", "/_dash-layout", "/_dash-dependencies", "/_reload-hash", "/added/later",
     "/health/", "/assets", "/%5fdash-layout", "//_dash-layout", "/nowhere", "/_dash-layout/assets/"],
)  # fmt: skip
def test_without_token_only_the_form_is_served(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code in {401, 404, 308}
    assert b"secret" not in response.data
    assert b"MantineProvider" not in response.data


def test_only_a_push_passes_where_samples_are_pushed(server: Flask, client: FlaskClient) -> None:
    """Anything else there would be answered by the pages."""
    response = client.get("/api/v2/write")
    assert response.status_code == 401
    assert b"_dash" not in response.data


@pytest.mark.parametrize("path", ["../_dash-layout", "dash/../../auth.py", "nothing/x.js", "dash/nothing.js"])
def test_a_script_that_is_none_is_not_found_and_fills_no_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    assert client.get(f"/_dash-component-suites/{path}").status_code == 404
    assert "Traceback" not in caplog.text


def test_every_route_of_the_server_is_closed_or_known_open(server: Flask, client: FlaskClient) -> None:
    for rule in server.url_map.iter_rules():
        path = str(rule).replace("<path:path>", "x").replace("<path:fingerprinted_path>", "x")
        path = path.replace("<string:package_name>", "dash").replace("<path:filename>", "x")
        if path in {"/login", "/logout", "/public", "/health", "/_favicon.ico"} or path.startswith(OPEN_PREFIXES):
            continue
        for method in rule.methods or ():
            if method == "OPTIONS":
                continue
            assert client.open(path, method=method).status_code == 401, (method, path)


def test_callbacks_are_closed_without_and_open_with_the_token(client: FlaskClient, signed_in: FlaskClient) -> None:
    assert client.post("/_dash-update-component", json={"output": "page.children"}).status_code == 401
    assert signed_in.get("/_dash-layout").status_code == 200
    assert signed_in.get("/_dash-dependencies").status_code == 200


def test_token_in_the_address_signs_in_and_vanishes_and_deep_link_survives(client: FlaskClient) -> None:
    response = client.get(f"/job/7?start=5&token={TOKEN}&q=a%26b")
    assert response.status_code == 303
    assert response.headers["Location"] == "/job/7?start=5&q=a%26b"
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert TOKEN not in cookie
    assert client.get("/job/7?start=5").status_code == 200


def test_form_signs_in_and_leads_to_where_one_wanted_to_go(client: FlaskClient) -> None:
    page = client.get("/jobs?state=FAILED")
    assert page.status_code == 401
    assert b'value="/jobs?state=FAILED"' in page.data
    response = client.post("/login", data={"token": f" {TOKEN}\n", "next": "/jobs?state=FAILED"})
    assert (response.status_code, response.headers["Location"]) == (303, "/jobs?state=FAILED")
    assert client.get("/jobs").status_code == 200


def test_wrong_token_is_refused_in_the_address_and_in_the_form(client: FlaskClient) -> None:
    assert client.get("/?token=wrong").status_code == 401
    response = client.post("/login", data={"token": "wrong", "next": "/"})
    assert response.status_code == 401
    assert b"not the token" in response.data
    assert client.get("/").status_code == 401


def test_a_forged_cookie_and_one_of_another_server_are_refused(client: FlaskClient, signed_in: FlaskClient) -> None:
    name = client.application.config["SESSION_COOKIE_NAME"]
    client.set_cookie(name, "eyJzaWduZWRfaW4iOnRydWV9.AAAAAA.forged")
    assert client.get("/").status_code == 401
    other = create_app(StandIn(), Settings(), "another-token").server
    assert other.config["SESSION_COOKIE_NAME"] != name
    stolen = signed_in.get_cookie(name)
    assert stolen is not None
    visitor = other.test_client()
    visitor.set_cookie(other.config["SESSION_COOKIE_NAME"], stolen.value)
    assert visitor.get("/").status_code == 401


def test_sign_out_ends_the_session(signed_in: FlaskClient) -> None:
    assert signed_in.get("/jobs").status_code == 200
    assert signed_in.post("/logout").status_code == 303
    assert signed_in.get("/jobs").status_code == 401


def test_many_failures_have_to_wait_even_with_the_right_token() -> None:
    server, now = Flask("t"), [0.0]
    throttle = Throttle(limit=3, window_s=60.0, clock=lambda: now[0])
    protect(server, Gate(PrintedToken(TOKEN, throttle)), b"secret", 1.0)
    server.add_url_rule("/", "start", lambda: "in")
    client = server.test_client()
    assert [client.get("/?token=wrong").status_code for _ in range(3)] == [401, 401, 401]
    refused = client.post("/login", data={"token": TOKEN})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    other = client.post("/login", data={"token": TOKEN}, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert other.status_code == 303
    now[0] = 61.0
    assert client.post("/login", data={"token": TOKEN}).status_code == 303


def test_open_paths_pass_the_gate(client: FlaskClient) -> None:
    assert client.get("/health").status_code == 200
    assert client.get("/assets/maxwatt.css").status_code == 200
    assert client.get("/assets/early/early.js").status_code == 200
    assert client.get("/assets/../auth.py").status_code == 404


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        create_app(StandIn(), Settings(), "")


@pytest.mark.parametrize(
    ("target", "safe"),
    [
        ("/job/1?start=2", "/job/1?start=2"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
    ],
)
def test_redirects_stay_on_this_server(target: str, safe: str) -> None:
    assert safe_target(target) == safe


def test_the_form_shows_an_odd_target_as_text(client: FlaskClient) -> None:
    page = client.get('/jobs?q="><script>alert(1)</script>')
    assert b"<script>alert" not in page.data


def test_headers_are_on_every_answer(client: FlaskClient, signed_in: FlaskClient) -> None:
    paths = ("/", "/_dash-layout", "/assets/maxwatt.css", "/_dash-component-suites/x/y")
    for answer in (one.get(path) for one in (client, signed_in) for path in paths):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self' 'sha256-" in policy
        assert "unsafe-eval" not in policy
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_large_answers_are_compressed_and_small_ones_not(signed_in: FlaskClient) -> None:
    large = signed_in.get("/assets/maxwatt.css", headers={"Accept-Encoding": "gzip"})
    assert large.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in signed_in.get("/assets/maxwatt.css").headers
    small = signed_in.get("/assets/favicon.svg", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in small.headers


def test_the_first_page_names_no_other_host(signed_in: FlaskClient) -> None:
    html = signed_in.get("/").get_data(as_text=True)
    assert 'src="http' not in html
    assert 'href="http' not in html
