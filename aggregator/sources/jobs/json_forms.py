"""Earlier shapes of Slurm's JSON brought into the present one, so that one reader serves every version. Pure.

What is changed is told by its shape, not by a version: 22.05 has plain words and wait statuses where later versions
have lists and parts; in versions before 24.11 the cores of a job may stand socket by socket.
"""

from collections.abc import Mapping
from typing import Any, Final

from aggregator.sources.jobs.json_values import at, number, text
from aggregator.sources.jobs.values import parse_tres

_NO_VALUE: Final = 0xFFFF_FFF0
"""From here on a plain 32-bit number of 22.05 says: none, or without limit."""


def live_job(entry: Any) -> Any:
    """A job of slurmctld."""
    if not isinstance(entry, Mapping):
        return entry
    changed: dict[str, Any] = {}
    if isinstance(at(entry, "exit_code"), int):
        changed |= _plain_values(entry)
    if isinstance(at(entry, "job_resources", "allocated_nodes"), (list, Mapping)):
        changed["job_resources"] = {"nodes": {"allocation": _shares(entry)}}
    return {**entry, **changed}


def accounted_job(entry: Any) -> Any:
    """A job of slurmdbd."""
    code = at(entry, "exit_code")
    if not isinstance(entry, Mapping) or not isinstance(at(code, "status"), str):
        return entry
    return {**entry, "exit_code": _told_exit(code, text(at(entry, "state", "current")))}


def node(entry: Any) -> Any:
    """A node of slurmctld."""
    if not isinstance(entry, Mapping) or not isinstance(at(entry, "state"), str):
        return entry
    flags = at(entry, "state_flags")
    features = text(at(entry, "active_features"))
    states = [entry["state"].upper(), *(flags if isinstance(flags, list) else [])]
    told = {"state": states, "active_features": features.split(",") if features else []}
    return {"effective_cpus": parse_tres(text(at(entry, "tres"))).cpus, **entry, **told}


def _plain_values(entry: Mapping[str, Any]) -> dict[str, Any]:
    status, shared, limit = entry["exit_code"], at(entry, "shared"), at(entry, "time_limit")
    return {
        "exit_code": {"return_code": status >> 8, "signal": {"id": status & 0x7F}},  # as wait(2) packs them
        "shared": [shared] if isinstance(shared, str) else [],
        "time_limit": None if isinstance(limit, int) and limit >= _NO_VALUE else limit,
        "standard_output": text(at(entry, "standard_output")) or _default_output(entry),
    }


def _default_output(entry: Mapping[str, Any]) -> str:
    """Slurm's own pattern for batch jobs that ask for no file."""
    if not at(entry, "batch_flag"):
        return ""
    return "slurm-%A_%a.out" if at(entry, "array_task_id") is not None else "slurm-%j.out"


def _told_exit(code: Any, state: str) -> Any:
    """22.05 tells signals, but writes 0 for every exit code: only a job that completed is known to have had it."""
    signal = at(code, "signal", "signal_id")
    if signal:
        return {"return_code": 0, "signal": {"id": signal}}
    return {"return_code": 0} if state == "COMPLETED" else None


def _shares(entry: Mapping[str, Any]) -> list[Any]:
    """Shares per node from its cores: CPUs are cores times what the whole job has per core.

    Where that is no whole number the nodes differ in their threads; there, and where cores are not told, nothing is.
    """
    told = at(entry, "job_resources", "allocated_nodes")
    nodes = list(told.values()) if isinstance(told, Mapping) else told
    cores = [_cores(each) for each in nodes]
    cpus, total = number(at(entry, "cpus")) or 0, sum(cores)
    if not total or not cpus or not all(cores) or cpus % total:
        return []
    return [_share(each, count * (cpus // total)) for each, count in zip(nodes, cores, strict=True)]


def _share(told: Any, cpus: int) -> dict[str, Any]:
    return {
        "name": at(told, "nodename"),
        "cpus": {"count": cpus},
        "memory": {"allocated": at(told, "memory_allocated")},
    }


def _cores(told: Any) -> int:
    """Cores of the job on one node, 0 where they are not told."""
    sockets = at(told, "sockets")
    cores = [at(socket, "cores") for socket in sockets.values()] if isinstance(sockets, Mapping) else []
    states = [state for each in cores if isinstance(each, Mapping) for state in each.values()]
    return sum(text(state).startswith("allocated") for state in states)  # or `allocated_and_in_use`
