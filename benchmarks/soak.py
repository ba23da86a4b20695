"""Agent and server under steady load on loopback: is anything acknowledged ever lost, does anything grow?

    ./dev soak [SECONDS]        default 120

Fifty rows a second go to a real server beside a real agent; half-way the server is killed with SIGKILL
and started again. At the end the store must hold every acknowledged row exactly once. Prints memory over time.
"""

import argparse
import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import duckdb

NODES = 50
MAXWATT = (sys.executable, "-m", "maxwatt")
GROWTH_LIMIT = 1.3
"""Resident memory at the end over that after a quarter of the time; more is a leak."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=int, nargs="?", default=120)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        acknowledged, memory = soak(folder, port, seconds)
        return verdict(folder, acknowledged, memory)


def soak(folder: Path, port: int, seconds: int) -> tuple[int, list[int]]:
    """Rows acknowledged, and the server's resident memory [kB] each second since its last start."""
    acknowledged, memory, began, tick = 0, list[int](), time.monotonic(), 0
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running("serve", "--data-dir", str(folder), "--port", str(port), "--json"))
        agent = stack.enter_context(running("agent", *agent_words(folder, port)))
        while (elapsed := time.monotonic() - began) < seconds:
            acknowledged += push(folder, port, tick)
            tick += 1
            memory.append(resident_kb(server.pid))
            if tick % 10 == 0:
                print(f"{elapsed:6.0f} s  {acknowledged:8d} rows  server {memory[-1] // 1024} MB  "
                      f"agent {resident_kb(agent.pid) // 1024} MB", flush=True)  # fmt: skip
            if len(memory) == tick and elapsed > seconds / 2:
                server.send_signal(signal.SIGKILL)
                server.wait()
                server = stack.enter_context(running("serve", "--data-dir", str(folder), "--port", str(port), "--json"))
                memory.clear()
                print(f"{elapsed:6.0f} s  server killed and started again", flush=True)
            time.sleep(max(0.0, began + tick - time.monotonic()))
    return acknowledged, memory


def push(folder: Path, port: int, tick: int) -> int:
    """One row of each node; the number of rows the server acknowledged. Tried again until it does."""
    now = time.time_ns() // 1_000_000
    token = (folder / "ingest.token").read_text().strip()
    lines = [
        f"node,node=soak{n:03d} monotonic_s={tick}.0,epoch_id={n}i,cpu_busy_seconds_total={tick * 3}.0,"
        f"cpu_energy_joules_total={tick * 250}.0 {now}"
        for n in range(NODES)
    ]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v2/write?precision=ms", "\n".join(lines).encode(),
        {"Authorization": f"Token {token}"},
    )  # fmt: skip
    for _ in range(100):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                if answer.status == 204:
                    return NODES
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("the server did not come back")


def verdict(folder: Path, acknowledged: int, memory: list[int]) -> int:
    with duckdb.connect(str(folder / "samples.duckdb"), read_only=True) as store:
        counts = "SELECT count(*), count(DISTINCT (node_id, ts_ms)) FROM node JOIN nodes USING (node_id)"
        stored, distinct = store.execute(f"{counts} WHERE name LIKE 'soak%'").fetchone() or (0, 0)
        own = store.execute(f"{counts} WHERE name = 'soak-agent'").fetchone() or (0, 0)
    early = memory[len(memory) // 4] if memory else 0
    growth = memory[-1] / early if early else 0.0
    print(f"acknowledged {acknowledged}, stored {stored - own[0]}, twice {stored - distinct}; agent's rows {own[0]}")
    print(f"server's memory at the end over that at a quarter: {growth:.2f}")
    good = stored - own[0] == acknowledged and stored == distinct and own[0] > 0 and growth < GROWTH_LIMIT
    print("well" if good else "NOT well")
    return 0 if good else 1


@contextlib.contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A maxwatt command as a process; a server is waited for."""
    process = subprocess.Popen([*MAXWATT, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if words[0] == "serve":
            assert process.stdout is not None
            json.loads(process.stdout.readline())
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def agent_words(folder: Path, port: int) -> list[str]:
    return ["--node", "soak-agent", "--interval", "1", "--push", f"http://127.0.0.1:{port}",
            "--token-file", str(folder / "ingest.token"), "--state-dir", str(folder / "agent")]  # fmt: skip


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
