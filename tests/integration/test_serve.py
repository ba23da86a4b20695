"""`maxwatt serve` as a process: one on a data folder, loopback only, gone without a trace."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.minicluster.waiting import wait_until

pytestmark = pytest.mark.integration


def serve(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "maxwatt", "serve", "--data-dir", str(folder), "--port", "0", "--json", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def server(tmp_path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    process = serve(tmp_path)
    assert process.stdout is not None
    yield process, json.loads(process.stdout.readline())
    process.terminate()
    process.wait(timeout=20)
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()


def status_of(url: str) -> int:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    try:
        with browser.open(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_pages_want_the_token_and_health_does_not(server):
    _, told = server
    assert status_of(told["url"] + "/health") == 200
    assert status_of(told["url"] + "/jobs") == 401
    assert status_of(told["url"] + "/_dash-layout") == 401
    assert status_of(told["access_url"]) == 200


def test_connections_that_browsers_keep_open_leave_some_to_agents(server):
    told = server[1]
    port = urlsplit(told["url"]).port
    with contextlib.ExitStack() as stack:
        for _ in range(150):
            kept = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            kept.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert kept.recv(12) == b"HTTP/1.1 200"
        assert status_of(told["url"] + "/health") == 200


def test_a_second_server_on_the_same_folder_is_refused_with_the_first_ones_address(server, tmp_path):
    process, told = server
    second = serve(tmp_path)
    out, err = second.communicate(timeout=30)
    assert second.returncode == 1 and out == ""
    assert f"pid {process.pid}" in err and told["url"] in err and "--data-dir" in err
    assert "Traceback" not in err


def test_other_addresses_than_loopback_are_refused(tmp_path):
    process = serve(tmp_path, "--host", "192.0.2.1")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "loopback" in err and "Traceback" not in err


def test_an_address_of_version_6_can_be_opened(tmp_path):
    process = serve(tmp_path, "--host", "::1")
    assert process.stdout is not None and process.stderr is not None
    try:
        told = json.loads(process.stdout.readline())
        assert told["url"].startswith("http://[::1]:")
        assert status_of(told["access_url"]) == 200
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_data_folder_and_tokens_are_the_owners_alone(server, tmp_path):
    assert (tmp_path / "ingest.token").stat().st_mode & 0o077 == 0
    assert (tmp_path / "serve.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_and_leaves_no_note(tmp_path, how):
    process = serve(tmp_path)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.send_signal(how)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert not (tmp_path / "serve.json").exists()


def test_a_faulty_configuration_is_told_with_all_its_faults(tmp_path):
    (tmp_path / "maxwatt.toml").write_text("[server]\nport = -1\ncolour = 3\n")
    process = serve(tmp_path)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "line 2: server.port" in err and "line 3: server.colour is unknown" in err


def test_a_slurm_command_that_hangs_does_not_keep_the_server_from_stopping(tmp_path):
    hangs = "import time; open(__file__ + '.runs', 'w'); time.sleep(90)"
    (tmp_path / "scontrol").write_text(f"#!{sys.executable}\n{hangs}\n")
    (tmp_path / "scontrol").chmod(0o755)
    (tmp_path / "maxwatt.toml").write_text(
        f'[slurm]\nlive = "scontrol"\nbin_dir = "{tmp_path}"\ncommand_timeout_s = 60.0\n'
    )
    process = serve(tmp_path / "data", "--config", str(tmp_path / "maxwatt.toml"))
    assert process.stdout is not None
    process.stdout.readline()
    runs = tmp_path / "scontrol.runs"
    wait_until("the command", runs.exists, 20)
    started = time.monotonic()
    process.terminate()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert time.monotonic() - started < 20
    assert "Traceback" not in err
