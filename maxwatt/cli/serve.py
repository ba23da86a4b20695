"""`maxwatt serve`: ingest, aggregator and web app in one process."""

import argparse
import dataclasses
import json
import os

from maxwatt.cli._ending import end_now, end_within, stop_on_signals
from maxwatt.cli._options import PORTS, add_config_options, settings_of, whole_number

END_S = 20.0
"""A server that is told to stop ends within this [s], whatever holds it up."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `maxwatt serve`."""
    add_config_options(parser)
    parser.add_argument("--host", help="address to listen on (loopback only, until a sign-in is configured)")
    parser.add_argument("--port", type=whole_number(*PORTS), help="port to listen on; 0: any free one")
    parser.add_argument("--json", action="store_true", help="tell the address as one line of JSON")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    from aggregator.sources.jobs.coordinators import coordinators_source
    from aggregator.sources.jobs.interrupt import Interrupt
    from aggregator.sources.jobs.registry import accounting_source, live_source
    from maxwatt.cli._hub_environment import under_hub
    from maxwatt.cli._server import running_server

    settings = under_hub(settings_of(args), os.environ)
    asked = {key: value for key in ("host", "port") if (value := getattr(args, key)) is not None}
    settings = dataclasses.replace(settings, server=dataclasses.replace(settings.server, **asked))
    stopped, interrupt = stop_on_signals(), Interrupt()
    sources = live_source(settings, interrupt), accounting_source(settings, interrupt)
    coordinators = coordinators_source(settings, interrupt)
    with running_server(settings, *sources, coordinators) as server:
        tell = _tell_json if args.json else _tell
        tell(server.url, server.access_url, settings.server.data_dir)
        stopped.wait()
        end_within(END_S)
        interrupt.set()  # Slurm may take its time to answer; nobody waits for that now
    end_now()


def _tell(url: str, access_url: str, data_dir: str) -> None:
    print(f"maxwatt serves {data_dir}")
    print(f"  open {access_url}")
    print(f"  agents push to {url} with the token in {data_dir}/ingest.token", flush=True)


def _tell_json(url: str, access_url: str, data_dir: str) -> None:
    print(json.dumps({"url": url, "access_url": access_url, "data_dir": data_dir}), flush=True)
