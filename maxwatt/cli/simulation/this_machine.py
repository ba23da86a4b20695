"""This machine beside the simulated cluster: its agent runs for real; only its idle and full power are assumed."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from maxwatt.config import AgentSettings
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
    return NodeModel(PARTITION, (node_name(),), cpu_idle_w=IDLE_W, cpu_max_w=IDLE_W + WATTS_PER_CPU * cpus)


@contextlib.contextmanager
def live_agent(config: Path, folder: Path) -> Iterator[None]:
    """A real `maxwatt agent` on this machine with the demo's configuration, as long as the context lasts."""
    with (folder / "agent.log").open("ab") as log:
        agent = subprocess.Popen(
            [sys.executable, "-m", "maxwatt", "agent", "--config", str(config)], stdout=log, stderr=log
        )
    try:
        yield
    finally:
        agent.terminate()
        agent.wait(timeout=10)


def agent_settings(folder: Path, url: str) -> AgentSettings:
    """How this machine's agent reads and where it pushes."""
    return AgentSettings(
        node=node_name(),
        interval_s=10.0,
        push_url=url,
        push_token_file=str(folder / "ingest.token"),
        state_dir=str(folder / "agent"),
    )
