"""One simulated node: its books, and the files that show them."""

from pathlib import Path
from typing import Any

from deploy.minicluster.simulator.cpuacct import read_usage
from deploy.minicluster.simulator.files import CounterFile, PlacedFile, proc_stat, zone_folder
from deploy.minicluster.simulator.truth import Model, NodeTruth

CPUACCT = Path("/sys/fs/cgroup/cpuacct")
UJ_PER_J = 1e6


class SimulatedNode:
    """A node of cluster.json."""

    def __init__(self, described: dict[str, Any]) -> None:
        self.name: str = described["name"]
        self.truth = NodeTruth(Model(**{name: described["model"][name] for name in Model.__slots__}))
        self._cgroup = CPUACCT / f"slurm_{self.name}"
        self._boot_s = _boot_s()
        root = Path(described["root"])
        self._stat = PlacedFile(root / "proc" / "stat", self._stat_text())
        self._counters = _zones(root / "sys" / "class" / "powercap", described["zones"])
        (root / "ready").touch()

    def step(self, seconds: float, now_ms: int) -> list[int]:
        """Look at the jobs, book `seconds` of time, show it. Returns the ids of jobs that are new."""
        new = self.truth.step(read_usage(self._cgroup), seconds, now_ms)
        energy_j = self.truth.energy_j()
        for component, counters in self._counters.items():
            for counter in counters:
                counter.show(int(energy_j[component] * UJ_PER_J / len(counters)))
        self._stat.write(self._stat_text())
        return new

    def _stat_text(self) -> str:
        truth = self.truth
        return proc_stat(
            truth.model.cpus, int(truth.elapsed_s * 1e9), truth.total_ns, truth.system_ns, self._boot_s
        )  # fmt: skip


def _boot_s() -> int:
    """When the machine booted [epoch s], by its own, real /proc/stat."""
    lines = Path("/proc/stat").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("btime "))


def _zones(powercap: Path, zones: dict[str, int]) -> dict[str, list[CounterFile]]:
    """Package zones, each with its dram zone, by component. They start such that wraps come early and apart."""
    counters: dict[str, list[CounterFile]] = {"cpu": [], "dram": []}
    PlacedFile(powercap / "intel-rapl" / "enabled", "1\n")
    for number in range(zones["packages"]):
        rows = (
            ("cpu", f"intel-rapl:{number}", f"package-{number}", zones["package_range_uj"]),
            ("dram", f"intel-rapl:{number}:0", "dram", zones["dram_range_uj"]),
        )
        for row, (component, zone, name, range_uj) in enumerate(rows, start=2 * number + 1):
            folder = zone_folder(powercap, zone, name, range_uj)
            start_uj = range_uj - row * range_uj // (2 * zones["packages"] + 1)
            counters[component].append(CounterFile(folder / "energy_uj", range_uj, start_uj))
    return counters
