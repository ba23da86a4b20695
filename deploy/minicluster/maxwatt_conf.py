"""Configuration files for maxwatt on this cluster: one for the server, one for the agent of each node."""

from itertools import groupby
from pathlib import Path

from deploy.minicluster.machines import MachineKind
from deploy.minicluster.plan import Node, Plan


def data_folder(plan: Plan) -> Path:
    """Where maxwatt's server keeps its store, ledger and tokens."""
    return plan.folder / "maxwatt"


def server_toml(plan: Plan, with_hub: bool = False) -> str:
    """For `maxwatt serve --config`. Complete for agents as well, but for the name of their node."""
    return _agent(plan, "") + _server(plan) + (_HUB if with_hub else "") + _models(plan)


def agent_toml(plan: Plan, node: str) -> str:
    """For `maxwatt agent --config` in the namespace of `node`."""
    return _agent(plan, node) + _models(plan)


def _agent(plan: Plan, node: str) -> str:
    return f"""\
[cluster]
name = "{plan.name}"
timezone = "UTC"
simulated = true

[agent]
node = "{node}"
interval_s = 2.0
zone_interval_s = 10.0
push_url = "http://127.0.0.1:{plan.ports["maxwatt"]}"
push_token_file = "{data_folder(plan) / "ingest.token"}"
state_dir = "{plan.folder / "agents" / (node or "any")}"

"""


def _server(plan: Plan) -> str:
    return f"""\
[server]
port = {plan.ports["maxwatt"]}
data_dir = "{data_folder(plan)}"

[slurm]
live = "scontrol"
accounting = "sacct"
live_interval_s = 2.0
accounting_interval_s = 3.0
bin_dir = "/usr/bin"
conf = "{plan.slurm_conf}"

[attribution]
interval_s = 2.0
settle_s = 5.0

"""


_HUB = """\
[signin]
method = "hub"
admin_scope = "custom:maxwatt:read-all"

[sessions]
idle_after_s = 60

[[applications]]
name = "lab"
title = "JupyterLab"
description = "Notebooks and a terminal on part of a node."
partition = "shared"
cpus = 2
memory_mib = 1024
time_min = 60

[[applications]]
name = "lab-gpu"
title = "JupyterLab with a GPU"
description = "The same beside one GPU."
partition = "gpu"
cpus = 2
memory_mib = 2048
time_min = 30
gpus = "1"

"""


def _models(plan: Plan) -> str:
    kinds = groupby(sorted(plan.nodes, key=lambda node: node.kind.name), key=lambda node: node.kind)
    return "\n".join(_model(kind, list(nodes)) for kind, nodes in kinds)


def _model(kind: MachineKind, nodes: list[Node]) -> str:
    return f"""\
[[node_models]]
name = "{kind.name}"
nodes = "{",".join(node.name for node in nodes)}"
cpu_idle_w = {kind.cpu_idle_w}
cpu_max_w = {kind.cpu_max_w}
dram_idle_w = {kind.dram_idle_w}
dram_max_w = {kind.dram_max_w}
rest_base_w = {kind.rest_w}
rest_ratio = 0.0
"""
