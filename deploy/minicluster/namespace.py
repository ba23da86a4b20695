"""The PID namespace a cluster lives in, seen from outside: started, found again and killed by its parent's id."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from os import getpid, kill
from pathlib import Path

from deploy.minicluster import hub, processes
from deploy.minicluster.faults import ClusterFault
from deploy.minicluster.plan import Plan
from deploy.minicluster.services import environment


@dataclass(frozen=True, slots=True)
class Namespace:
    """A running namespace.

    Args:
        pid, ticks: its parent, `unshare`, which takes everything with it: process id and time of birth.
        link: the kernel's name of the namespace.
    """

    pid: int
    ticks: int
    link: str

    def members(self) -> dict[int, int]:
        """Its processes: id inside to id out here; none before the namespace is made."""
        ours = processes.children_namespace(getpid())
        return processes.members(self.link) if self.link and self.link != ours else {}

    def kill(self) -> None:
        """End every process in it, now."""
        born = {pid: processes.started_ticks(pid) for pid in self.members().values()}
        if processes.is_alive(self.pid, self.ticks):
            kill(self.pid, signal.SIGKILL)
        for pid, ticks in born.items():  # the parent's death kills process 1, which kills the rest: wait for it
            if ticks is not None:
                processes.wait_gone(pid, ticks, 5.0)

    def wait_gone(self, limit_s: float) -> bool:
        """Wait for its end. Returns whether it came in time."""
        return processes.wait_gone(self.pid, self.ticks, limit_s)


def open_namespace(plan: Plan, tied: bool, with_hub: bool) -> None:
    """Start the supervisor in a PID namespace of its own; `tied` ends it with our standard input.

    With a hub its programs are seen in the state folder, which users may enter.

    Raises:
        ClusterFault: the namespace could not be made.
    """
    argv = ["/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable]
    argv += ["-m", "deploy.minicluster.supervisor", str(plan.folder), plan.name, *(["--tied"] if tied else [])]
    argv += [f"--see={hub.INSTALLED}={hub.seen_at(plan)}"] if with_hub else []
    with (plan.folder / "log" / "supervisor.out").open("ab") as log:
        parent = subprocess.Popen(
            argv, stdin=None if tied else subprocess.DEVNULL, stdout=log, stderr=log, env=environment(plan),
            start_new_session=True, cwd="/",
        )  # fmt: skip
    ticks = processes.started_ticks(parent.pid)
    parent.returncode = 0  # it outlives us, and Popen shall not mind
    if ticks is None:
        raise ClusterFault(f"the supervisor did not start, see {plan.folder / 'log' / 'supervisor.out'}")
    (plan.folder / "supervisor.json").write_text(json.dumps({"pid": parent.pid, "ticks": ticks}))


def find(folder: Path) -> Namespace | None:
    """The namespace of the cluster in `folder`, None when none runs."""
    try:
        known = json.loads((folder / "supervisor.json").read_text())
        pid, ticks = int(known["pid"]), int(known["ticks"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
    link = processes.children_namespace(pid) if processes.is_alive(pid, ticks) else None
    return None if link is None else Namespace(pid, ticks, link)
