"""What a cluster leaves on the machine outside its folder, and its removal: cgroup folders and files in memory."""

import contextlib
import shutil
import time
from pathlib import Path

from deploy.minicluster.faults import ClusterFault

CGROUP = Path("/sys/fs/cgroup")


def cgroup_folders(name: str, cgroup: Path = CGROUP) -> list[Path]:
    """Every cgroup folder of the nodes of cluster `name`, the deepest first."""
    tops = [top for top in cgroup.glob(f"*/slurm_{name}-*") if top.is_dir()]
    inner = [path for top in tops for path in top.rglob("*") if path.is_dir()]
    return sorted({*tops, *inner}, key=lambda path: len(path.parts), reverse=True)


def remove(name: str, limit_s: float = 5.0) -> None:
    """Remove what is left of cluster `name`, none of whose processes may run any more.

    Raises:
        ClusterFault: a folder could not be removed in time.
    """
    end = time.monotonic() + limit_s
    while folders := cgroup_folders(name):
        for folder in folders:
            with contextlib.suppress(OSError):  # busy for a moment after its last process
                folder.rmdir()
        if time.monotonic() > end:
            raise ClusterFault(f"could not remove {', '.join(map(str, folders[-3:]))}: something still runs in there")
        time.sleep(0.02)
    shutil.rmtree(f"/dev/shm/minicluster-{name}", ignore_errors=True)  # noqa: S108  named after the instance
