"""`maxwatt user`: accounts for the sign-in of our own (signin.method = "local")."""

import argparse
import getpass
import sys
from pathlib import Path

from maxwatt.cli._options import add_config_options, settings_of
from maxwatt.domain.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Actions of `maxwatt user`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make an account, or give it another password and role")
    add.add_argument("--admin", action="store_true", help="sees everybody's jobs")
    remove = actions.add_parser("remove", help="remove an account; its sessions end")
    for action in (add, remove):
        action.add_argument("name", metavar="NAME", help="user name, as in Slurm")
    for action in (add, remove, actions.add_parser("list", help="names and roles")):
        add_config_options(action)


def run(args: argparse.Namespace) -> int:
    """Change or list the file of accounts."""
    from dash_app.signin.users_file import read_accounts, users_path, write_accounts

    path = users_path(settings_of(args))
    accounts = read_accounts(path)
    if args.action == "list":
        for account in sorted(accounts.values(), key=lambda one: one.name):
            print(f"{account.name}  {'administrator' if account.admin else 'user'}")
        return 0
    if args.action == "remove":
        if accounts.pop(args.name, None) is None:
            raise InputError(f"there is no account {args.name}")
        write_accounts(path, accounts)
        return 0
    _add(args, path)
    return 0


def _add(args: argparse.Namespace, path: Path) -> None:
    from dash_app.signin.passwords import kept
    from dash_app.signin.users_file import Account, check_account, read_accounts, write_accounts

    password = _password()
    check_account(args.name, password)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    account = Account(args.name, args.admin, kept(password))
    write_accounts(path, {**read_accounts(path), args.name: account})


def _password() -> str:
    """Asked for twice, or the first line of standard input.

    Raises:
        InputError: the two differ.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise InputError("the two differ: nothing is changed")
    return first
