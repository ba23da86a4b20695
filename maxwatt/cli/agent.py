"""`maxwatt agent`: reads this node on a fixed grid, offers /metrics and pushes line protocol."""

import argparse
import dataclasses
import fcntl
import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from collectors.grid import run_on_grid
from collectors.runner import Runner, runner_for
from exporters.node.line_protocol import format_lines
from maxwatt.config import AgentSettings, Settings, load
from maxwatt.domain.errors import ConfigError
from maxwatt.domain.samples import Sample

Taker = Callable[[Sequence[Sample]], None]
"""Takes the rows of a cycle; must not keep the next one waiting."""

STATE_FILE: Final = "counters.json"
SPOOL_FOLDER: Final = "spool"
LOCK_FILE: Final = "lock"

_SETTING_OF: Final = {
    "node": "node",
    "interval": "interval_s",
    "root": "root",
    "collectors": "collectors",
    "metrics": "metrics_bind",
    "push": "push_url",
    "token_file": "push_token_file",
    "state_dir": "state_dir",
}
"""Flag to the setting that it overrides."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `maxwatt agent`; each stands above the configuration file."""
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE", help="configuration file (TOML)")
    add("--once", action="store_true", help="print one reading, counters as they stand, and end")
    add("--json", action="store_true", help="with --once: print JSON")
    add("--node", metavar="NAME", help="node name as Slurm knows it (default: the short host name)")
    add("--interval", type=_seconds, metavar="SECONDS", help="time between two readings (default: 15)")
    add("--root", metavar="DIR", help="read /proc and /sys below this folder (default: /)")
    add("--collectors", type=_names, metavar="A,B", help="collectors to run (default: all that find their hardware)")
    add("--push", metavar="URL", help="server that takes line protocol, such as http://server:8080")
    add("--token-file", metavar="FILE", help="file with the token for the push")
    add("--metrics", metavar="HOST:PORT", help="offer /metrics here, such as 127.0.0.1:9105")
    add("--state-dir", metavar="DIR", help="folder for spool and counters (default: /var/lib/maxwatt-agent)")


def run(args: argparse.Namespace) -> int:
    """Run the agent until SIGTERM or SIGINT, or print one reading. Returns the exit status.

    Raises:
        ConfigError: a setting is wrong or there is nothing to be done.
    """
    logging.basicConfig(level=logging.WARNING if args.once else logging.INFO, format="%(levelname)s %(message)s")
    settings = with_flags(load(args.config) if args.config else Settings(), args)
    if not Path(settings.agent.root).is_dir():
        raise ConfigError(f"root {settings.agent.root}: is no folder")
    if args.once:
        return _print_once(settings, as_json=args.json)
    if args.json:
        raise ConfigError("--json goes with --once")
    if not settings.agent.push_url and not settings.agent.metrics_bind:
        raise ConfigError(
            "the agent has nothing to do: give --push URL (agent.push_url), --metrics HOST:PORT (agent.metrics_bind), "
            "or --once to see one reading"
        )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _serve(settings, stop)
    return 0


def with_flags(settings: Settings, args: argparse.Namespace) -> Settings:
    """The settings with every flag that was given in place of the file's value."""
    given = {name: getattr(args, flag) for flag, name in _SETTING_OF.items()}
    agent = dataclasses.replace(settings.agent, **{name: value for name, value in given.items() if value is not None})
    return dataclasses.replace(settings, agent=agent)


def _print_once(settings: Settings, *, as_json: bool) -> int:
    """Print one reading; leaves the state of a running agent alone. Status 1 when nothing could be read."""
    from exporters.node import text

    samples = runner_for(settings, None).cycle()
    print(text.as_json(samples) if as_json else text.as_text(samples))
    if not samples:
        print(f"maxwatt: nothing to read below {settings.agent.root}", file=sys.stderr)
    return 0 if samples else 1


def _serve(settings: Settings, stop: threading.Event) -> None:
    agent = settings.agent
    with ExitStack() as closing:
        folder = _state_folder(agent.state_dir, closing)
        runner = runner_for(settings, folder / STATE_FILE)
        takers = [_latest(agent, closing)] if agent.metrics_bind else []
        if agent.push_url:
            takers.append(_delivery(agent, folder, closing))
        run_on_grid(lambda: _hand_over(runner, takers), agent.interval_s, stop)


def _hand_over(runner: Runner, takers: list[Taker]) -> None:
    samples = runner.cycle()
    for take in takers:
        take(samples)


def _latest(agent: AgentSettings, closing: ExitStack) -> Taker:
    from exporters.node.latest import Latest
    from exporters.node.prometheus import MetricsServer  # only who offers /metrics pays for its library

    latest = Latest(agent.interval_s, agent.zone_interval_s)
    server = MetricsServer(agent.metrics_bind, latest.rows)
    closing.callback(server.close)
    logging.getLogger(__name__).info("metrics on port %d", server.port)
    return latest.update


def _delivery(agent: AgentSettings, folder: Path, closing: ExitStack) -> Taker:
    from exporters.node.delivery import Delivery
    from exporters.node.push import Push
    from exporters.node.spool import Spool

    token_file = Path(agent.push_token_file) if agent.push_token_file else None
    if token_file and not os.access(token_file, os.R_OK):
        raise ConfigError(f"push_token_file {token_file}: cannot be read")
    push = Push(agent.push_url, token_file)
    delivery = Delivery(push.send, Spool(folder / SPOOL_FOLDER, agent.spool_max_bytes))
    delivery.start()
    closing.callback(delivery.stop)
    return lambda samples: delivery.offer(format_lines(samples))


def _state_folder(path: str, closing: ExitStack) -> Path:
    """The state folder, made where needed and locked: two agents would mix their counters."""
    folder = Path(path)
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        lock = closing.enter_context((folder / LOCK_FILE).open("w"))
    except OSError as error:
        raise ConfigError(f"state_dir {folder}: {error.strerror}; give a folder the agent may write to") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ConfigError(f"state_dir {folder}: another agent uses it; give each its own") from error
    return folder


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text!r}")
    return value


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
