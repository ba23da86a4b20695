"""Processes by id: who they are, and which of them live in a cluster's PID namespace."""

import time
from pathlib import Path

PROC = Path("/proc")


def started_ticks(pid: int) -> int | None:
    """When the process began [clock ticks after boot], which with its id makes it unique; None when there is none."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(fields[18])


def is_alive(pid: int, ticks: int) -> bool:
    """Whether the very process that began at `ticks` still runs."""
    return started_ticks(pid) == ticks


def wait_gone(pid: int, ticks: int, limit_s: float) -> bool:
    """Wait for the end of a process. Returns whether it has ended within the time limit."""
    end = time.monotonic() + limit_s
    while is_alive(pid, ticks):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def children_namespace(pid: int) -> str | None:
    """The PID namespace that children of a process are born into, such as `pid:[4026532201]`."""
    try:
        return str((PROC / str(pid) / "ns" / "pid_for_children").readlink())
    except OSError:
        return None


def members(namespace: str) -> dict[int, int]:
    """Processes of a PID namespace: their id inside to their id out here."""
    found = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            if str((folder / "ns" / "pid").readlink()) == namespace:
                found[_inner_id(folder)] = int(folder.name)
        except (OSError, StopIteration):
            continue  # it ended while we looked
    return found


def _inner_id(folder: Path) -> int:
    lines = (folder / "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("NSpid:")).split()[-1])
