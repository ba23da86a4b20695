"""The real server on a made folder: started, watched, stopped."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CONFIG = """
[cluster]
name = "bench"
simulated = true
[cost]
price_per_kwh = 0.3
[retention]
buckets_days = {days}
[[node_models]]
name = "bench"
nodes = "wn[0000-{last:04d}]"
cpu_idle_w = 120
cpu_max_w = 400
dram_idle_w = 24
dram_max_w = 40
gpu_idle_w = 45
gpu_max_w = 400
rest_base_w = 40
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A server: how to reach it, and its process."""

    url: str
    access_url: str
    pid: int
    push_token: str


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of a process so far, its memory now and at most [MB], when [s]."""

    cpu_s: float
    resident_mb: int
    peak_mb: int
    at_s: float


@contextlib.contextmanager
def serving(folder: Path, days: int, nodes: int) -> Iterator[Running]:
    """`maxwatt serve` on the folder; days of buckets are kept as they are."""
    config = folder / "maxwatt.toml"
    config.write_text(CONFIG.format(days=days + 2, last=nodes - 1))
    words = ["serve", "--config", str(config), "--data-dir", str(folder), "--port", "0", "--json"]
    log = (folder / "serve.log").open("w")
    process = subprocess.Popen([sys.executable, "-m", "maxwatt", *words], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        token = (folder / "ingest.token").read_text().strip()
        yield Running(told["url"], told["access_url"], process.pid, token)
    finally:
        process.terminate()
        process.wait(timeout=120)
        log.close()


def usage(pid: int) -> Usage:
    """What a process has used."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    now, peak = (int(re.search(rf"{key}:\s+(\d+)", status)[1]) // 1024 for key in ("VmRSS", "VmHWM"))  # type: ignore[index]
    return Usage((int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"), now, peak, time.monotonic())
