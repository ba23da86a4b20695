"""Live jobs and nodes through the Python package pyslurm, where a site has one that fits its Slurm.

Its objects are put into the form of Slurm's JSON, so the one reader reads them. There is no accounting through it: it
knows only the last attempt of a requeued job.
"""

import importlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from aggregator.sources.jobs import slurm_json
from aggregator.sources.jobs.gres import parse_indices
from aggregator.sources.jobs.interrupt import Interrupt
from maxwatt.config import Settings, SlurmSettings
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import ConfigError, InputError, SourceError
from maxwatt.domain.jobs import SlurmSnapshot

NAME: Final = "pyslurm"
CONFIGURATIONS: Final = ("/etc/slurm/slurm.conf", "/run/slurm/conf/slurm.conf")
"""Where Slurm itself looks for its configuration."""

_WHOLE_NODES: Final = "NO"  # of `OverSubscribe`


class PyslurmLive:
    """The controller through pyslurm, which is imported when this is made.

    Raises:
        ConfigError: there is no pyslurm, or no slurm.conf, without which its import would end the process.
    """

    name = NAME

    def __init__(self, settings: Settings, _: Interrupt) -> None:  # a call into the library cannot be interrupted
        self._cluster = settings.cluster.name
        self._pyslurm = _imported(settings.slurm)

    def snapshot(self) -> SlurmSnapshot:
        """Jobs and nodes as they are now.

        Raises:
            SourceError: the controller did not answer.
        """
        taken_ms = now_ms()
        try:
            jobs, nodes = list(self._pyslurm.Jobs.load().values()), list(self._pyslurm.Nodes.load().values())
        except (self._pyslurm.PyslurmError, RuntimeError) as error:
            raise SourceError(f"pyslurm: {error}") from error
        entries, torn = _told(jobs, job_entry)
        node_entries, torn_nodes = _told(nodes, node_entry)
        try:
            records, faults = slurm_json.parse_scontrol_jobs({"jobs": entries}, self._cluster, NAME)
            waiting = slurm_json.parse_waiting({"jobs": entries}, self._cluster)
            found, node_faults = slurm_json.parse_scontrol_nodes({"nodes": node_entries})
        except InputError as error:
            raise SourceError(f"pyslurm: {error}") from error
        if not found:
            raise SourceError("pyslurm shows no node")
        told = (*torn, *torn_nodes, *faults, *node_faults)
        return SlurmSnapshot(taken_ms, tuple(records), tuple(found), told, tuple(waiting))


def _imported(slurm: SlurmSettings) -> Any:
    places = [slurm.conf] if slurm.conf else [os.environ.get("SLURM_CONF", ""), *CONFIGURATIONS]
    if not any(place and Path(place).is_file() for place in places):
        raise ConfigError(f"slurm.live is pyslurm, but there is no slurm.conf at {' or '.join(filter(None, places))}")
    if slurm.conf:
        os.environ["SLURM_CONF"] = slurm.conf  # the only way to tell it
    try:
        return importlib.import_module("pyslurm")
    except ImportError as error:
        raise ConfigError(
            f"slurm.live is pyslurm, but it cannot be imported: {error}. Install the version that fits the cluster's "
            "Slurm, or use slurmrestd or scontrol"
        ) from error


def _told(objects: Iterable[Any], entry_of: Callable[[Any], dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Entries, and a sentence for every object that does not tell what it should."""
    entries, faults = list[dict[str, Any]](), list[str]()
    for each in objects:
        try:
            entries.append(entry_of(each))
        except (AttributeError, KeyError, TypeError, ValueError, InputError) as error:
            faults.append(f"{str(each)[:40]}: pyslurm tells no such thing as expected: {error}")
    return entries, faults


def job_entry(job: Any) -> dict[str, Any]:
    """A `pyslurm.Job` as an entry of Slurm's JSON. pyslurm writes None for 0, so a task 0 is one where it has an array.

    Raises:
        AttributeError, KeyError, TypeError, ValueError, InputError: it is not as expected.
    """
    layout = job.get_resource_layout_per_node()
    cores = {node: len(parse_indices(held["cpu_ids"])) for node, held in layout.items()}
    whole = sum(cores.values())
    per_core = job.cpus // whole if whole and job.cpus and not job.cpus % whole else 0
    gpus = sum(_count(held) for of in layout.values() for name, held in of["gres"].items() if _is_gpu(name))
    memory_mib = sum(held["memory"] or 0 for held in layout.values())
    return {
        "job_id": job.id, "cluster": job.cluster or "", "job_state": [job.state], "state_reason": job.state_reason,
        "submit_time": job.submit_time, "start_time": job.start_time, "end_time": job.end_time,
        "suspend_time": job.suspend_time, "pre_sus_time": job.pre_suspension_time, "time_limit": job.time_limit,
        "exit_code": {"return_code": job.exit_code, "signal": {"id": job.exit_code_signal}},
        "user_name": job.user_name, "name": job.name, "account": job.account, "partition": job.partition,
        "qos": job.qos, "nodes": job.allocated_nodes, "cpus": job.cpus,
        "tres_alloc_str": f"cpu={job.cpus},mem={memory_mib}M" + (f",gres/gpu={gpus}" if gpus else ""),
        "shared": ["none"] if job.resource_sharing == _WHOLE_NODES else [],
        "features": ",".join(job.constraints or []), "comment": job.comment, "command": job.command,
        "current_working_directory": job.working_directory, "standard_output": job.standard_output,
        "standard_error": job.standard_error, "array_job_id": job.array_id, "array_task_id": job.array_task_id or 0,
        "het_job_id": job.heterogeneous_id, "het_job_offset": job.heterogeneous_offset or 0,
        "gres_detail": [_gres_text(held["gres"]) for held in layout.values()],
        "job_resources": {"nodes": {"allocation": [
            {"name": node, "cpus": {"count": count * per_core}, "memory": {"allocated": layout[node]["memory"]}}
            for node, count in cores.items() if per_core
        ]}},
    }  # fmt: skip


def node_entry(node: Any) -> dict[str, Any]:
    """A `pyslurm.Node` as an entry of Slurm's JSON.

    Raises:
        AttributeError, TypeError, ValueError: it is not as expected.
    """
    return {
        "name": node.name, "state": node.state.split("+"), "effective_cpus": node.effective_cpus or None,
        "cpus": node.total_cpus, "real_memory": node.real_memory,
        "specialized_memory": node.memory_reserved_for_system, "gres": _gres_text(node.configured_gres),
        "partitions": node.partitions, "active_features": node.active_features, "reason": node.reason,
    }  # fmt: skip


def _is_gpu(name: str) -> bool:
    return name.partition(":")[0] == "gpu"


def _count(held: Any) -> int:
    return int(held["count"] if isinstance(held, dict) else held)


def _gres_text(gres: Any) -> str:
    """`{'gpu:a100': {'count': 2, 'indexes': '0-1'}}` as Slurm wrote it: `gpu:a100:2(IDX:0-1)`."""
    return ",".join(
        f"{name}:{_count(held)}" + (f"(IDX:{held['indexes']})" if isinstance(held, dict) else "")
        for name, held in gres.items()
    )
