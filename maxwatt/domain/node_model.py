"""What is known of a kind of node before anything is measured: its idle and full powers."""

import math
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class NodeModel:
    """Declared powers of a kind of node; 0 means the hardware is absent or the figure unknown.

    Args:
        name: how the site calls this kind of node.
        nodes: host names of this kind, expanded.
        group: the one home group that idle energy of these nodes is summed under; empty: the name.
        cpu_idle_w, cpu_max_w: all packages, idle and at full load [W].
        dram_idle_w, dram_max_w: all memory [W].
        gpu_idle_w, gpu_max_w: one board [W].
        rest_base_w: fans, losses, disks of a node that does nothing, where no meter measures them [W].
        rest_ratio: further losses per watt of dynamic power of the parts [1].
        meter_includes_gpus: whether the whole-node meter also measures the GPUs.
        threads_per_core: hardware threads that Slurm counts as CPUs of one core; 0: unknown.
        mig_slices: boards divided by MIG: for each board in order the compute slices of its instances, in the order in
            which Slurm numbers them, such as ["1,1,1,1,1,1,1", "3,3", "7"]; empty: no MIG.
        mps_per_gpu: count of `gres/mps` configured for one board.
        shards_per_gpu: count of `gres/shard` configured for one board, for versions of Slurm that do not tell it.
        embodied_kg: greenhouse gases from making, shipping and disposing of one node [kg CO2e]; 0: unknown.
        lifetime_years: time over which they are spread.
        in_service: day on which the nodes went into service, such as 2024-05-01; after their lifetime none is charged.
    """

    name: str
    nodes: tuple[str, ...] = ()
    group: str = ""
    cpu_idle_w: float = 0.0
    cpu_max_w: float = 0.0
    dram_idle_w: float = 0.0
    dram_max_w: float = 0.0
    gpu_idle_w: float = 0.0
    gpu_max_w: float = 0.0
    rest_base_w: float = 0.0
    rest_ratio: float = 0.0
    meter_includes_gpus: bool = True
    threads_per_core: int = 0
    mig_slices: tuple[str, ...] = ()
    mps_per_gpu: int = 100
    shards_per_gpu: int = 0
    embodied_kg: float = 0.0
    lifetime_years: float = 0.0
    in_service: date | None = None

    @property
    def home_group(self) -> str:
        """The node group of these nodes: unlike partitions, groups never overlap."""
        return self.group or self.name

    def cpu_power_w(self, utilisation: float) -> float:
        """Modelled CPU power [W] at a utilisation in 0..1: `P_idle + (P_max - P_idle) * utilisation`."""
        return self.cpu_idle_w + (self.cpu_max_w - self.cpu_idle_w) * utilisation

    def power_range_w(self, gpus: float) -> tuple[float, float]:
        """Power [W] of the whole node with all parts idle and with all at work; the most is infinite where unknown.

        Args:
            gpus: how many GPUs count.
        """
        low_w = self.cpu_idle_w + self.dram_idle_w + gpus * self.gpu_idle_w
        high_w = self.cpu_max_w + self.dram_max_w + gpus * self.gpu_max_w
        if self.cpu_max_w <= 0 or (gpus and self.gpu_max_w <= 0):
            return low_w + self.rest_base_w, math.inf
        losses_w = self.rest_ratio * max(high_w - low_w, 0.0)
        return low_w + self.rest_base_w, max(high_w, low_w) + self.rest_base_w + losses_w


UNKNOWN_MODEL = NodeModel("unknown")
