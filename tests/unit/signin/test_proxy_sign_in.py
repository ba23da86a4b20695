"""A proxy's word is taken only from its address and with its secret."""

from pathlib import Path

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient

from dash_app.auth import Gate, current_viewer, protect
from dash_app.signin.proxy import ProxySignIn
from maxwatt.config import SigninSettings
from maxwatt.domain.errors import ConfigError

SECRET = "the-proxys-own-secret-7391"


def settings(tmp_path: Path, **more: object) -> SigninSettings:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    return SigninSettings(
        method="proxy", proxy_secret_file=str(file), proxy_groups_header="X-Groups", admin_groups=("wheel",), **more
    )  # type: ignore[arg-type]


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    server = Flask("t", static_folder=None)
    protect(server, Gate(ProxySignIn(settings(tmp_path, proxy_from=("127.0.0.1", "10.1.0.0/24")))), b"secret", 1.0)
    server.add_url_rule(
        "/",
        "who",
        lambda: jsonify(user=current_viewer().user, sees_all=current_viewer().sees_all),
        methods=["GET", "POST"],
    )
    return server.test_client()


def ask(client: FlaskClient, address: str = "127.0.0.1", **headers: str):  # type: ignore[no-untyped-def]
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/", headers=told, environ_base={"REMOTE_ADDR": address})


def test_the_proxy_names_the_user_and_groups(client: FlaskClient) -> None:
    answer = ask(client, X_Maxwatt_Proxy=SECRET, X_Remote_User="ada")
    assert answer.get_json() == {"user": "ada", "sees_all": False}
    answer = ask(client, "10.1.0.7", X_Maxwatt_Proxy=SECRET, X_Remote_User="root", X_Groups="users, wheel")
    assert answer.get_json() == {"user": "root", "sees_all": True}


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("10.1.1.7", {"X_Maxwatt_Proxy": SECRET, "X_Remote_User": "ada"}),
        ("::1", {"X_Maxwatt_Proxy": SECRET, "X_Remote_User": "ada"}),
        ("", {"X_Maxwatt_Proxy": SECRET, "X_Remote_User": "ada"}),
        ("127.0.0.1", {"X_Remote_User": "ada"}),
        ("127.0.0.1", {"X_Maxwatt_Proxy": "", "X_Remote_User": "ada"}),
        ("127.0.0.1", {"X_Maxwatt_Proxy": SECRET + "x", "X_Remote_User": "ada"}),
        ("127.0.0.1", {"X_Maxwatt_Proxy": "ä", "X_Remote_User": "ada"}),
        ("127.0.0.1", {"X_Maxwatt_Proxy": SECRET}),
        ("127.0.0.1", {"X_Maxwatt_Proxy": SECRET, "X_Remote_User": ""}),
        ("127.0.0.1", {"X_Maxwatt_Proxy": SECRET, "X_Remote_User": "ada,root"}),
        ("127.0.0.1", {"X_Maxwatt_Proxy": SECRET, "X_Remote_User": "<b>ada</b>"}),
        ("127.0.0.1", {"X_Maxwatt_Proxy": SECRET, "X_Remote_User": "a" * 65}),
    ],
)
def test_everything_else_is_refused(client: FlaskClient, address: str, headers: dict[str, str]) -> None:
    answer = ask(client, address, **headers)
    assert answer.status_code == 401
    assert SECRET.encode() not in answer.data


def test_two_headers_name_nobody(client: FlaskClient) -> None:
    """What a visitor sends beside the proxy's own header must not win: WSGI joins the two."""
    headers = [("X-Maxwatt-Proxy", SECRET), ("X-Remote-User", "root"), ("X-Remote-User", "ada")]
    assert client.get("/", headers=headers).status_code == 401


def test_another_site_changes_nothing(client: FlaskClient) -> None:
    headers = {"X-Maxwatt-Proxy": SECRET, "X-Remote-User": "ada"}
    assert client.post("/", headers=headers).status_code == 200
    assert client.post("/", headers={**headers, "Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_without_a_secret_or_with_an_odd_address_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="proxy_secret_file is not set"):
        ProxySignIn(SigninSettings(method="proxy"))
    with pytest.raises(ConfigError, match="no address"):
        ProxySignIn(settings(tmp_path, proxy_from=("everywhere",)))
    (tmp_path / "secret").write_text("short")
    with pytest.raises(ConfigError, match="holds no secret"):
        ProxySignIn(settings_without_writing(tmp_path))


def settings_without_writing(tmp_path: Path) -> SigninSettings:
    return SigninSettings(method="proxy", proxy_secret_file=str(tmp_path / "secret"))
