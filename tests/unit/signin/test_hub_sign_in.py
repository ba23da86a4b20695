"""Signing in through a hub: who one is, where one arrives, and what happens when something is wrong."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from small_hub import ACCESS, SERVICE_TOKEN, SmallHub, small_hub
from werkzeug.test import TestResponse

from dash_app.auth import Gate, current_viewer, protect
from dash_app.prefix import below
from dash_app.signin.hub import HubSignIn, current_hub_token
from dash_app.signin.hub_place import hub_place
from maxwatt.config import ServerSettings, Settings, SigninSettings
from maxwatt.domain.errors import ConfigError

BASE = "/services/maxwatt"
CALLBACK = f"{BASE}/oauth_callback"
SCOPE = "custom:maxwatt:read-all"


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub() -> Iterator[SmallHub]:
    with small_hub() as hub:
        hub.add("ada")
        hub.add("root", admin=True)
        hub.add("grace", groups=("operators",))
        hub.add("emmy", scopes=(SCOPE,))
        yield hub


def environment(hub: SmallHub) -> dict[str, str]:
    return {
        "JUPYTERHUB_API_URL": f"{hub.url}/api",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_CLIENT_ID": "service-maxwatt",
        "JUPYTERHUB_API_TOKEN": SERVICE_TOKEN,
        "JUPYTERHUB_OAUTH_CALLBACK_URL": CALLBACK,
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": f'["{ACCESS}"]',
    }


@pytest.fixture
def client(hub: SmallHub, clock: Clock) -> FlaskClient:
    signin = SigninSettings(method="hub", admin_scope=SCOPE, admin_groups=("operators",))
    settings = Settings(server=ServerSettings(base_path=BASE), signin=signin)
    server = Flask("t", static_folder=None)
    server.wsgi_app = below(server.wsgi_app, BASE)  # type: ignore[method-assign, assignment]
    method = HubSignIn(hub_place(settings, environment(hub)), signin, b"secret", clock)
    protect(server, Gate(method), b"secret", 1.0, BASE)

    def who(path: str = "") -> object:
        viewer = current_viewer()
        return jsonify(user=viewer.user, sees_all=viewer.sees_all, token=current_hub_token(), path=path)

    server.add_url_rule("/", "start", who)
    server.add_url_rule("/<path:path>", "who", who, methods=["GET", "POST"])
    return server.test_client()


def arrive(client: FlaskClient, hub: SmallHub, name: str, path: str = "/") -> TestResponse:
    away = client.get(BASE + path)
    assert away.status_code == 303
    return client.get(f"{CALLBACK}?{hub.authorize(away.headers['Location'], name)}")


@pytest.mark.parametrize(("name", "sees_all"), [("ada", False), ("root", True), ("grace", True), ("emmy", True)])
def test_the_hub_says_who_one_is_and_what_one_sees(
    client: FlaskClient, hub: SmallHub, name: str, sees_all: bool
) -> None:
    back = arrive(client, hub, name, "/job/7?start=5&q=a%26b")
    assert (back.status_code, back.headers["Location"]) == (303, f"{BASE}/job/7?start=5&q=a%26b")
    answer = client.get(back.headers["Location"]).get_json()
    assert (answer["user"], answer["sees_all"], answer["path"]) == (name, sees_all, "job/7")
    assert answer["token"] == "token-0"


def test_the_way_to_the_hub(client: FlaskClient) -> None:
    there = urlsplit(client.get(f"{BASE}/jobs").headers["Location"])
    assert (there.netloc, there.path) == ("", "/hub/api/oauth2/authorize")
    query = parse_qs(there.query)
    assert query["client_id"] == ["service-maxwatt"]
    assert query["redirect_uri"] == [CALLBACK]


def test_cookies_are_for_our_path_and_hold_no_token(client: FlaskClient, hub: SmallHub) -> None:
    cookie = arrive(client, hub, "ada").headers["Set-Cookie"]
    assert f"Path={BASE}/" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "token" not in cookie
    assert "Secure" not in cookie


def test_behind_https_cookies_stay_on_https(client: FlaskClient) -> None:
    answer = client.get(f"{BASE}/", headers={"X-Forwarded-Proto": "https,http"})
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Mode": "cors"}])
def test_scripts_are_not_led_to_the_hub(client: FlaskClient, headers: dict[str, str]) -> None:
    for method, path in (("POST", "/_dash-update-component"), ("GET", "/_dash-layout"), ("GET", "/api/v1/jobs")):
        assert client.open(BASE + path, method=method, headers=headers).status_code == 401
    assert client.get(f"{BASE}/api/v1/jobs").get_json()["title"] == "Not signed in"


@pytest.mark.parametrize("spoil", ["state=x", "state=", "", "code=y&state=WyJhIl0.aaaa.bbbb"])
def test_a_state_that_is_not_ours_is_refused(client: FlaskClient, spoil: str) -> None:
    answer = client.get(f"{CALLBACK}?{spoil}")
    assert answer.status_code == 403
    assert b"Traceback" not in answer.data
    assert client.get(f"{BASE}/").status_code == 303


def test_a_state_of_another_browser_is_refused(client: FlaskClient, hub: SmallHub) -> None:
    """An attacker's own code must not sign somebody else in as the attacker."""
    back = hub.authorize(client.get(f"{BASE}/").headers["Location"], "ada")
    victim = client.application.test_client()
    victim.get(f"{BASE}/")
    assert victim.get(f"{CALLBACK}?{back}").status_code == 403
    assert client.application.test_client().get(f"{CALLBACK}?{back}").status_code == 403


