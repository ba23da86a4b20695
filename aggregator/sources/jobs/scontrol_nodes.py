"""Text of `scontrol show node`, multi-line format, as node records. Pure. Only administrators write into it."""

import re

from aggregator.sources.jobs import values
from aggregator.sources.jobs.gres import count_gpus
from maxwatt.domain.errors import InputError
from maxwatt.domain.jobs import NodeRecord
from maxwatt.domain.units import BYTES_PER_MIB


def parse_nodes(text: str) -> tuple[tuple[NodeRecord, ...], tuple[str, ...]]:
    """Nodes of `scontrol show node`, and a sentence for every one that could not be read."""
    nodes, faults = list[NodeRecord](), list[str]()
    for block in re.split(r"\n(?=NodeName=)", "\n" + text)[1:]:
        try:
            nodes.append(_node(block.split("\n")))
        except InputError as error:
            faults.append(f"node {block.split(' ')[0].removeprefix('NodeName=')[:40]}: {error.message}")
    return tuple(nodes), tuple(faults)


def _node(lines: list[str]) -> NodeRecord:
    reason = next((line.strip().removeprefix("Reason=") for line in lines if line.startswith("   Reason=")), "")
    own = [line for line in lines if not line.lstrip().startswith(("Reason=", "Comment=", "Extra=", "OS="))]
    pairs = values.pairs_of(" ".join(own))
    memory_mib = values.parse_count(pairs.get("RealMemory", "")) - values.parse_count(pairs.get("MemSpecLimit", "0"))
    return NodeRecord(
        name=pairs["NodeName"],
        state=pairs.get("State", ""),
        cpus=values.parse_count(pairs.get("CPUEfctv") or pairs.get("CPUTot", "")),
        memory_bytes=memory_mib * BYTES_PER_MIB,
        gpus=count_gpus(pairs.get("Gres", "")),
        partitions=tuple(filter(None, values.text_or_empty(pairs.get("Partitions", "")).split(","))),
        features=values.text_or_empty(pairs.get("ActiveFeatures", "")),
        reason=reason,
    )
