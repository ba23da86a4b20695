"""The servers of a cluster as command lines; each runs in the foreground under the supervisor."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.minicluster.plan import Plan
from deploy.minicluster.requirements import SEARCH_PATH

SOURCE_ROOT: Final = Path(__file__).resolve().parents[2]
"""Folder from which `python -m deploy.minicluster` works."""

REST_VERSION: Final = "v0.0.38"


@dataclass(frozen=True, slots=True)
class Service:
    """One process: its name, its command, the user it runs as, what it adds to the environment."""

    name: str
    argv: tuple[str, ...]
    user: str = "root"
    environment: dict[str, str] = field(default_factory=dict)


def environment(plan: Plan) -> dict[str, str]:
    """Environment of every server and of Slurm's commands."""
    return {"SLURM_CONF": str(plan.slurm_conf), "PATH": SEARCH_PATH, "PYTHONPATH": str(SOURCE_ROOT), "LANG": "C.UTF-8"}


def munged(plan: Plan) -> Service:
    """Authentication of everything else."""
    munge = plan.folder / "munge"
    files = {"key-file": "munge.key", "pid-file": "munged.pid", "log-file": "munged.log", "seed-file": "munge.seed"}
    options = [f"--{option}={munge / name}" for option, name in files.items()]
    return Service("munged", ("/usr/sbin/munged", "--foreground", f"--socket={plan.munge_socket}", *options), "munge")


def mariadb_install(plan: Plan) -> list[str]:
    """Command that makes an empty database folder."""
    return [
        "/usr/bin/mariadb-install-db", "--no-defaults", "--user=mysql", f"--datadir={plan.folder}/mysql/data",
        "--auth-root-authentication-method=normal", "--skip-test-db",
    ]  # fmt: skip


def mariadbd(plan: Plan) -> Service:
    """The accounting database, on loopback only."""
    argv = (
        "/usr/sbin/mariadbd", "--no-defaults", "--user=mysql", f"--datadir={plan.folder}/mysql/data",
        f"--socket={plan.mariadb_socket}", f"--pid-file={plan.folder}/mysql/mariadbd.pid",
        "--bind-address=127.0.0.1", f"--port={plan.ports['mariadb']}",
        "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M", "--innodb-lock-wait-timeout=900",
        "--innodb-flush-log-at-trx-commit=2", "--skip-log-bin", "--performance-schema=OFF",
    )  # fmt: skip
    return Service("mariadbd", argv)


def slurmdbd() -> Service:
    """Slurm's accounting."""
    return Service("slurmdbd", ("/usr/sbin/slurmdbd", "-D"), "slurm")


def slurmctld() -> Service:
    """Slurm's controller."""
    return Service("slurmctld", ("/usr/sbin/slurmctld", "-D"), "slurm")


def slurmd(plan: Plan, node: str) -> Service:
    """Slurm's daemon of one node, in a mount namespace where the node's simulated files are."""
    script = str(Path(__file__).with_name("node_namespace.py"))
    inside = (sys.executable, script, str(plan.node_root(node)), "/usr/sbin/slurmd", "-D", "-N", node)
    return Service(f"slurmd-{node}", ("/usr/bin/unshare", "--mount", "--propagation", "private", *inside))


def simulator(plan: Plan) -> Service:
    """The process that knows what every job really drew."""
    return Service("simulator", (sys.executable, "-m", "deploy.minicluster.simulator", str(plan.folder)))


def agent(plan: Plan, node: str, slurmd_pid: int) -> Service:
    """maxwatt's agent in the namespace of a node.

    Args:
        slurmd_pid: of the node's slurmd, inside of the cluster's PID namespace.
    """
    script, config = str(Path(__file__).with_name("enter.py")), str(plan.folder / "etc" / f"agent-{node}.toml")
    words = (sys.executable, script, str(slurmd_pid), sys.executable, "-m", "maxwatt", "agent", "--config", config)
    return Service(f"agent-{node}", words)


def slurmrestd(plan: Plan) -> Service:
    """Slurm's REST API with web tokens. It refuses to run as root and as Slurm's own user."""
    argv = _slurmrestd("rest_auth/jwt", f"127.0.0.1:{plan.ports['slurmrestd']}")
    return Service("slurmrestd", argv, "nobody", {"SLURM_JWT": "daemon"})


def slurmrestd_socket(plan: Plan) -> Service:
    """The same on a Unix socket, for root and its own user. One process cannot do both: web tokens need its environment
    to say so, and then munge, which the socket needs, is out."""
    return Service("slurmrestd-socket", _slurmrestd("rest_auth/local", f"unix:{plan.rest_socket}"), "nobody")


def _slurmrestd(authentication: str, place: str) -> tuple[str, ...]:
    plugins = f"openapi/{REST_VERSION},openapi/db{REST_VERSION}"
    return ("/usr/sbin/slurmrestd", "-a", authentication, "-s", plugins, place)
