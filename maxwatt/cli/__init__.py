"""The composition root: one module a subcommand, imported only when it is called."""

import argparse
import importlib
import os
import sys
from typing import Final

from maxwatt import __version__
from maxwatt.domain.errors import MaxwattError

COMMANDS: Final = {
    "agent": "read this node's CPU, memory, jobs and power, offer and push them",
    "serve": "run the server: ingest, aggregator and web app",
    "demo": "run the whole system on a simulated cluster and this machine",
    "import": "bring job records or samples in from a file",
    "attribute": "book the energy of past windows again",
    "doctor": "what is well with the data and what is not",
    "forget": "remove a user's name, paths and comments from the ledger",
    "job": "what one job used",
    "token": "API tokens of users: make, list, revoke",
    "user": "user accounts for the sign-in of our own: add, remove, list",
    "top": "users, accounts, partitions, nodes or jobs by energy",
}
"""Subcommand to its one-line help. Each lives in `maxwatt.cli.<name>` (`import` in `import_`) and has
`add_arguments(parser)` and `run(args) -> int`."""


def main(argv: list[str] | None = None) -> int:
    """Entry point of `maxwatt`. Returns the exit status: 0 well, 1 a fault told on stderr, 2 wrong usage."""
    arguments = sys.argv[1:] if argv is None else argv
    # What a command writes is its owner's alone: samples and ledger hold everybody's jobs.
    others = os.umask(0o077)
    try:
        args = _parser(arguments).parse_args(arguments)
        return int(args.run(args))
    except MaxwattError as error:
        print(f"maxwatt: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush does not fail either
        return 0
    finally:
        os.umask(others)


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="maxwatt", description="Every joule a cluster draws, on somebody's account.")
    parser.add_argument("--version", action="version", version=f"maxwatt {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    called = next((word for word in arguments if not word.startswith("-")), None)
    for name, help in COMMANDS.items():
        sub = commands.add_parser(name, help=help, description=_sentence(help))
        if name == called:  # only the command that is called is imported: the agent must stay light
            _fill(sub, name)
    return parser


def command_parser(name: str) -> argparse.ArgumentParser:
    """The complete parser of one subcommand, for the docs."""
    parser = argparse.ArgumentParser(prog=f"maxwatt {name}", description=_sentence(COMMANDS[name]))
    _fill(parser, name)
    return parser


def _sentence(help: str) -> str:
    return f"{help[0].upper()}{help[1:]}."


def _fill(parser: argparse.ArgumentParser, name: str) -> None:
    module = importlib.import_module(f"maxwatt.cli.{name.replace('import', 'import_')}")
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)
