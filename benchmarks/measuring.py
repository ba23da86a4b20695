"""Steps of a benchmark in processes of their own, for their own CPU time and peak memory."""

import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

Figures = dict[str, Any]


def step(script: str, name: str, flag: str = "step", **options: object) -> Figures:
    """What a step says of itself: the last line of `script --step name --option value …` as JSON; `flag` for `step`."""
    given = [f"--{key.replace('_', '-')}={value}" for key, value in options.items() if value is not None]
    command = [sys.executable, script, f"--{flag}", name, *given]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: Figures = json.loads(answer.splitlines()[-1])
    return found


def costs_so_far(began: tuple[float, float]) -> Figures:
    """Wall and CPU seconds since `now()`, and the whole process: its CPU seconds, start-up included, and its peak."""
    wall, cpu = now()
    return {
        "seconds": round(wall - began[0], 3),
        "cpu_seconds": round(cpu - began[1], 3),
        "process_cpu_seconds": round(cpu, 3),
        "peak_mb": peak_mb(),
    }


def now() -> tuple[float, float]:
    """Wall and CPU clock [s]."""
    return time.perf_counter(), time.process_time()


def peak_mb() -> int:
    """Highest resident memory of this process [MB]; unlike `ru_maxrss` not that of the process that started it."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024  # type: ignore[index]


def median(runs: list[Figures]) -> Figures:
    """The run in the middle by wall time, with the median CPU seconds."""
    middle = sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]
    cpu = {name: statistics.median(run[name] for run in runs) for name in middle if name.endswith("cpu_seconds")}
    return middle | cpu


def shown(run: Figures) -> str:
    """Costs of a run in one line."""
    cpu = f"{run['cpu_seconds']:7.2f} CPU s" if "cpu_seconds" in run else " " * 13
    return f"{run['seconds']:8.2f} s {cpu} {run['peak_mb']:6} MB"
