"""What the agent costs a node: `python benchmarks/agent.py`.

A tree of 2 packages with dram, 128 CPUs and 16 jobs is read by the real `maxwatt agent` process, which pushes to a
server on loopback and offers /metrics. Measured in the same run, as baselines: a bare interpreter's memory, and
the CPU time of reading the same files with open, read and close.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

CPUS, PACKAGES, JOBS = 128, 2, 16
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def build_tree(root: Path) -> None:
    """The node that is read: cgroup version 1, which needs three files a job."""
    lines = [f"cpu{n} 123456 78 9012 3456789 123 0 456 0 0 0" for n in ("", *range(CPUS))]
    put(root, "proc/stat", "\n".join(lines).replace("cpu ", "cpu  ", 1) + "\nintr " + "0 " * 4000 + "\nctxt 1\n")
    put(root, "proc/meminfo", "MemTotal: 500000000 kB\nMemAvailable: 400000000 kB\n" + "Other: 1 kB\n" * 48)
    put(root, "proc/sys/kernel/random/boot_id", "benchmark\n")
    for package in range(PACKAGES):
        for name, zone in ((f"intel-rapl:{package}", f"package-{package}"), (f"intel-rapl:{package}:0", "dram")):
            put(root, f"sys/class/powercap/{name}/name", f"{zone}\n")
            put(root, f"sys/class/powercap/{name}/energy_uj", "123456789\n")
            put(root, f"sys/class/powercap/{name}/max_energy_range_uj", "262143328850\n")
    for job in range(JOBS):
        place = f"slurm/uid_1000/job_{job}"
        put(root, f"sys/fs/cgroup/cpuacct/{place}/cpuacct.usage", "123456789012345\n")
        put(root, f"sys/fs/cgroup/cpuacct/{place}/cpuacct.stat", "user 12345\nsystem 678\n")
        stat = "".join(f"{key} 123456789\n" for key in ("cache", "rss", "shmem", *map(str, range(18))))
        put(root, f"sys/fs/cgroup/memory/{place}/memory.stat", stat + "total_rss 123456789\ntotal_shmem 4096\n")


def put(root: Path, name: str, text: str) -> None:
    """A file below `root`."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def files_of_a_cycle(root: Path) -> list[str]:
    """Every file that one cycle reads."""
    names = ("stat", "meminfo", "energy_uj", "cpuacct.usage", "cpuacct.stat", "memory.stat")
    return [str(path) for path in root.rglob("*") if path.is_file() and path.name in names]


def plain_reading_ms(files: list[str], rounds: int = 200) -> float:
    """CPU time of opening, reading and closing all files once [ms]."""
    started_s = time.process_time()
    for _ in range(rounds):
        for name in files:
            with open(name, "rb") as file:  # noqa: PTH123  the plainest way is the baseline
                file.read()
    return (time.process_time() - started_s) / rounds * 1000


def bare_interpreter_mb() -> float:
    """Resident memory of an interpreter that does nothing [MB]."""
    program = "import sys; print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdin
        process.stdout.readline()
        resident_mb = rss_mb(process.pid)
        process.stdin.close()
    return resident_mb


def rss_mb(pid: int) -> float:
    """Resident memory of a process [MB]."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, user and system [s], from the scheduler's own nanoseconds where it gives them."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except OSError:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


class Sink(BaseHTTPRequestHandler):
    """Takes everything, keeps nothing, counts the requests."""

    count = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).count += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def running_agent(root: Path, interval_s: float) -> Iterator[subprocess.Popen[bytes]]:
    """The real agent with push and /metrics."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    Thread(target=server.serve_forever, daemon=True).start()
    words = [sys.executable, "-m", "maxwatt", "agent", "--root", str(root), "--interval", str(interval_s)]
    words += ["--state-dir", str(root / "state"), "--push", f"http://127.0.0.1:{server.server_port}"]
    process = subprocess.Popen([*words, "--metrics", "127.0.0.1:0"], stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)
        server.shutdown()


def measure(cycles: int, interval_s: float) -> dict[str, float]:
    """All figures of one run."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build_tree(root)
        files = files_of_a_cycle(root)
        plain_ms, bare_mb = plain_reading_ms(files), bare_interpreter_mb()
        with running_agent(root, interval_s) as process:
            wait_for_requests(3)
            first, used_s = Sink.count, cpu_s(process.pid)
            wait_for_requests(first + cycles)
            done, used_s = Sink.count - first, cpu_s(process.pid) - used_s
            agent_mb = rss_mb(process.pid)
    agent_ms = used_s / done * 1000
    return {
        "files_per_cycle": len(files),
        "agent_cpu_ms_per_cycle": agent_ms,
        "plain_reading_cpu_ms": plain_ms,
        "cpu_ratio": agent_ms / plain_ms,
        "agent_rss_mb": agent_mb,
        "bare_interpreter_rss_mb": bare_mb,
        "rss_ratio": agent_mb / bare_mb,
        "cpu_share_at_15_s_percent": agent_ms / 15_000 * 100,
    }


def wait_for_requests(count: int, limit_s: float = 120.0) -> None:
    """Wait until the server has been sent `count` batches."""
    end_s = time.monotonic() + limit_s
    while Sink.count < count:
        assert time.monotonic() < end_s, "the agent does not push"
        time.sleep(0.01)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--interval", type=float, default=0.1, help="seconds between two cycles while measuring")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    figures = measure(args.cycles, args.interval)
    if args.json:
        print(json.dumps(figures))
        return
    print(f"{PACKAGES} packages with dram, {CPUS} CPUs, {JOBS} jobs; push and /metrics on")
    for name, value in figures.items():
        print(f"  {name:28} {value:8.3f}")


if __name__ == "__main__":
    main()
