"""What the machine must have before anything is started; everything that is missing is told at once."""

import os
import shutil
from pathlib import Path
from typing import Final

PROGRAMS: Final = {
    "munged": "munge",
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "slurmctld": "slurm-wlm",
    "slurmd": "slurm-wlm",
    "sbatch": "slurm-wlm",
    "slurmdbd": "slurmdbd",
    "slurmrestd": "slurmrestd",
    "unshare": "util-linux",
    "runuser": "util-linux",
    "useradd": "passwd",
}
"""Program to the Debian package that has it."""

CONTROLLERS: Final = {
    "cpuacct": "cpuacct.usage",
    "memory": "memory.usage_in_bytes",
    "freezer": "cgroup.procs",
}
"""Controllers of cgroup v1 that Slurm counts and tracks jobs with, and a file each has."""

SEARCH_PATH: Final = os.pathsep.join(("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"))


def missing(cgroup: Path = Path("/sys/fs/cgroup")) -> list[str]:
    """A sentence for each thing that is missing on this machine; empty when a cluster can start."""
    return [*_no_root(), *_no_mounts(), *_programs(), *_jwt_plugin(), *_controllers(cgroup)]


def _no_root() -> list[str]:
    return [] if os.geteuid() == 0 else ["the mini cluster makes namespaces, users and cgroups: run it as root"]


def _no_mounts(mountinfo: Path = Path("/proc/self/mountinfo")) -> list[str]:
    """A plain chroot has a root that is no mount point: the kernel then refuses mount namespaces of one's own."""
    if any(line.split()[4] == "/" for line in mountinfo.read_text().splitlines()):
        return []
    return ["the root folder is no mount point: before chroot DIR, mount --bind DIR DIR"]


def _programs() -> list[str]:
    absent = {program: package for program, package in PROGRAMS.items() if not shutil.which(program, path=SEARCH_PATH)}
    packages = " ".join(sorted(set(absent.values())))
    return [f"not installed: {', '.join(absent)}; apt-get install {packages}"] if absent else []


def _jwt_plugin() -> list[str]:
    if any(Path("/usr/lib").glob("*/slurm*/auth_jwt.so")):
        return []
    return ["Slurm's plugin for web tokens is not installed: apt-get install slurm-wlm-jwt-plugin"]


def _controllers(cgroup: Path) -> list[str]:
    absent = [name for name, file in CONTROLLERS.items() if not (cgroup / name / file).exists()]
    if not absent:
        return []
    return [
        f"cgroup v1 is not mounted for {', '.join(absent)} below {cgroup}: Slurm 22.05 counts jobs there;"
        " boot with systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1"
    ]


def closed_parent(folder: Path) -> Path | None:
    """The first parent of `folder` that other users may not enter, which jobs and daemons must; None: all is well."""
    return next((parent for parent in folder.parents if parent.exists() and not parent.stat().st_mode & 0o001), None)
