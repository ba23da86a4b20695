"""`maxwatt demo` as a process: the whole system without Slurm and without root, and at once the second time."""

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maxwatt.domain.energy import ENERGY_COLUMNS

pytestmark = pytest.mark.integration


def start(folder: Path, *words: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    command = [sys.executable, "-m", "maxwatt", "demo", "--data-dir", str(folder), "--port", "0", "--json", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    assert process.wait(timeout=30) == 0


def ask(folder: Path, *words: str) -> dict[str, object]:
    command = [sys.executable, "-m", "maxwatt", *words, "--data-dir", str(folder), "--json"]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def sums(folder: Path) -> tuple[float, float]:
    """Everything booked and everything measured in the closed windows [J]."""
    with sqlite3.connect(folder / "ledger.sqlite") as ledger:
        booked = ledger.execute(f"SELECT sum({' + '.join(ENERGY_COLUMNS)}) FROM bookings").fetchone()[0]
        measured = ledger.execute("SELECT sum(cpu_j + dram_j + gpu_j + rest_j) FROM measured").fetchone()[0]
    return booked, measured


def test_demo_books_its_history_closes_and_goes_on_at_once(tmp_path):
    folder = tmp_path / "demo"
    process, _ = start(folder, "--days", "1")
    stop(process)
    booked, measured = sums(folder)
    assert booked > 0 and booked == pytest.approx(measured, rel=1e-9)
    top = ask(folder, "top", "users", "--since", "2d")
    assert top["simulated"] is True and len(top["rows"]) > 3  # type: ignore[arg-type]

    began = time.monotonic()
    process, told = start(folder)
    try:
        assert time.monotonic() - began < 15, "the second start simulates nothing"
        assert told["url"] in told["access_url"]
        wait_for_live_rows(folder)
    finally:
        stop(process)


def wait_for_live_rows(folder: Path) -> None:
    """This machine's own agent pushes beside the simulated nodes, and is booked."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        with sqlite3.connect(folder / "ledger.sqlite") as ledger:
            own = ledger.execute("SELECT count(*) FROM measured WHERE node NOT LIKE 'sim-%' AND cpu_j > 0").fetchone()
        if own[0]:
            return
        time.sleep(1)
    raise AssertionError((folder / "agent.log").read_text())
