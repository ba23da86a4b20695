"""`maxwatt demo`: the whole system on a simulated cluster, with this machine's own live samples beside it."""

import argparse
from pathlib import Path

from maxwatt.cli._options import PORTS, whole_number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `maxwatt demo`."""
    default = Path("~/.cache/maxwatt-demo")
    parser.add_argument("--data-dir", type=Path, default=default, metavar="DIR", help="folder of the demo's data")
    parser.add_argument(
        "--port", type=whole_number(*PORTS), default=8080, help="port to listen on; another one when it is taken"
    )
    parser.add_argument(
        "--days", type=whole_number(1, 366), default=21, help="days of history to simulate on a first start"
    )
    parser.add_argument("--seed", type=whole_number(0, 2**31), default=7, help="another seed, another history")
    parser.add_argument("--fresh", action="store_true", help="forget an earlier demo and simulate anew")
    parser.add_argument(
        "--accounts", action="store_true", help="sign in by name, as a simulated user or as admin, with one password"
    )
    parser.add_argument("--json", action="store_true", help="tell the address as one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Simulate once, then serve until SIGTERM or Ctrl-C."""
    from maxwatt.cli.simulation.plot import Plot, remembered
    from maxwatt.cli.simulation.session import serve_demo

    folder = args.data_dir.expanduser()
    plot = None if args.fresh else remembered(folder)
    return serve_demo(folder, plot, Plot.new(args.seed, args.days), args)
