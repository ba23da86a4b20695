"""cluster.json: everything about a cluster that tests and people need, so that nobody has to guess a path or a port."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deploy.minicluster import machines, maxwatt_conf
from deploy.minicluster.faults import ClusterFault
from deploy.minicluster.plan import USERS, Node, Plan
from deploy.minicluster.services import REST_VERSION


def describe(plan: Plan, state: str, node_pids: dict[str, int]) -> dict[str, Any]:
    """The content of cluster.json.

    Args:
        plan: the cluster.
        state: `starting`, `up` or `down`.
        node_pids: node to the id of its slurmd outside of the PID namespace; empty until they run.
    """
    return {
        "simulated": True,
        "simulated_parts": ["/proc/stat", "/sys/class/powercap", "GPUs", "the operating system's CPU load"],
        "state": state,
        "name": plan.name,
        "instance": plan.instance,
        "folder": str(plan.folder),
        "first_port": plan.first_port,
        "host": plan.host,
        "ports": plan.ports,
        "slurm_conf": str(plan.slurm_conf),
        "munge_socket": str(plan.munge_socket),
        "users": {user: {"accounts": list(accounts)} for user, accounts in USERS.items()},
        "partitions": {
            node.partition: [n.name for n in plan.nodes if n.partition == node.partition] for node in plan.nodes
        },
        "nodes": [_node(plan, node, node_pids.get(node.name)) for node in plan.nodes],
        "slurmrestd": {
            "url": f"http://127.0.0.1:{plan.ports['slurmrestd']}",
            "socket": str(plan.rest_socket),
            "key": str(plan.jwt_key),
            "version": REST_VERSION,
            "user": "root",
            "token_command": ["/usr/bin/scontrol", "token", "lifespan=3600", "username=root"],
        },
        "truth": {"latest": str(plan.folder / "truth.json"), "history": str(plan.folder / "truth.jsonl")},
        "maxwatt": {
            "config": str(plan.folder / "maxwatt.toml"),
            "url": f"http://127.0.0.1:{plan.ports['maxwatt']}",
            "data_dir": str(maxwatt_conf.data_folder(plan)),
            "ingest_token_file": str(maxwatt_conf.data_folder(plan) / "ingest.token"),
        },
    }


def _node(plan: Plan, node: Node, pid: int | None) -> dict[str, Any]:
    enter = str(Path(__file__).with_name("enter.py"))
    kind = asdict(node.kind)
    return {
        "name": node.name,
        "partition": node.partition,
        "port": node.port,
        "cpus": node.kind.cpus,
        "memory_bytes": node.kind.memory_mib << 20,
        "gpus": node.kind.gpus,
        "model": kind | {"cpu_max_w": node.kind.cpu_max_w, "dram_max_w": node.kind.dram_max_w},
        "zones": {
            "packages": machines.PACKAGES,
            "package_range_uj": machines.PACKAGE_RANGE_UJ,
            "dram_range_uj": machines.DRAM_RANGE_UJ,
        },
        "root": str(plan.node_root(node.name)),
        "slurmd_pid": pid,
        "exec": [sys.executable, enter, str(pid)] if pid else None,
        "agent_config": str(plan.folder / "etc" / f"agent-{node.name}.toml"),
    }


def write(folder: Path, content: dict[str, Any]) -> None:
    """Replace cluster.json in one step."""
    new = folder / "cluster.json.new"
    new.write_text(json.dumps(content, indent=2) + "\n")
    new.replace(folder / "cluster.json")


def read(folder: Path) -> dict[str, Any]:
    """The cluster in `folder`.

    Raises:
        ClusterFault: there is none.
    """
    try:
        content: dict[str, Any] = json.loads((folder / "cluster.json").read_text())
    except FileNotFoundError:
        raise ClusterFault(f"no mini cluster in {folder}") from None
    except (OSError, ValueError) as error:
        raise ClusterFault(f"{folder / 'cluster.json'} cannot be read: {error}") from error
    return content


def plan_of(content: dict[str, Any]) -> Plan:
    """The plan that a cluster.json was made from."""
    return Plan(Path(content["folder"]), content["instance"], content["host"], content["first_port"])
