"""The demo's accounts: everybody of the simulated cluster, and one who sees all."""

import stat
from pathlib import Path

from dash_app.signin.passwords import matches
from dash_app.signin.users_file import read_accounts
from maxwatt.cli.simulation.accounts import make_accounts
from maxwatt.cli.simulation.cluster import USERS
from maxwatt.cli.simulation.session import demo_settings


def test_everybody_of_the_demo_may_sign_in_and_one_sees_all(tmp_path: Path) -> None:
    password = make_accounts(tmp_path / "demo")
    file = tmp_path / "demo" / "users"
    accounts = read_accounts(file)
    assert {name for name, account in accounts.items() if account.admin} == {"admin"}
    assert set(USERS) < set(accounts)
    assert matches(password, accounts["admin"].password)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert make_accounts(tmp_path / "demo") != password


def test_without_accounts_the_printed_token_opens_the_demo(tmp_path: Path) -> None:
    assert demo_settings(tmp_path, 0).signin.method == "token"
    assert demo_settings(tmp_path, 0, accounts=True).signin.method == "local"
