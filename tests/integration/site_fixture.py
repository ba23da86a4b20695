"""A whole site on the mini cluster: one agent per virtual node and a server, started and stopped as people would."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.minicluster.client import MiniCluster

MAXWATT = [sys.executable, "-m", "maxwatt"]

LOG_CHARS = 20_000
"""So much of the server's log a failure shows: the stacks of all threads are in it."""


@dataclass
class Site:
    """maxwatt on a mini cluster. `access_url` opens the pages of the server that runs now."""

    cluster: MiniCluster
    logs: Path
    agents: dict[str, subprocess.Popen[Any]] = field(default_factory=dict)
    server: subprocess.Popen[str] | None = None
    access_url: str = ""

    @property
    def config(self) -> Path:
        return self.cluster.dir / "maxwatt.toml"

    @property
    def data(self) -> Path:
        return self.cluster.dir / "maxwatt"

    def start_server(self) -> None:
        with (self.logs / "server.log").open("a") as log:
            command = [*MAXWATT, "serve", "--config", str(self.config), "--json"]
            env = os.environ | {"PYTHONFAULTHANDLER": "1"}  # SIGABRT then tells where every thread stands
            self.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
        assert self.server.stdout is not None
        line = self.server.stdout.readline()
        assert line, (self.logs / "server.log").read_text()
        self.access_url = json.loads(line)["access_url"]

    def stop_server(self, how: signal.Signals = signal.SIGTERM) -> None:
        assert self.server is not None
        self.server.send_signal(how)
        assert self._ended(self.server) in (0, -how), (self.logs / "server.log").read_text()[-LOG_CHARS:]

    def _ended(self, server: subprocess.Popen[str]) -> int | str:
        try:
            return server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGABRT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=5)
            server.kill()
            return "did not end"

    def start_agent(self, node: str) -> None:
        config = self.cluster.node(node)["agent_config"]
        with (self.logs / f"agent-{node}.log").open("a") as log:
            command = [*MAXWATT, "agent", "--config", config]
            self.agents[node] = self.cluster.node_exec(node, *command, stdout=log, stderr=log)

    def stop_agent(self, node: str) -> None:
        agent = self.agents.pop(node)
        agent.terminate()
        agent.wait(timeout=20)

    def stop(self) -> None:
        for node in list(self.agents):
            self.stop_agent(node)
        if self.server is not None and self.server.poll() is None:
            self.stop_server()

    def ask(self, *words: str) -> Any:
        """Answer of a maxwatt command as JSON."""
        command = [*MAXWATT, *words, "--json", "--config", str(self.config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def wait_for(what: str, condition: Callable[[], bool], limit_s: float, logs: Path) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            shown = "\n".join(f"== {log.name}\n{log.read_text()[-1500:]}" for log in sorted(logs.iterdir()))
            raise AssertionError(f"{what} did not come within {limit_s} s\n{shown}")
        time.sleep(0.3)
