"""A running cluster as tests and the command line use it."""

import json
import subprocess
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.minicluster import control, description, namespace, services
from deploy.minicluster.faults import ClusterFault
from deploy.minicluster.plan import Plan
from deploy.minicluster.waiting import demand, succeeds, wait_until


@dataclass(frozen=True, slots=True)
class MiniCluster:
    """One running cluster.

    Args:
        dir: its state folder.
        description: the content of its cluster.json.
    """

    dir: Path
    description: dict[str, Any]

    @property
    def plan(self) -> Plan:
        """Names, ports and paths."""
        return description.plan_of(self.description)

    @property
    def nodes(self) -> list[str]:
        """Names of the nodes."""
        return [node.name for node in self.plan.nodes]

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which Slurm's commands speak with this cluster."""
        return services.environment(self.plan)

    def node(self, name: str) -> dict[str, Any]:
        """The description of one node.

        Raises:
            ClusterFault: there is no such node.
        """
        for node in self.description["nodes"]:
            if node["name"] == name:
                return dict(node)
        raise ClusterFault(f"no node {name}; there are {', '.join(self.nodes)}")

    def run_as(self, user: str, *command: str, limit_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command as a Unix user in the folder for jobs' output. Its exit status is the caller's to look at."""
        return subprocess.run(
            self.command_as(user, command),
            cwd=self.dir / "jobs",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )

    def command_as(self, user: str, command: Sequence[str]) -> list[str]:
        """The command line that runs `command` as a Unix user with this cluster's environment."""
        own = self.environment | {"HOME": f"/home/{user}", "USER": user}
        own.pop("PYTHONPATH")  # the tools' own, none of a user's business
        words = [f"{name}={value}" for name, value in own.items()]
        return ["/usr/sbin/runuser", "-u", user, "--", "/usr/bin/env", "-i", *words, *command]

    def sbatch(self, user: str, *options: str) -> int:
        """Submit a job as a user. Returns its id.

        Raises:
            ClusterFault: it was refused.
        """
        done = self.run_as(user, "/usr/bin/sbatch", "--parsable", *options)
        if done.returncode:
            raise ClusterFault(f"sbatch {' '.join(options)}: {done.stderr.strip()}")
        return int(done.stdout.split(";")[0])

    def node_exec(self, node: str, *command: str, **popen: Any) -> subprocess.Popen[Any]:
        """Start a command inside a node; signals sent to what is returned reach it, and it never outlives that."""
        return subprocess.Popen([*self.node(node)["exec"], *command], **popen)

    def scontrol(self, *words: str) -> str:
        """Output of a scontrol command.

        Raises:
            ClusterFault: it failed.
        """
        return demand(["/usr/bin/scontrol", *words], self.environment)

    def sacct(self, *words: str) -> list[dict[str, str]]:
        """Rows of `sacct -P`, all users, times as epoch seconds: column to text.

        Raises:
            ClusterFault: it failed.
        """
        own = self.environment | {"SLURM_TIME_FORMAT": "%s"}
        header, *rows = demand(["/usr/bin/sacct", "-P", "-a", *words], own).splitlines()
        return [dict(zip(header.split("|"), row.split("|"), strict=True)) for row in rows]

    def job_state(self, job_id: int) -> str:
        """State of a job as the controller knows it, such as `RUNNING`."""
        words = self.scontrol("--oneliner", "show", "job", str(job_id)).split()
        return next(word for word in words if word.startswith("JobState=")).partition("=")[2]

    def wait_job(self, job_id: int, *states: str, limit_s: float = 60.0) -> None:
        """Wait until a job is in one of `states`.

        Raises:
            ClusterFault: it did not get there in time.
        """
        wait_until(f"job {job_id} {'/'.join(states)}", lambda: self.job_state(job_id) in states, limit_s, 0.2)

    def truth(self) -> dict[str, Any]:
        """The newest true joules of nodes and jobs."""
        content: dict[str, Any] = json.loads(Path(self.description["truth"]["latest"]).read_text())
        return content

    def rest(self, path: str) -> dict[str, Any]:
        """Answer of slurmrestd to a GET with a fresh web token, such as `rest("/slurm/v0.0.38/ping")`."""
        server = self.description["slurmrestd"]
        token = demand(server["token_command"], self.environment).strip().partition("=")[2]
        headers = {"X-SLURM-USER-NAME": server["user"], "X-SLURM-USER-TOKEN": token}
        request = urllib.request.Request(server["url"] + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            content: dict[str, Any] = json.load(answer)
        return content

    def restart_slurmctld(self) -> None:
        """Stop Slurm's controller and start it again; jobs run on."""
        control.stop(self.dir, "slurmctld")
        control.start(self.dir, services.slurmctld(), self.environment)
        self._wait_for("slurmctld", "/usr/bin/scontrol", "ping")

    def stop_slurmdbd(self) -> None:
        """Stop Slurm's accounting; the controller queues what it has to tell."""
        control.stop(self.dir, "slurmdbd")

    def start_slurmdbd(self) -> None:
        """Start Slurm's accounting again."""
        control.start(self.dir, services.slurmdbd(), self.environment)
        self._wait_for("slurmdbd", "/usr/bin/sacctmgr", "-n", "-i", "show", "cluster")

    def _wait_for(self, what: str, *command: str) -> None:
        wait_until(what, lambda: succeeds(command, self.environment), 30.0)


def connect(folder: Path) -> MiniCluster:
    """The cluster that runs in `folder`.

    Raises:
        ClusterFault: none does.
    """
    content = description.read(folder)
    if content["state"] != "up" or namespace.find(folder) is None:
        raise ClusterFault(f"the mini cluster in {folder} is not up")
    return MiniCluster(folder, content)
