"""Brings a cluster up, step by step: the order and the waits are those that a cold start needs."""

import secrets
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from deploy.minicluster import (
    accounting,
    control,
    description,
    hub,
    leftovers,
    namespace,
    prepare,
    requirements,
    services,
)
from deploy.minicluster.faults import ClusterFault
from deploy.minicluster.plan import PORT_COUNT, Plan
from deploy.minicluster.ports import free_block
from deploy.minicluster.waiting import demand, output, succeeds, wait_until

LONGEST_FOLDER: Final = 80
"""Characters; a Unix socket's path holds 107, and slurmd adds its own names."""


class Progress:
    """Prints a line for each step with the seconds since the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def __call__(self, step: str) -> None:
        """Say that `step` is done."""
        print(f"{self.elapsed_s:6.2f} s  {step}", file=sys.stderr, flush=True)


def up(folder: Path, tied: bool, with_hub: bool = False) -> dict[str, Any]:
    """Start a cluster in `folder` from nothing. Returns the content of cluster.json.

    Args:
        folder: state folder, absolute.
        tied: the cluster ends with our standard input.
        with_hub: start a JupyterHub too, with maxwatt in its menu and an agent on every node.

    Raises:
        ClusterFault: something is missing, or a step did not come to its end in time.
    """
    say = Progress()
    _check(folder, with_hub)
    _forget(folder)
    plan = Plan(folder, secrets.token_hex(2), socket.gethostname().split(".")[0], free_block(PORT_COUNT))
    description.write(folder, description.describe(plan, "starting", {}))
    prepare.prepare(plan, with_hub)
    namespace.open_namespace(plan, tied, with_hub)
    wait_until("the supervisor", lambda: _answers(folder), 10)
    say(f"{plan.name}: folders and configuration in {folder}")
    for step in (_munge, _database, _accounting, _controller, _nodes, _rest, *((_agents, _hub) if with_hub else ())):
        say(step(plan))
    content = description.describe(plan, "up", _node_pids(plan)) | {"started_in_s": round(say.elapsed_s, 2)}
    content |= {"hub": hub.describe(plan)} if with_hub else {}
    description.write(folder, content)
    say(f"{plan.name} is up: {len(plan.nodes)} nodes idle; simulated power")
    return content


def _check(folder: Path, with_hub: bool) -> None:
    faults = [*requirements.missing(), *(hub.missing() if with_hub else [])]
    if closed := requirements.closed_parent(folder):
        faults.append(f"other users may not enter {closed}: chmod o+x {closed}, or choose another --dir")
    if len(str(folder)) > LONGEST_FOLDER:
        faults.append(f"{folder} is too long for the sockets in it: choose a --dir below {LONGEST_FOLDER} characters")
    if faults:
        raise ClusterFault("\n".join(faults))


def _forget(folder: Path) -> None:
    """Remove what an earlier cluster left in this folder and, had it crashed, on the machine."""
    if (folder / "cluster.json").exists():
        leftovers.remove(description.read(folder)["name"])
    prepare.wipe(folder)


def _answers(folder: Path) -> bool:
    try:
        control.running(folder)
    except ClusterFault:
        return False
    return True


def _start(plan: Plan, service: services.Service) -> None:
    control.start(plan.folder, service, services.environment(plan))


def _poll(plan: Plan, what: str, command: list[str], limit_s: float) -> None:
    env = services.environment(plan)
    wait_until(f"{what}, see {plan.folder / 'log'}", lambda: succeeds(command, env), limit_s)


def _munge(plan: Plan) -> str:
    _start(plan, services.munged(plan))
    _poll(plan, "munged", ["/usr/bin/munge", "-S", str(plan.munge_socket), "-n"], 10)
    return "munge"


def _database(plan: Plan) -> str:
    demand(services.mariadb_install(plan), services.environment(plan), limit_s=60)
    _start(plan, services.mariadbd(plan))
    socket_option = f"--socket={plan.mariadb_socket}"
    _poll(plan, "MariaDB", ["/usr/bin/mariadb-admin", "--no-defaults", socket_option, "-uroot", "ping"], 30)
    client = ["/usr/bin/mariadb", "--no-defaults", socket_option, "-uroot"]
    demand(client, services.environment(plan), stdin=accounting.DATABASE_SQL)
    return "MariaDB"


def _accounting(plan: Plan) -> str:
    _start(plan, services.slurmdbd())
    _poll(plan, "slurmdbd", ["/usr/bin/sacctmgr", "-n", "-i", "show", "cluster"], 30)
    accounting.fill(plan)
    return "slurmdbd with accounts and users"


def _controller(plan: Plan) -> str:
    _start(plan, services.slurmctld())
    _poll(plan, "slurmctld", ["/usr/bin/scontrol", "ping"], 20)
    return "slurmctld"


def _nodes(plan: Plan) -> str:
    _start(plan, services.simulator(plan))
    files = [plan.node_root(node.name) / "ready" for node in plan.nodes]
    wait_until("the power simulator", _all_there(files), 10)
    for node in plan.nodes:
        (plan.folder / "spool" / node.name).mkdir()
        _start(plan, services.slurmd(plan, node.name))
    wait_until("all nodes idle", lambda: _idle(plan) == len(plan.nodes), 30)
    return "slurmd on all nodes"


def _all_there(files: list[Path]) -> Callable[[], bool]:
    return lambda: all(file.exists() for file in files)


def _idle(plan: Plan) -> int:
    text = output(["/usr/bin/sinfo", "-h", "-N", "-o", "%N %t"], services.environment(plan)) or ""
    return len({line.split()[0] for line in text.splitlines() if line.split()[1] == "idle"})


def _rest(plan: Plan) -> str:
    _start(plan, services.slurmrestd(plan))
    _start(plan, services.slurmrestd_socket(plan))
    port = plan.ports["slurmrestd"]
    wait_until("slurmrestd", lambda: _listens(port) and plan.rest_socket.exists(), 10)
    return "slurmrestd"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _agents(plan: Plan) -> str:
    pids = control.running(plan.folder)
    for node in plan.nodes:
        _start(plan, services.agent(plan, node.name, pids[f"slurmd-{node.name}"]))
    return "an agent on every node"


def _hub(plan: Plan) -> str:
    _start(plan, hub.jupyterhub(plan))
    wait_until(f"JupyterHub, see {plan.folder / 'log'}", lambda: hub.answers(plan), 60, 0.2)
    return f"JupyterHub at {hub.url(plan)}"


def _node_pids(plan: Plan) -> dict[str, int]:
    """Node to the id, out here, of its slurmd."""
    found = namespace.find(plan.folder)
    if found is None:
        raise ClusterFault(f"the supervisor has ended, see {plan.folder / 'log' / 'supervisor.out'}")
    inner, outer = control.running(plan.folder), found.members()
    return {node.name: outer[inner[f"slurmd-{node.name}"]] for node in plan.nodes}
