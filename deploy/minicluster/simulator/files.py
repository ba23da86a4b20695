"""Files that look like the kernel's, always of one length and written in place.

Readers hold them open, so a file is never replaced. One pwrite of less than a page in memory (tmpfs) takes nanoseconds,
so a reader meets half of one in about one of ten million reads.
"""

import os
from pathlib import Path
from typing import Final

TICKS_PER_S: Final = 100
NS_PER_TICK: Final = 1_000_000_000 // TICKS_PER_S


class PlacedFile:
    """A file held open for writing in place."""

    def __init__(self, path: Path, content: str, mode: int = 0o444) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._length = len(content)
        self._handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC, mode)
        os.pwrite(self._handle, content.encode(), 0)

    def write(self, content: str) -> None:
        """Replace the content by one of the same length."""
        if len(content) != self._length:
            raise ValueError(f"{len(content)} characters in a file of {self._length}")
        os.pwrite(self._handle, content.encode(), 0)


class CounterFile:
    """An `energy_uj` that wraps one count after `range_uj`, as RAPL does."""

    def __init__(self, path: Path, range_uj: int, start_uj: int) -> None:
        self._range_uj, self._start_uj = range_uj, start_uj
        self._file = PlacedFile(path, self._text(start_uj), 0o400)

    def show(self, energy_uj: int) -> None:
        """Show what a counter reads after `energy_uj` since the start."""
        self._file.write(self._text(self._start_uj + energy_uj))

    def _text(self, energy_uj: int) -> str:
        return f"{energy_uj % (self._range_uj + 1):>10}\n"


def zone_folder(powercap: Path, zone: str, name: str, range_uj: int) -> Path:
    """Make a powercap zone without its counter. Returns its folder."""
    folder = powercap / zone
    for file, content in (("name", name), ("max_energy_range_uj", str(range_uj)), ("enabled", "1")):
        PlacedFile(folder / file, content + "\n")
    return folder


def proc_stat(cpus: int, up_ns: int, jobs_ns: int, system_ns: int, boot_s: int) -> str:
    """`/proc/stat` of a node, whose length depends on `cpus` only.

    Args:
        cpus: logical CPUs, over which the load is spread evenly.
        up_ns: time since the node began [ns]; idle fills up to `cpus` times that.
        jobs_ns: CPU time of jobs, shown as user time [ns].
        system_ns: CPU time of the operating system [ns].
        boot_s: when the machine booted [epoch s].
    """
    rows = list(zip(*(_spread(ns, cpus) for ns in (jobs_ns, system_ns, cpus * up_ns)), strict=True))
    lines = [_cpu_line(f"cpu{number}", *row) for number, row in enumerate(rows)]
    head = _cpu_line("cpu ", *(sum(column) for column in zip(*rows, strict=True)))
    tail = f"intr 0\nctxt 0\nbtime {boot_s:>10}\nprocesses 1\nprocs_running 1\nprocs_blocked 0\nsoftirq 0\n"
    return head + "".join(lines) + tail


def _spread(ns: int, cpus: int) -> list[int]:
    """Clock ticks of each CPU; they sum to the ticks of all."""
    ticks = ns // NS_PER_TICK
    return [ticks // cpus + (number < ticks % cpus) for number in range(cpus)]


def _cpu_line(name: str, user: int, system: int, up: int) -> str:
    idle = max(0, up - user - system)
    return f"{name} {user:>12} 0 {system:>12} {idle:>12} 0 0 0 0 0 0\n"
