"""The demo's simulated cluster: about forty nodes of three kinds, and who works on it. Everything here is invented."""

from dataclasses import dataclass
from typing import Final

from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.units import BYTES_PER_GIB

CLUSTER_NAME: Final = "demo"
STEP_MS: Final = 60_000
"""Sampling interval of the simulated agents."""


@dataclass(frozen=True, slots=True)
class NodeKind:
    """Nodes that are alike: their size, their declared powers and what the simulation adds to them."""

    partition: str
    model: NodeModel
    cpus: int
    memory_bytes: int
    gpus: int
    features: str


def _names(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number:03d}" for number in range(1, count + 1))


CPU: Final = NodeKind(
    "cpu",
    NodeModel(
        "two-socket",
        _names("sim-c", 26),
        cpu_idle_w=96,
        cpu_max_w=410,
        dram_idle_w=14,
        dram_max_w=34,
        rest_base_w=72,
        rest_ratio=0.11,
        threads_per_core=2,
    ),
    64,
    512 * BYTES_PER_GIB,
    0,
    "avx512,hdr",
)
BIGMEM: Final = NodeKind(
    "bigmem",
    NodeModel(
        "large-memory",
        _names("sim-m", 6),
        cpu_idle_w=150,
        cpu_max_w=560,
        rest_base_w=110,
        rest_ratio=0.12,
        threads_per_core=1,
    ),
    128,
    2048 * BYTES_PER_GIB,
    0,
    "avx2,hdr,bigmem",
)
GPU: Final = NodeKind(
    "gpu",
    NodeModel(
        "four-gpu", _names("sim-g", 8), cpu_idle_w=120, cpu_max_w=450, dram_idle_w=22, dram_max_w=48,
        gpu_idle_w=54, gpu_max_w=400, rest_base_w=165, rest_ratio=0.13, threads_per_core=2,
    ),
    48, 768 * BYTES_PER_GIB, 4, "a100,nvlink",
)  # fmt: skip

KINDS: Final = (CPU, BIGMEM, GPU)
NODE_KIND: Final = {name: kind for kind in KINDS for name in kind.model.nodes}
NODES: Final = tuple(NODE_KIND)

USERS: Final = {
    "amara": "beamline", "bjarne": "beamline", "chidi": "beamline", "dorothea": "theory", "emre": "theory",
    "fatima": "imaging", "goran": "imaging", "hanna": "imaging", "ivo": "structures", "jelena": "structures",
    "kenji": "structures", "leila": "machine-learning", "mateo": "machine-learning", "nadia": "machine-learning",
}  # fmt: skip
"""Invented users and the account each works on."""
