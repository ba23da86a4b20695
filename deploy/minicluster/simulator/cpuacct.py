"""Real CPU seconds from cgroup v1: of a node's jobs, and of all that ever ran on it."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """One look at a node.

    Args:
        jobs_ns: job id to the CPU time of its cgroup so far [ns].
        total_ns: CPU time of the node's own cgroup so far, ended jobs included [ns].
    """

    jobs_ns: dict[int, int]
    total_ns: int


def read_usage(node_folder: Path) -> Usage:
    """Usage of one node, nothing used while slurmd has not made its cgroup yet.

    The total is read last: it is never less than the sum of the jobs.
    """
    jobs = {}
    for user in _folders(node_folder, "uid_"):
        for job in _folders(user, "job_"):
            usage_ns = _nanoseconds(job)
            if usage_ns is not None:
                jobs[int(job.name.removeprefix("job_"))] = usage_ns
    return Usage(jobs, _nanoseconds(node_folder) or 0)


def _folders(parent: Path, prefix: str) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            return [parent / entry.name for entry in entries if entry.name.startswith(prefix)]
    except FileNotFoundError:
        return []


def _nanoseconds(folder: Path) -> int | None:
    """`cpuacct.usage` [ns], None when the cgroup is gone."""
    try:
        return int((folder / "cpuacct.usage").read_bytes())
    except (FileNotFoundError, OSError):
        return None
