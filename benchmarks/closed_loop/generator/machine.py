"""The simulated nodes: their size, their true powers, and what their meters get wrong."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.closed_loop.generator.regime import Regime

GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """One node.

    Args:
        crowd: who is let in: `whole`, `halves`, `mixed`, `singles`, `shared` (more CPUs than there are) or `gpu`.
        cpu_idle_w, dram_idle_w, rest_idle_w, gpu_idle_w: true powers of a node that does nothing; GPU: of one board.
        cpu_j_per_cpu_s, dram_j_per_cpu_s: true cost of an ordinary CPU second beyond that.
        cpu_max_w, dram_max_w, gpu_max_w: declared powers at full load; they weigh the rest of the node.
        loss_ratio: further watts of rest for each dynamic watt, at once.
        meter: `counter`, `power` or `none`: the whole-node meter; it includes the GPUs.
        gains: scale of the meters of cpu, dram, gpu and whole node.
        declared_error: what the declared idle and rest powers are off by, relative.
    """

    name: str
    crowd: str
    cpus: int
    memory_bytes: int
    gpus: int
    cpu_idle_w: float
    dram_idle_w: float
    rest_idle_w: float
    gpu_idle_w: float
    cpu_j_per_cpu_s: float
    dram_j_per_cpu_s: float
    cpu_max_w: float
    dram_max_w: float
    gpu_max_w: float
    loss_ratio: float
    meter: str
    gains: tuple[float, float, float, float]
    declared_error: float


CROWDS: Final = ("whole", "halves", "mixed", "mixed", "shared", "gpu", "singles", "mixed", "halves", "whole")
METERS: Final = ("counter", "power", "counter", "none", "power", "counter", "counter", "counter", "none", "counter")


def machines(rng: np.random.Generator, count: int, regime: Regime) -> tuple[Machine, ...]:
    """So many nodes of 64 to 128 CPUs, every crowd among the first seven."""
    return tuple(_machine(rng, number, regime) for number in range(count))


def _machine(rng: np.random.Generator, number: int, regime: Regime) -> Machine:
    crowd, meter = CROWDS[number % len(CROWDS)], METERS[number % len(METERS)]
    cpus = 64 if crowd == "singles" else int(rng.choice([64, 96, 128]))
    gains = 1 + regime.gain * rng.uniform(-1, 1, 4)
    idle_w, per_cpu_s = float(rng.uniform(70, 140)), float(rng.uniform(1.8, 3.2))
    dram_idle_w, dram_per_cpu_s = float(rng.uniform(8, 24)), float(rng.uniform(0.1, 0.35))
    gpus = 4 if crowd == "gpu" else 0
    return Machine(
        name=f"wn{number + 1:03d}",
        crowd=crowd,
        cpus=cpus,
        memory_bytes=cpus * 4 * GIB,
        gpus=gpus,
        cpu_idle_w=idle_w,
        dram_idle_w=dram_idle_w,
        rest_idle_w=float(rng.uniform(50, 120)),
        gpu_idle_w=float(rng.uniform(40, 60)) if gpus else 0.0,
        cpu_j_per_cpu_s=per_cpu_s,
        dram_j_per_cpu_s=dram_per_cpu_s,
        cpu_max_w=round(idle_w + per_cpu_s * cpus),
        dram_max_w=round(dram_idle_w + dram_per_cpu_s * cpus),
        gpu_max_w=350.0 if gpus else 0.0,
        loss_ratio=float(rng.uniform(0.06, 0.12)),
        meter="counter" if meter == "power" and not regime.powers else meter,
        gains=(float(gains[0]), float(gains[1]), float(gains[2]), float(gains[3])),
        declared_error=float(regime.declared * rng.uniform(-1, 1)),
    )
