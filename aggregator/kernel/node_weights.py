"""The part of a node that each job holds, as one figure: by what the held parts can draw at most."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Chunk
from aggregator.kernel.gpu import GpuEnergy
from aggregator.kernel.gpu_holdings import GpuHoldings
from aggregator.kernel.holdings import Holdings
from aggregator.kernel.ragged import ratio, sums
from aggregator.kernel.timeline import Timeline


@dataclass(frozen=True, slots=True)
class NodeWeights:
    """Weights `w`; those of a cell sum to 1.

    Args:
        held: [h] of each entry of Holdings; free: [c] of what nobody holds in each cell.
    """

    held: F64
    free: F64


def node_weights(chunk: Chunk, timeline: Timeline, held: Holdings, gpu: GpuEnergy, gpus: GpuHoldings) -> NodeWeights:
    """`w = (cpu * Pmax_cpu + memory * Pmax_dram + GPUs * Pmax_gpu) / sum of Pmax`; all unknown: the CPU share.

    A GPU that was never seen has no weight.
    """
    slots, every = max(gpu.slots, 1), np.arange(timeline.cell_count)
    seen = gpu.present[timeline.cell_node[gpus.slot // slots], gpus.slot % slots]
    gpus_held = sums(gpus.holding, gpus.static * seen, len(held.life))
    present = gpu.present[timeline.cell_node]
    gpus_free = (gpus.static_free.reshape(len(every), gpu.slots) * present).sum(axis=1)
    return NodeWeights(
        _weight(chunk, timeline, present, held.cell, held.cpu_share, held.memory_share, gpus_held),
        _weight(chunk, timeline, present, every, held.cpu_free, held.memory_free, gpus_free),
    )


def _weight(chunk: Chunk, timeline: Timeline, present: F64, cell: I64, cpu: F64, memory: F64, gpus: F64) -> F64:
    node = timeline.cell_node[cell]
    cpu_w, dram_w, gpu_w = (
        np.array([getattr(traits.model, name) for traits in chunk.nodes])[node]
        for name in ("cpu_max_w", "dram_max_w", "gpu_max_w")
    )
    total = cpu_w + dram_w + present.sum(axis=1)[cell] * gpu_w
    return np.where(total > 0, ratio(cpu * cpu_w + memory * dram_w + gpus * gpu_w, total), cpu)
