"""Accounts for the demo: everybody of the simulated cluster, and an administrator, with one password of this start."""

import secrets
from pathlib import Path
from typing import Final

from dash_app.signin.passwords import kept
from dash_app.signin.users_file import Account, write_accounts
from maxwatt.cli.simulation.cluster import USERS

ADMIN: Final = "admin"


def make_accounts(folder: Path) -> str:
    """Write the file of accounts and return the password."""
    password = secrets.token_urlsafe(12)
    known = kept(password)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    accounts = [*(Account(user, False, known) for user in USERS), Account(ADMIN, True, known)]
    write_accounts(folder / "users", {account.name: account for account in accounts})
    return password
