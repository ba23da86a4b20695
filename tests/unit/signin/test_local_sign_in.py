"""Accounts of our own: name and password, kept as scrypt, in a file of their owner's alone."""

import base64
import io
import stat
import sys
from pathlib import Path

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient

from dash_app.auth import Gate, current_viewer, protect
from dash_app.signin.local import LocalSignIn
from dash_app.signin.passwords import kept, matches
from dash_app.signin.users_file import read_accounts
from dash_app.throttle import Throttle
from maxwatt.cli import main
from maxwatt.config import SigninSettings
from maxwatt.domain.errors import ConfigError

PASSWORD = "correct horse"


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def add(folder: Path, name: str, password: str, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    return main(["user", "add", name, "--data-dir", str(folder), *more])


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert add(tmp_path, "ada", PASSWORD, monkeypatch) == 0
    assert add(tmp_path, "root", PASSWORD, monkeypatch, "--admin") == 0
    return tmp_path / "users"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(users: Path, clock: Clock) -> FlaskClient:
    server = Flask("t", static_folder=None)
    method = LocalSignIn(users, SigninSettings(method="local"), Throttle(3, 60.0, clock), clock)
    protect(server, Gate(method), b"secret", 1.0)

    def who(path: str = "") -> object:
        return jsonify(user=current_viewer().user, sees_all=current_viewer().sees_all, path=path)

    server.add_url_rule("/", "start", who)
    server.add_url_rule("/<path:path>", "who", who)
    return server.test_client()


def sign_in(client: FlaskClient, user: str, password: str = PASSWORD, target: str = "/") -> int:
    return client.post("/login", data={"user": user, "password": password, "next": target}).status_code


def test_users_and_administrators_sign_in_and_arrive_where_they_wanted(client: FlaskClient) -> None:
    page = client.get("/job/7?start=5")
    assert page.status_code == 401
    assert b'value="/job/7?start=5"' in page.data
    answer = client.post("/login", data={"user": "ada", "password": PASSWORD, "next": "/job/7?start=5"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/job/7?start=5")
    assert client.get("/job/7").get_json() == {"user": "ada", "sees_all": False, "path": "job/7"}
    assert sign_in(client, "root") == 303
    assert client.get("/").get_json()["sees_all"] is True


@pytest.mark.parametrize(
    ("user", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("", ""), ("ada", ""), ("ada:user", PASSWORD)]
)
def test_what_does_not_belong_together_is_refused_alike(client: FlaskClient, user: str, password: str) -> None:
    answer = client.post("/login", data={"user": user, "password": password})
    assert answer.status_code == 401
    assert b"do not belong together" in answer.data
    assert client.get("/").status_code == 401


def test_guessing_one_account_has_to_wait_and_leaves_others_alone(client: FlaskClient, clock: Clock) -> None:
    assert [sign_in(client, "ada", "wrong") for _ in range(3)] == [401] * 3
    assert sign_in(client, "ada") == 429
    assert sign_in(client, "root") == 303
    clock.now_s = 61.0
    assert sign_in(client, "ada") == 303


def test_a_removed_account_and_a_new_password_end_sessions(
    client: FlaskClient, users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, "ada")
    add(users.parent, "ada", "another password", monkeypatch)
    assert client.get("/").status_code == 401
    assert sign_in(client, "ada", "another password") == 303
    assert main(["user", "remove", "ada", "--data-dir", str(users.parent)]) == 0
    assert client.get("/").status_code == 401
    assert sign_in(client, "ada", "another password") == 401


def test_another_site_can_sign_nobody_in(client: FlaskClient) -> None:
    answer = client.post(
        "/login", data={"user": "ada", "password": PASSWORD}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


def test_the_file_holds_no_password_and_is_its_owners_alone(users: Path) -> None:
    assert stat.S_IMODE(users.stat().st_mode) == 0o600
    assert PASSWORD not in users.read_text()
    lines = users.read_text().splitlines()
    assert [line.split("$")[0] for line in lines] == ["ada:user:scrypt", "root:admin:scrypt"]
    assert lines[0].split("$")[4] != lines[1].split("$")[4]  # a salt each
    users.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_accounts(users)


def test_what_is_no_account_is_told_with_its_line(users: Path) -> None:
    users.write_text(users.read_text() + "grace:boss:scrypt$x\n")
    with pytest.raises(ConfigError, match="line 3"):
        read_accounts(users)


@pytest.mark.parametrize(("name", "password"), [("ada", "short"), ("a b", PASSWORD), ("a:b", PASSWORD), ("", PASSWORD)])
def test_weak_passwords_and_odd_names_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    assert add(tmp_path, name, password, monkeypatch) == 1
    assert not (tmp_path / "users").exists()


def test_accounts_are_listed(users: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "list", "--data-dir", str(users.parent)]) == 0
    assert capsys.readouterr().out == "ada  user\nroot  administrator\n"
    assert main(["user", "remove", "nobody", "--data-dir", str(users.parent)]) == 1


def test_a_known_vector() -> None:
    """RFC 7914, section 12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1), its first 32 bytes."""
    first = bytes.fromhex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")
    digest = base64.b64encode(first).decode()
    assert matches("pleaseletmein", f"scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU=${digest}")
    assert not matches("pleaseletmeim", f"scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU=${digest}")


@pytest.mark.parametrize("known", ["", "scrypt", "scrypt$1$1$1$a$b", "scrypt$x$8$1$aaaa$aaaa", "plain$2$8$1$aaaa$aaaa"])
def test_what_was_kept_wrongly_matches_nothing(known: str) -> None:
    assert not matches(PASSWORD, known)
    assert matches(PASSWORD, kept(PASSWORD))