def test_a_code_serves_once_and_a_wrong_one_never(client: FlaskClient, hub: SmallHub) -> None:
    back = hub.authorize(client.get(f"{BASE}/").headers["Location"], "ada")
    assert client.get(f"{CALLBACK}?{back}").status_code == 303
    state = back.partition("&")[2]
    for query in (back, f"code=none&{state}", f"error=access_denied&{state}", state):
        assert client.get(f"{CALLBACK}?{query}").status_code == 403


def test_a_code_taken_on_the_way_is_worth_nothing_without_the_verifier(client: FlaskClient, hub: SmallHub) -> None:
    first = hub.authorize(client.get(f"{BASE}/").headers["Location"], "ada")
    second = hub.authorize(client.get(f"{BASE}/").headers["Location"], "root")
    stolen = f"{second.partition('&')[0]}&{first.partition('&')[2]}"
    assert client.get(f"{CALLBACK}?{stolen}").status_code == 403


def test_a_token_that_is_revoked_ends_the_session(client: FlaskClient, hub: SmallHub, clock: Clock) -> None:
    arrive(client, hub, "ada")
    hub.tokens.clear()
    assert client.get(f"{BASE}/jobs").status_code == 200  # the hub's word still holds
    clock.now_s += 61
    assert client.get(f"{BASE}/jobs").status_code == 303
    assert client.post(f"{BASE}/_dash-update-component").status_code == 401


def test_who_becomes_an_administrator_sees_all_after_a_minute(client: FlaskClient, hub: SmallHub, clock: Clock) -> None:
    arrive(client, hub, "ada")
    assert client.get(f"{BASE}/jobs").get_json()["sees_all"] is False
    hub.add("ada", admin=True)
    clock.now_s += 61
    assert client.get(f"{BASE}/jobs").get_json()["sees_all"] is True
    asked = hub.asked
    client.get(f"{BASE}/jobs")
    assert hub.asked == asked


def test_who_may_no_longer_enter_does_not(client: FlaskClient, hub: SmallHub, clock: Clock) -> None:
    arrive(client, hub, "ada")
    hub.users["ada"]["scopes"] = ["self"]
    clock.now_s += 61
    assert client.get(f"{BASE}/jobs").status_code == 403
    assert arrive(client.application.test_client(), hub, "ada").status_code == 403


def test_a_service_is_nobody(client: FlaskClient, hub: SmallHub) -> None:
    hub.users["ada"]["kind"] = "service"
    assert arrive(client, hub, "ada").status_code == 403


def test_a_hub_that_is_away_is_told_and_not_asked_by_everybody(
    client: FlaskClient, hub: SmallHub, clock: Clock
) -> None:
    arrive(client, hub, "ada")
    clock.now_s += 61
    hub.broken, asked = True, hub.asked
    for _ in range(3):
        answer = client.get(f"{BASE}/jobs?q=1")
        assert answer.status_code == 503
        assert b"does not answer" in answer.data
        assert f'href="{BASE}/jobs?q=1"'.encode() in answer.data
    assert hub.asked == asked + 1
    hub.broken = False
    clock.now_s += 6
    assert client.get(f"{BASE}/jobs").status_code == 200


def test_signing_out_ends_the_session_on_both_sides(client: FlaskClient, hub: SmallHub) -> None:
    arrive(client, hub, "ada")
    cookie = client.get_cookie(client.application.config["SESSION_COOKIE_NAME"], path=f"{BASE}/")
    assert cookie is not None
    assert client.post(f"{BASE}/logout").status_code == 200
    client.set_cookie(cookie.key, cookie.value, path=f"{BASE}/")
    assert client.get(f"{BASE}/jobs").status_code == 303


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
                {"Origin": "null"}],
)  # fmt: skip
def test_another_site_changes_nothing(client: FlaskClient, hub: SmallHub, headers: dict[str, str]) -> None:
    arrive(client, hub, "ada")
    assert client.post(f"{BASE}/jobs", headers=headers).status_code == 403
    assert client.post(f"{BASE}/logout", headers=headers).status_code == 403
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}
    assert client.post(f"{BASE}/jobs", headers=own).status_code == 200
    assert client.post(f"{BASE}/jobs", headers={"Origin": "http://localhost"}).status_code == 200
    assert client.get(f"{BASE}/jobs", headers=headers).status_code == 200  # a link from elsewhere only shows


def test_a_session_ends_after_its_hours(client: FlaskClient, hub: SmallHub, clock: Clock) -> None:
    arrive(client, hub, "ada")
    clock.now_s += 168 * 3600 + 1
    assert client.get(f"{BASE}/jobs").status_code == 303


def test_what_is_missing_is_named() -> None:
    settings = Settings(signin=SigninSettings(method="hub"))
    with pytest.raises(ConfigError, match=r"signin\.hub_api_url, signin\.hub_client_id, signin\.hub_token_file"):
        hub_place(settings, {})


def test_an_external_service_names_its_hub(tmp_path) -> None:  # type: ignore[no-untyped-def]
    token = tmp_path / "token"
    token.write_text(f"{SERVICE_TOKEN}\n")
    token.chmod(0o600)
    signin = SigninSettings(
        method="hub",
        hub_api_url="http://hub:8081/hub/api/",
        hub_public_url="https://hub.example/hub/",
        hub_callback_url="https://maxwatt.example/oauth_callback",
        hub_client_id="service-maxwatt",
        hub_token_file=str(token),
    )
    place = hub_place(Settings(signin=signin), {})
    assert (place.api_url, place.public_url) == ("http://hub:8081/hub/api", "https://hub.example/hub")
    assert (place.api_token, place.access_scopes) == (SERVICE_TOKEN, ())
    token.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        hub_place(Settings(signin=signin), {})
