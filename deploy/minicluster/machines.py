"""The kinds of virtual node: their size and their declared powers. Every power here is made up."""

from dataclasses import dataclass
from typing import Final

PACKAGE_RANGE_UJ: Final = 2**32 - 1
"""`max_energy_range_uj` of a package zone: a 32-bit counter of 1 µJ, about 50 s with two CPUs busy."""

DRAM_RANGE_UJ: Final = 2**29 - 1
"""`max_energy_range_uj` of a dram zone."""

PACKAGES: Final = 2
"""Packages of a node, each with one dram zone; they share the node's energy evenly."""


@dataclass(frozen=True, slots=True)
class MachineKind:
    """A kind of node in the plumbing regime: power is linear in CPU time.

    Args:
        name: how the kind is called.
        cpus: logical CPUs, `N`.
        memory_mib: memory that Slurm may allocate [MiB].
        gpus: GPUs that Slurm may allocate; they are device nodes and draw nothing.
        cpu_idle_w, dram_idle_w: power of all packages, of all memory, with nothing running [W].
        cpu_j_per_cpu_s, dram_j_per_cpu_s: energy on top of that of each CPU second, whoever uses it [J/s].
        rest_w: fans, losses and disks: constant, and measured by nothing [W].
        system_cpus: CPUs that the operating system keeps busy, always [1].
    """

    name: str
    cpus: int
    memory_mib: int
    gpus: int
    cpu_idle_w: float
    cpu_j_per_cpu_s: float
    dram_idle_w: float
    dram_j_per_cpu_s: float
    rest_w: float
    system_cpus: float

    @property
    def cpu_max_w(self) -> float:
        """Power of all packages with every CPU busy [W]."""
        return self.cpu_idle_w + self.cpu_j_per_cpu_s * self.cpus

    @property
    def dram_max_w(self) -> float:
        """Power of all memory with every CPU busy [W]."""
        return self.dram_idle_w + self.dram_j_per_cpu_s * self.cpus


PLAIN: Final = MachineKind("plain", 8, 16000, 0, 120.0, 20.0, 16.0, 2.0, 45.0, 0.25)
WITH_GPUS: Final = MachineKind("with-gpus", 8, 24000, 2, 130.0, 22.0, 20.0, 2.5, 60.0, 0.25)
