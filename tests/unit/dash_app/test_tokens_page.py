"""The page of tokens: told once, listed without their text, revoked."""

from pathlib import Path

import pytest
from asking import call
from flask.testing import FlaskClient
from stand_in import StandIn

from aggregator.ledger.ledger import Ledger
from dash_app.factory import create_app
from maxwatt.cli import main
from maxwatt.config import Settings
from maxwatt.domain.clock import now_ms


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


@pytest.fixture
def client(ledger: Ledger) -> FlaskClient:
    client = create_app(StandIn(), Settings(), "token", ledger.identities).server.test_client()
    client.get("/?token=token")
    return client


def show(client: FlaskClient) -> str:
    return str(call(client, "page.children", {"url.pathname": "/tokens", "url.search": ""}))


def make(client: FlaskClient, name: object, days: object) -> str:
    values = {"tokens-make.n_clicks": 1, "tokens-name.value": name, "tokens-days.value": days}
    return str(call(client, "tokens-new.children", values))


def test_a_token_is_told_once_and_opens_the_api(client: FlaskClient) -> None:
    assert "No tokens yet" in show(client)
    told = make(client, "laptop", 30)
    token = told[told.index("mwt_") :].partition("'")[0]
    page = show(client)
    assert "laptop" in page
    assert token not in page
    script = client.application.test_client()
    answer = script.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.get_json()["sees_all"] is True  # who holds the printed token sees all, and so does theirs
    assert script.get("/", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(("name", "days"), [("", 30), (None, 30), ("x" * 61, 30), ("x", 0), ("x", None), ("x", 1.5)])
def test_what_is_missing_is_said(client: FlaskClient, ledger: Ledger, name: object, days: object) -> None:
    assert "No token was made." in make(client, name, days)
    assert ledger.identities.tokens(None) == []


def test_an_expired_token_is_shown_as_such(client: FlaskClient, ledger: Ledger) -> None:
    ledger.identities.add_token("", "old", 1, now_ms() - 2 * 86_400_000)
    assert "expired" in show(client)


def test_tokens_on_the_command_line(tmp_path: Path, ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    there = ["--data-dir", str(tmp_path)]
    assert main(["token", "create", "ada", "--name", "cron", *there]) == 0
    token = capsys.readouterr().out.strip()
    owner = ledger.identities.owner_of(token, now_ms())
    assert owner is not None
    assert (owner.user, owner.sees_all) == ("ada", False)
    assert main(["token", "list", *there]) == 0
    listed = capsys.readouterr().out
    assert "cron: jobs of ada" in listed
    assert token not in listed
    assert main(["token", "revoke", str(owner.token_id), *there]) == 0
    assert main(["token", "revoke", str(owner.token_id), *there]) == 1
    assert ledger.identities.owner_of(token, now_ms()) is None
