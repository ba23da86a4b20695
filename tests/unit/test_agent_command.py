"""The agent's command as a process: one reading, flags over the file, a push to a real server, SIGTERM."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from patience import wait_for

from maxwatt.cli.agent import add_arguments, with_flags
from maxwatt.config import AgentSettings, Settings

TREES = Path(__file__).parents[1] / "fixtures" / "sysfs"
COMMAND = [sys.executable, "-m", "maxwatt", "agent"]


def agent(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], check=False, capture_output=True, text=True, timeout=60)


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        running.append(subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def server() -> Iterator[Any]:
    """A server whose `status` can be set and whose `lines` can be read."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers.get("Content-Encoding") == "gzip"
            if made.status == 204:
                made.lines += (zlib.decompress(body, wbits=31) if packed else body).decode().splitlines()
            self.send_response(made.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        status = 204
        lines: list[str]

    made = Server(("127.0.0.1", 0), Handler)
    made.lines = []
    thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def test_once_as_json_gives_the_counters_as_they_stand() -> None:
    done = agent("--once", "--json", "--root", str(TREES / "intel"), "--node", "n1")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    (node,) = [row for row in rows if row["measurement"] == "node"]
    assert node["tags"] == {"node": "n1"}
    assert node["fields"]["cpu_energy_joules_total"] == 300.0
    assert abs(node["ts_ms"] - time.time() * 1000) < 60_000


def test_once_for_people_names_value_and_unit() -> None:
    done = agent("--once", "--root", str(TREES / "cgroup_v1"), "--node", "n1")
    assert "job (node n1, job_id 11)" in done.stdout
    assert any(line.split() == ["cpu_seconds_total", "12.5", "s"] for line in done.stdout.splitlines())


def test_once_with_some_collectors_only() -> None:
    done = agent("--once", "--json", "--root", str(TREES / "intel"), "--collectors", "cpu,memory")
    assert {row["tags"].get("collector") for row in json.loads(done.stdout)} == {None, "cpu", "memory"}


def test_once_where_nothing_can_be_read_says_so(tmp_path: Path) -> None:
    done = agent("--once", "--root", str(tmp_path))
    assert done.returncode == 1
    assert "nothing to read" in done.stderr


def test_the_model_of_the_configuration_is_used(tmp_path: Path) -> None:
    config = tmp_path / "maxwatt.toml"
    config.write_text('[[node_models]]\nname = "m"\nnodes = "n[1-2]"\ncpu_idle_w = 50\ncpu_max_w = 200\n')
    done = agent("--once", "--json", "--root", str(TREES / "no_rapl"), "--node", "n2", "--config", str(config))
    fields = next(row["fields"] for row in json.loads(done.stdout) if row["measurement"] == "node")
    assert fields["cpu_modelled_energy_joules_total"] == 0.0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "nothing to do"),
        (["--json", "--push", "http://x"], "--once"),
        (["--once", "--collectors", "gpuu"], "gpuu"),
        (["--once", "--root", "/none/such"], "/none/such"),
        (["--once", "--config", "/none/such.toml"], "/none/such.toml"),
        (["--push", "http://x", "--state-dir", "/proc/none"], "state_dir"),
        (["--push", "http://x", "--token-file", "/none/such", "--state-dir", "{tmp}"], "/none/such"),
        (["--push", "x", "--state-dir", "{tmp}"], "push_url"),
        (["--metrics", "9105", "--state-dir", "{tmp}"], "metrics_bind"),
    ],
)
def test_a_wrong_use_is_told_in_one_sentence(words: list[str], told: str, tmp_path: Path) -> None:
    done = agent(*(word.format(tmp=tmp_path) for word in words))
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("maxwatt: ") and told in last


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "often"])
def test_an_interval_that_is_none_is_refused(value: str) -> None:
    assert agent("--once", f"--interval={value}").returncode == 2


def test_flags_stand_above_the_file() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    settings = Settings(agent=AgentSettings(node="file", interval_s=30.0, metrics_bind="127.0.0.1:1"))
    flags = with_flags(settings, parser.parse_args(["--node", "flag", "--collectors", "cpu, rapl"])).agent
    assert (flags.node, flags.interval_s, flags.collectors) == ("flag", 30.0, ("cpu", "rapl"))
    assert with_flags(settings, parser.parse_args([])) == settings


def node_rows(server: Any) -> list[str]:
    return [line for line in server.lines if line.startswith("node,")]


def test_push_over_an_outage_and_a_restart(
    tmp_path: Path, server: Any, started: Callable[..., subprocess.Popen[str]]
) -> None:
    root = Path(shutil.copytree(TREES / "intel", tmp_path / "root"))
    words = ["--root", str(root), "--node", "n1", "--interval", "0.1", "--state-dir", str(tmp_path / "state")]
    words += ["--push", f"http://127.0.0.1:{server.server_port}"]
    first = started(*words)
    wait_for(lambda: len(node_rows(server)) >= 2)
    server.status = 503
    wait_for(lambda: any((tmp_path / "state/spool").glob("*.lines")))
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0
    kept = sum(path.read_text().count("node,") for path in (tmp_path / "state/spool").glob("*.lines"))
    assert kept >= 1
    before = len(node_rows(server))
    server.status = 204
    second = started(*words)
    wait_for(lambda: len(node_rows(server)) > before + kept)
    second.send_signal(signal.SIGTERM)
    assert second.wait(20) == 0
    assert not any((tmp_path / "state/spool").iterdir())
    rows = node_rows(server)
    stamps = [int(row.rpartition(" ")[2]) for row in rows]
    assert stamps == sorted(set(stamps))
    assert len({row.partition("epoch_id=")[2].partition(",")[0] for row in rows}) == 1  # RAPL went on


def test_metrics_of_a_running_agent(tmp_path: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    process = started(
        *("--root", str(TREES / "intel"), "--node", "n1", "--state-dir", str(tmp_path), "--metrics", "127.0.0.1:0")
    )
    assert process.stderr is not None
    port = next(line.split()[-1] for line in process.stderr if "metrics on port" in line)

    def scraped() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    text = wait_for(scraped)
    assert 'maxwatt_node_cpu_energy_joules_total{node="n1"} 300.0' in text
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_two_agents_do_not_share_a_state_folder(tmp_path: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    words = ["--root", str(TREES / "intel"), "--state-dir", str(tmp_path), "--metrics", "127.0.0.1:0"]
    started(*words)
    wait_for((tmp_path / "counters.json").exists)
    second = agent(*words)
    assert second.returncode == 1
    assert "another agent" in second.stderr


def test_a_killed_agent_goes_on_where_it_stood(tmp_path: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    words = ["--root", str(TREES / "intel"), "--state-dir", str(tmp_path), "--metrics", "127.0.0.1:0"]
    first = started(*words)
    wait_for((tmp_path / "counters.json").exists)
    os.kill(first.pid, signal.SIGKILL)
    first.wait(20)
    before = json.loads((tmp_path / "counters.json").read_text())
    written = (tmp_path / "counters.json").stat().st_mtime_ns
    started(*words)
    wait_for(lambda: (tmp_path / "counters.json").stat().st_mtime_ns != written)
    assert json.loads((tmp_path / "counters.json").read_text())["epoch_id"] == before["epoch_id"]
