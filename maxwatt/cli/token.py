"""`maxwatt token`: API tokens of users, for who runs the server."""

import argparse
import contextlib
import json
from typing import TYPE_CHECKING

from maxwatt.cli._options import add_config_options, settings_of, whole_number
from maxwatt.domain.api_tokens import MAX_DAYS
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import InputError
from maxwatt.domain.formatting import format_time

if TYPE_CHECKING:
    from aggregator.ledger.identities import Identities


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Actions of `maxwatt token`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a token and print it, this once")
    create.add_argument("user", metavar="USER", help="whose jobs it shows, as in Slurm")
    create.add_argument("--name", default="command line", help="what it is for (default: command line)")
    create.add_argument("--days", type=whole_number(1, MAX_DAYS), default=90, help="days it lives (default: 90)")
    create.add_argument("--all", action="store_true", help="it shows everybody's jobs")
    listing = actions.add_parser("list", help="tokens, newest first; never their text")
    listing.add_argument("user", nargs="?", metavar="USER", help="of this user only")
    listing.add_argument("--json", action="store_true", help="as one line of JSON each")
    revoke = actions.add_parser("revoke", help="end a token")
    revoke.add_argument("token_id", type=whole_number(1, 2**31 - 1), metavar="NUMBER", help="as `list` shows it")
    for action in (create, listing, revoke):
        add_config_options(action)


def run(args: argparse.Namespace) -> int:
    """Make, list or end tokens."""
    from aggregator.ledger.ledger import Ledger

    settings = settings_of(args)
    with contextlib.closing(Ledger.open(settings.ledger_url)) as ledger:
        if args.action == "create":
            _create(args, ledger.identities)
        elif args.action == "list":
            _list(args, ledger.identities, settings.cluster.timezone)
        elif not ledger.identities.revoke_token(args.token_id, None):
            raise InputError(f"there is no token {args.token_id}")
    return 0


def _create(args: argparse.Namespace, identities: "Identities") -> None:
    if not args.user.strip():
        raise InputError("name the user whose jobs the token shows")
    print(identities.add_token(args.user.strip(), args.name, args.days, now_ms(), sees_all=args.all))


def _list(args: argparse.Namespace, identities: "Identities", zone: str) -> None:
    for token in identities.tokens(args.user):
        if args.json:
            print(json.dumps({name: getattr(token, name) for name in type(token).__slots__}))
            continue
        used = format_time(token.used_ms, zone) if token.used_ms else "never"
        shows = "all jobs" if token.sees_all else f"jobs of {token.user}"
        print(f"{token.token_id}  {token.name}: {shows}, until {format_time(token.expires_ms, zone)}, used {used}")
