"""`maxwatt serve` with its ledger in PostgreSQL: samples and a job in, energy out, and no password anywhere."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_fixture import PASSWORD

from exporters.node.line_protocol import format_lines
from maxwatt.domain.samples import Sample

pytestmark = pytest.mark.integration

MAXWATT = [sys.executable, "-m", "maxwatt"]
START_S = int(time.time()) // 60 * 60 - 2 * 3600
IDLE_W, J_PER_CPU_S = 50.0, 10.0
JOBS = "\n".join(
    [
        "JobIDRaw|User|Account|Partition|JobName|State|Start|End|AllocCPUS|AllocTRES|NNodes|NodeList|TotalCPU|ExitCode",
        f"7|alice|phys|cpu|burn|COMPLETED|{START_S + 600}|{START_S + 1800}|4|cpu=4,mem=1G,node=1|1|n1|01:20:00|0:0",
    ]
)


def samples() -> Iterator[Sample]:
    """An hour of a node of 4 CPUs whose only job uses all of them for 20 minutes."""
    for second in range(0, 3600, 15):
        used_s = 4.0 * min(max(second - 600, 0), 1200)
        common = {"monotonic_s": 1e4 + second, "epoch_id": 7}
        energy_j = IDLE_W * second + J_PER_CPU_S * used_s
        node = {"cpu_busy_seconds_total": used_s, "cpu_count": 4, "cpu_energy_joules_total": energy_j}
        ts_ms = (START_S + second) * 1000
        yield Sample("node", {"node": "n1"}, common | node, ts_ms)
        if 600 < second <= 1800:
            tags = {"node": "n1", "job_id": "7"}
            yield Sample("job", tags, common | {"cpu_seconds_total": used_s}, ts_ms)


def ask(folder: Path, *words: str, fails: bool = False) -> str:
    done = subprocess.run(
        [*MAXWATT, *words, "--data-dir", str(folder)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


def energy_j(folder: Path) -> float | None:
    return json.loads(ask(folder, "job", "7", "--json"))["job"]["row"]["energy_j"]


@pytest.fixture
def folder(tmp_path: Path, postgres_ledger: str) -> Path:
    model = '[[node_models]]\nname = "m"\nnodes = "n1"\ncpu_idle_w = 50\ncpu_max_w = 90\n'
    rounds = "[attribution]\ninterval_s = 0.2\n"
    (tmp_path / "maxwatt.toml").write_text(f'[ledger]\nurl = "{postgres_ledger}"\n{rounds}{model}')
    (tmp_path / "jobs.txt").write_text(JOBS)
    return tmp_path


def push(url: str, token: str) -> None:
    headers = {"Authorization": f"Token {token}"}
    request = urllib.request.Request(f"{url}/api/v2/write?precision=ms", format_lines(samples()), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 204


def test_from_the_agents_lines_to_the_energy_of_a_job(folder: Path) -> None:
    ask(folder, "import", "jobs", str(folder / "jobs.txt"))
    command = [*MAXWATT, "serve", "--data-dir", str(folder), "--port", "0", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        told: dict[str, Any] = json.loads(server.stdout.readline())
        push(told["url"], (folder / "ingest.token").read_text().strip())
        end = time.monotonic() + 60
        while energy_j(folder) is None and time.monotonic() < end:
            time.sleep(0.5)
        # 1200 s at 50 W, and 4800 CPU seconds at 10 J.
        assert energy_j(folder) == pytest.approx(1200 * IDLE_W + 4800 * J_PER_CPU_S, rel=1e-6)
        (row,) = json.loads(ask(folder, "top", "users", "--since", str(START_S * 1000), "--json"))["rows"]
        assert row["name"] == "alice"
    finally:
        server.terminate()
        _, err = server.communicate(timeout=30)
    assert PASSWORD not in err and PASSWORD.replace(" ", "%20") not in err
    assert not (folder / "ledger.sqlite").exists()


def test_a_database_that_does_not_answer_is_told_without_the_password(folder: Path) -> None:
    config = folder / "maxwatt.toml"
    config.write_text(config.read_text().replace("?host=", "?host=/nowhere"))
    said = ask(folder, "top", "users", fails=True)
    assert "cannot be opened" in said and "Traceback" not in said
    assert PASSWORD.replace(" ", "%20") not in said
