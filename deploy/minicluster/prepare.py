"""Makes the state folder: folders with their owners, keys, device nodes, configuration files, Unix users."""

import os
import pwd
import secrets
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Final

from deploy.minicluster import hub, maxwatt_conf, slurm_conf
from deploy.minicluster.faults import ClusterFault
from deploy.minicluster.plan import USERS, Plan

OWNERS: Final = {
    "etc": "slurm", "log": "slurm", "ctld": "slurm", "pid": "slurm", "munge": "munge", "mysql": "mysql",
    "rest": "nobody", "spool": "root", "dev": "root", "run": "root", "jobs": "root", "agents": "root",
    "maxwatt": "root", "hub": "root", "hubenv": "root",
}  # fmt: skip
"""Folders below the state folder and whom they belong to. Slurm must be able to write its pid files itself."""

GPU_DEVICE: Final = os.makedev(1, 3)
"""Fake GPUs are look-alikes of /dev/null: Slurm only asks that they are device nodes."""

USERADD_EXISTS: Final = 9


def prepare(plan: Plan, with_hub: bool) -> None:
    """Fill the state folder, which exists, and make the Unix users that are absent."""
    _folders(plan.folder)
    _keys(plan)
    hub.prepare(plan)
    _gpus(plan)
    _files(plan, with_hub)
    for user in USERS:
        _user(user)


def wipe(folder: Path) -> None:
    """Empty a state folder: a cluster always starts from nothing. Files that are not ours are not touched.

    Raises:
        ClusterFault: the folder holds something that no cluster put there.
    """
    ours = {*OWNERS, "cluster.json", "supervisor.json", "lock", "truth.json", "truth.jsonl", "maxwatt.toml"}
    strange = sorted(path.name for path in folder.iterdir() if path.name not in ours)
    if strange:
        raise ClusterFault(f"{folder} holds {', '.join(strange[:5])}, which no mini cluster made: choose another --dir")
    for name in ours - {"lock"}:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _folders(folder: Path) -> None:
    folder.chmod(0o755)
    for name, owner in OWNERS.items():
        path = folder / name
        path.mkdir()
        path.chmod(0o1777 if name == "jobs" else 0o755)
        shutil.chown(path, owner, _group(owner))


def _group(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _keys(plan: Plan) -> None:
    _private(plan.jwt_key, secrets.token_bytes(32), "slurm")
    _private(plan.folder / "munge" / "munge.key", secrets.token_bytes(1024), "munge")
    token = secrets.token_urlsafe(24) + "\n"
    _private(maxwatt_conf.data_folder(plan) / "ingest.token", token.encode(), "root")


def _private(path: Path, content: bytes, owner: str) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
    shutil.chown(path, owner, _group(owner))


def _gpus(plan: Plan) -> None:
    for number in range(max(node.kind.gpus for node in plan.nodes)):
        device = plan.folder / "dev" / f"nvidia{number}"
        os.mknod(device, stat.S_IFCHR | 0o666, GPU_DEVICE)
        device.chmod(0o666)


def _files(plan: Plan, with_hub: bool) -> None:
    etc = plan.folder / "etc"
    plan.slurm_conf.write_text(slurm_conf.slurm_conf(plan))
    (etc / "gres.conf").write_text(slurm_conf.gres_conf(plan))
    (etc / "cgroup.conf").write_text(slurm_conf.cgroup_conf())
    _private(etc / "slurmdbd.conf", slurm_conf.slurmdbd_conf(plan).encode(), "slurm")
    (plan.folder / "maxwatt.toml").write_text(maxwatt_conf.server_toml(plan, with_hub))
    for node in plan.nodes:
        (etc / f"agent-{node.name}.toml").write_text(maxwatt_conf.agent_toml(plan, node.name))


def _user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        done = subprocess.run(
            ["/usr/sbin/useradd", "-m", "-s", "/bin/bash", name], capture_output=True, text=True, check=False
        )
        if done.returncode not in {0, USERADD_EXISTS}:
            raise ClusterFault(f"useradd {name}: {done.stderr.strip()}") from None
