"""A node's readings as the kernel would show them: sysfs, procfs and cgroup files, at one time after another."""

import os
import shutil
from pathlib import Path

from benchmarks.closed_loop.generator.meters import RANGE_UJ
from benchmarks.closed_loop.generator.scene import Node, Read, Scene
from deploy.minicluster.simulator.files import PlacedFile, proc_stat, zone_folder

NS_PER_S = 1_000_000_000


class Tree:
    """The files of one node.

    Args:
        root: folder that stands for `/`.
    """

    def __init__(self, root: Path, world: Scene, node: Node, read: Read) -> None:
        self._root, self._world, self._node, self._read = root, world, node, read
        self._slurm = root / "sys/fs/cgroup/system.slice/slurmstepd.scope"
        self._slurm.mkdir(parents=True)
        PlacedFile(root / "proc/meminfo", _meminfo(node.machine.memory_bytes))
        self._stat = PlacedFile(root / "proc/stat", self._stat_text(0))
        self._zones = [*self._package_zones(root / "sys/class/powercap")]
        self._jobs, self._shown = self._by_row(), dict[int, int]()

    def show(self, row: int) -> None:
        """Let the files say what the meters read at a row of the sampling."""
        if row == 0 or self._read.when.boot[row] != self._read.when.boot[row - 1]:
            self._boot(int(self._read.when.boot[row]))
        for file, raw_uj in self._zones:
            file.write(f"{raw_uj[row]:>12}\n")
        self._stat.write(self._stat_text(row))
        self._show_jobs(self._jobs.get(row, {}))

    def close(self) -> None:
        """Let go of the jobs' files."""
        self._show_jobs({})

    def _boot(self, number: int) -> None:
        boot_id = self._root / "proc/sys/kernel/random/boot_id"
        boot_id.parent.mkdir(parents=True, exist_ok=True)
        boot_id.write_text(f"{self._node.machine.name}-boot-{number}\n")

    def _package_zones(self, powercap: Path) -> list[tuple[PlacedFile, list[int]]]:
        found = []
        for number, (cpu_uj, dram_uj) in enumerate(zip(self._read.what.cpu_uj, self._read.what.dram_uj, strict=True)):
            zones = (
                (f"intel-rapl:{number}", f"package-{number}", cpu_uj),
                (f"intel-rapl:{number}:0", "dram", dram_uj),
            )
            for zone, name, raw_uj in zones:
                folder = zone_folder(powercap, zone, name, RANGE_UJ)
                found.append((PlacedFile(folder / "energy_uj", f"{raw_uj[0]:>12}\n"), raw_uj.tolist()))
        return found

    def _stat_text(self, row: int) -> str:
        up_ns = int(self._read.when.monotonic_s[row] * NS_PER_S)
        return proc_stat(self._node.machine.cpus, up_ns, int(self._read.what.busy_s[row] * NS_PER_S), 0, 0)

    def _by_row(self) -> dict[int, dict[int, tuple[float, int]]]:
        """Row to the CPU seconds and memory of each job that is there then, by its id."""
        found: dict[int, dict[int, tuple[float, int]]] = {}
        for part in self._read.what.jobs:
            job_id = self._world.jobs[part.job].number
            rows = zip(part.row.tolist(), part.cpu_s.tolist(), part.memory_bytes.tolist(), strict=True)
            for row, cpu_s, memory in rows:
                found.setdefault(row, {})[job_id] = (cpu_s, memory)
        return found

    def _show_jobs(self, jobs: dict[int, tuple[float, int]]) -> None:
        for gone in self._shown.keys() - jobs.keys():
            os.close(self._shown.pop(gone))
            shutil.rmtree(self._slurm / f"job_{gone}")
        for job_id, (cpu_s, memory) in jobs.items():
            if job_id not in self._shown:
                self._shown[job_id] = _cgroup(self._slurm / f"job_{job_id}", memory)
            os.pwrite(self._shown[job_id], f"usage_usec {round(cpu_s * 1e6):>14}\nsystem_usec 0\n".encode(), 0)


def _cgroup(folder: Path, memory_bytes: int) -> int:
    """Make a job's cgroup; returns the descriptor of its cpu.stat: to open it anew for each reading would be slow."""
    folder.mkdir()
    (folder / "memory.stat").write_text(f"anon {memory_bytes}\nfile 0\nshmem 0\n")
    return os.open(folder / "cpu.stat", os.O_CREAT | os.O_RDWR)


def _meminfo(total_bytes: int) -> str:
    kib = total_bytes // 1024
    return f"MemTotal: {kib} kB\nMemFree: {kib} kB\nMemAvailable: {kib} kB\nBuffers: 0 kB\nCached: 0 kB\n"
