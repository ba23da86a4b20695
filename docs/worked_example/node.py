"""A tiny node at four moments: what its files say, what Slurm knows of its two jobs, what the site declares."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from maxwatt.config import AttributionSettings, CarbonSettings, ClusterSettings, CostSettings, Settings
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState, NodeRecord
from maxwatt.domain.node_model import NodeModel

NAME: Final = "wn1"
CPUS: Final = 16
GIB: Final = 1 << 30
MEMORY_BYTES: Final = 64 * GIB
START_MS: Final = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp() * 1000)
AT_S: Final = (0, 15, 30, 45)
"""Moments of the readings [s after START_MS]."""
UPTIME_S: Final = 86_400.0
"""The node's monotonic clock at the first of them [s]."""

RANGE_UJ: Final = 262_143_328_850
"""`max_energy_range_uj` of every zone."""
POWERCAP: Final = "sys/class/powercap"
ZONES: Final = {
    "package-0": ("intel-rapl:0", (261_250_104_882, 262_010_104_882, 859_775_971, 1_739_775_971)),
    "dram-0": ("intel-rapl:0:0", (88_200_417_310, 88_267_417_310, 88_345_017_310, 88_418_417_310)),
    "package-1": ("intel-rapl:1", (40_117_208_466, 40_857_208_466, 41_820_208_466, 42_680_208_466)),
    "dram-1": ("intel-rapl:1:0", (51_640_902_554, 51_699_902_554, 51_769_902_554, 51_836_902_554)),
}
"""Zone to its folder and its `energy_uj` at each moment [µJ]; package-0 wraps between the second and the third."""
STAT: Final = ((402_110, 31_870), (407_510, 32_470), (416_810, 32_770), (423_560, 33_020))
"""User and system ticks of `/proc/stat` at each moment, all CPUs [1/100 s]."""
TICKS_PER_S: Final = 100
METER: Final = "sys/class/hwmon/hwmon0/power1_average"
METER_UW: Final = (150_000_000, 176_600_000, 194_000_000, 192_000_000)
"""The whole-node power at each moment [µW]."""
SLURM: Final = "sys/fs/cgroup/system.slice/slurmstepd.scope"
USED_US: Final = {101: (0, 48_000_000, 108_000_000, 148_000_000), 102: (None, None, 30_000_000, None)}
"""`usage_usec` of each job's cgroup at each moment [µs]; None: it is not there."""
RESIDENT_BYTES: Final = {101: 24 * GIB, 102: 2 * GIB}

MODEL: Final = NodeModel(
    "thin", (NAME,), cpu_idle_w=60, cpu_max_w=220, dram_idle_w=6, dram_max_w=20, rest_base_w=50,
    embodied_kg=1500, lifetime_years=5,
)  # fmt: skip
SETTINGS: Final = Settings(
    cluster=ClusterSettings("example"),
    attribution=AttributionSettings(workers=1),
    carbon=CarbonSettings(intensity_g_per_kwh=400.0, market_g_per_kwh=50.0, pue=1.2),
    cost=CostSettings(price_per_kwh=0.24, currency="EUR"),
    node_models=(MODEL,),
)
RECORD: Final = NodeRecord(NAME, "MIXED", CPUS, MEMORY_BYTES, 0)
JOBS: Final = (
    JobRecord(
        JobKey("example", 101, START_MS), JobState.RUNNING, user="ada", cpus=8, node_count=1,
        allocations=(Allocation(NAME, 8.0, 32 * GIB),), source="scontrol",
    ),
    JobRecord(
        JobKey("example", 102, START_MS + 20_000), JobState.COMPLETED, user="bob", end_ms=START_MS + 40_000,
        exit_code=0, cpus=4, node_count=1, allocations=(Allocation(NAME, 4.0, 8 * GIB),), total_cpu_s=55.0,
        source="scontrol+sacct",
    ),
)  # fmt: skip
"""101 runs on; 102 runs from second 20 to second 40, and Slurm's accounting says that it used 55 CPU seconds."""


def show(root: Path, moment: int) -> None:
    """Let the files below `root` say what they said at one of the moments."""
    _write(root / "proc/sys/kernel/random/boot_id", "1f0c2b4e-5d1a-4b7e-9c55-2a6f0f6f7a10")
    _write(root / "proc/stat", _stat(*STAT[moment]))
    for key, (folder, raw_uj) in ZONES.items():
        _write(root / POWERCAP / folder / "name", key if key.startswith("package") else "dram")
        _write(root / POWERCAP / folder / "max_energy_range_uj", str(RANGE_UJ))
        _write(root / POWERCAP / folder / "energy_uj", str(raw_uj[moment]))
    _write(root / METER, str(METER_UW[moment]))
    for job_id, used_us in USED_US.items():
        _show_job(root / SLURM / f"job_{job_id}", used_us[moment], RESIDENT_BYTES[job_id])


def _show_job(folder: Path, used_us: int | None, resident_bytes: int) -> None:
    if used_us is not None:
        _write(folder / "cpu.stat", f"usage_usec {used_us}")
        _write(folder / "memory.stat", f"anon {resident_bytes}\nshmem 0")
    elif folder.exists():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def _stat(user: int, system: int) -> str:
    each = "\n".join(f"cpu{number} 0 0 0 0 0 0 0 0 0 0" for number in range(CPUS))
    return f"cpu  {user} 0 {system} 0 0 0 0 0 0 0\n{each}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="ascii")
