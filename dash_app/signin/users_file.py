"""The file with user accounts: one a line, `name:role:password as it is kept`. Its owner alone may read it."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dash_app.signin.passwords import MAX_CHARS, MIN_CHARS
from maxwatt.config import Settings
from maxwatt.config.private_file import read_private
from maxwatt.domain.errors import ConfigError, InputError

ADMIN, USER = "admin", "user"
_SETTING: Final = "signin.users_file"
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,31}")


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in.

    Args:
        name: as in Slurm.
        admin: sees everybody's jobs.
        password: as it is kept.
    """

    name: str
    admin: bool
    password: str


def users_path(settings: Settings) -> Path:
    """Where the file is."""
    return Path(settings.signin.users_file or Path(settings.server.data_dir) / "users")


def read_accounts(path: Path) -> dict[str, Account]:
    """Accounts by name; none where there is no file yet.

    Raises:
        ConfigError: the file cannot be read, is open to others, or holds a line that is no account.
    """
    if not path.exists():
        return {}
    lines = read_private(path, _SETTING).decode("utf-8", "replace").splitlines()
    found = (_account(path, number, line) for number, line in enumerate(lines, 1) if line.strip())
    return {account.name: account for account in found}


def write_accounts(path: Path, accounts: Mapping[str, Account]) -> None:
    """Put these in place of what the file held, never half written, readable by its owner only."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(_lines(accounts.values()))
    beside.replace(path)


def check_account(name: str, password: str) -> None:
    """Refuse what no account can have.

    Raises:
        InputError: with what is wrong.
    """
    if not _NAME.fullmatch(name):
        raise InputError("a user name has letters, digits and . _ - only, 32 signs at most, as in Slurm")
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise InputError(f"a password has {MIN_CHARS} to {MAX_CHARS} signs")


def _lines(accounts: Iterable[Account]) -> Iterable[str]:
    return (f"{one.name}:{ADMIN if one.admin else USER}:{one.password}\n" for one in accounts)


def _account(path: Path, number: int, line: str) -> Account:
    name, _, rest = line.strip().partition(":")
    role, _, password = rest.partition(":")
    if not _NAME.fullmatch(name) or role not in {ADMIN, USER} or not password:
        raise ConfigError(f"{path} ({_SETTING}), line {number}: no account; make one with `maxwatt user add`")
    return Account(name, role == ADMIN, password)
