"""This machine beside the simulated cluster: its agent runs for real; only its idle and full power are assumed."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from maxwatt.domain.jobs import NodeRecord
from maxwatt.domain.node_model import NodeModel

PARTITION = "this-machine"
WATTS_PER_CPU = 8.0
"""Assumed dynamic power of one logical CPU, where RAPL cannot be read. The figure is marked as modelled everywhere."""
IDLE_W = 20.0


def node_name() -> str:
    """Short host name, kept apart from the simulated names."""
    return socket.gethostname().split(".")[0] or "localhost"


def node_record() -> NodeRecord:
    """This machine as a node of a partition of its own, without jobs."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return NodeRecord(node_name(), "IDLE", os.cpu_count() or 1, memory, 0, (PARTITION,), "live")


def node_model() -> NodeModel:
    """Assumed powers of this machine."""
    cpus = os.cpu_count() or 1
    return NodeModel(
        PARTITION, (node_name(),), cpu_idle_w=IDLE_W, cpu_max_w=IDLE_W + WATTS_PER_CPU * cpus, home_group=PARTITION
    )


@contextlib.contextmanager
def live_agent(folder: Path, url: str) -> Iterator[None]:
    """A real `maxwatt agent` on this machine, pushing to `url`, as long as the context lasts."""
    config = folder / "agent.toml"
    config.write_text(_agent_toml(folder, url), encoding="utf-8")
    with (folder / "agent.log").open("ab") as log:
        agent = subprocess.Popen(
            [sys.executable, "-m", "maxwatt", "agent", "--config", str(config)], stdout=log, stderr=log
        )
    try:
        yield
    finally:
        agent.terminate()
        agent.wait(timeout=10)


def _agent_toml(folder: Path, url: str) -> str:
    model = node_model()
    return f"""\
[agent]
node = "{node_name()}"
interval_s = 10.0
push_url = "{url}"
push_token_file = "{folder / 'ingest.token'}"
state_dir = "{folder / 'agent'}"

[[node_models]]
name = "{model.name}"
nodes = "{node_name()}"
cpu_idle_w = {model.cpu_idle_w}
cpu_max_w = {model.cpu_max_w}
"""
