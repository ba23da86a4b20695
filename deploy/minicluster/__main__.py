"""`python -m deploy.minicluster up|down|exec|run`."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.minicluster.client import connect
from deploy.minicluster.faults import ClusterFault
from deploy.minicluster.lock import locked
from deploy.minicluster.namespace import find
from deploy.minicluster.shutdown import down
from deploy.minicluster.startup import up


def main() -> int:
    """Returns the exit status: 0 well, 1 a fault told on stderr, 2 wrong usage, or that of the command that was run."""
    args = _parser().parse_args()
    args.dir = args.dir.absolute()
    command: Callable[[argparse.Namespace], int] = args.command
    try:
        return command(args)
    except ClusterFault as fault:
        print(f"minicluster: {fault}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="minicluster", description="A real Slurm on this machine, with simulated power."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    starts = _command(commands, "up", _up, "start a cluster from nothing")
    starts.add_argument("--tied", action="store_true", help="end the cluster when the standard input ends")
    starts.add_argument("--hub", action="store_true", help="with a JupyterHub, maxwatt in its menu, an agent a node")
    stops = _command(commands, "down", _down, "stop it, its jobs and all it started")
    for sub in (starts, stops):
        sub.add_argument("--json", action="store_true", help="print the result as JSON")
    inside = _command(commands, "exec", _exec, "run a command inside a node")
    inside.add_argument("node")
    user = _command(commands, "run", _run, "run a command as a user, with SLURM_CONF set")
    user.add_argument("user")
    for sub in (inside, user):
        sub.add_argument("words", nargs="+", metavar="COMMAND")
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    function: Callable[[argparse.Namespace], int],
    help: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help)
    parser.add_argument("--dir", type=Path, default=Path(".minicluster"), help="state folder (default: %(default)s)")
    parser.set_defaults(command=function)
    return parser


def _up(args: argparse.Namespace) -> int:
    args.dir.mkdir(parents=True, exist_ok=True)
    with locked(args.dir):
        if find(args.dir) is not None:
            content = connect(args.dir).description
            print(f"minicluster: {content['name']} is already up in {args.dir}", file=sys.stderr)
        else:
            content = _up_or_down(args.dir, args.tied, args.hub)
    print(json.dumps(content) if args.json else _hint(args.dir, content))
    return 0


def _up_or_down(folder: Path, tied: bool, with_hub: bool) -> dict[str, Any]:
    """A cluster that does not come up is taken down again; its logs stay."""
    try:
        return up(folder, tied, with_hub)
    except ClusterFault:
        if find(folder) is not None:
            down(folder)
        raise


def _hint(folder: Path, content: dict[str, Any]) -> str:
    lines = [f"export SLURM_CONF={content['slurm_conf']}"]
    if hub := content.get("hub"):
        files = hub["password_files"]
        lines += [f"open {hub['service_url']} as {', '.join(hub['users'])} with the password in {files['user']}"]
        lines += [f"or as {', '.join(hub['admins'])} with that in {files['admin']}"]
    return "\n".join([*lines, f"stop it with: minicluster down --dir {folder}"])


def _down(args: argparse.Namespace) -> int:
    if not args.dir.is_dir():
        raise ClusterFault(f"no mini cluster in {args.dir}")
    with locked(args.dir):
        seconds = round(down(args.dir), 2)
    print(json.dumps({"stopped_in_s": seconds}) if args.json else f"stopped in {seconds} s")
    return 0


def _exec(args: argparse.Namespace) -> int:
    _become([*connect(args.dir).node(args.node)["exec"], *args.words])
    return 0


def _run(args: argparse.Namespace) -> int:
    _become(connect(args.dir).command_as(args.user, args.words))
    return 0


def _become(command: list[str]) -> None:
    sys.stdout.flush()
    os.execvp(command[0], command)  # noqa: S606  the caller's own command line


if __name__ == "__main__":
    sys.exit(main())
