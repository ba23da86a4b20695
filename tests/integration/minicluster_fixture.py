"""One mini cluster for all integration tests of a session."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.minicluster import hub, namespace, requirements
from deploy.minicluster.client import MiniCluster, connect

ROOT = Path(__file__).resolve().parents[2]


def require_machine(with_hub: bool = False) -> None:
    """Skip where the machine cannot carry a cluster; in CI that is a failure, else nobody would ever notice."""
    missing = [*requirements.missing(), *(hub.missing() if with_hub else [])]
    if missing and os.environ.get("CI"):
        pytest.fail("; ".join(missing))
    if missing:
        pytest.skip("; ".join(missing))


def minicluster_command(*words: str) -> list[str]:
    return [sys.executable, "-m", "deploy.minicluster", *words]


def start_minicluster(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Bring a cluster up that ends with the returned process's standard input, so with this test run at the latest."""
    up = subprocess.Popen(
        minicluster_command("up", "--dir", str(folder), "--tied", "--json", *options),
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert up.stdout is not None
    answer = up.stdout.read()
    assert up.wait(timeout=120) == 0, "see the progress above"
    assert json.loads(answer)["state"] == "up"
    return up


def stop_minicluster(folder: Path) -> None:
    subprocess.run(minicluster_command("down", "--dir", str(folder)), cwd=ROOT, check=True, timeout=60)


@pytest.fixture
def cluster_folder() -> Iterator[Path]:
    """A folder that other users may enter, unlike tmp_path."""
    require_machine()
    folder = Path(tempfile.mkdtemp(prefix="minicluster-"))
    folder.chmod(0o755)
    yield folder
    if (left := namespace.find(folder)) is not None:  # the test failed before its own `down`
        left.kill()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def minicluster() -> Iterator[MiniCluster]:
    """A running cluster, one for the whole session."""
    require_machine()
    folder = Path(tempfile.mkdtemp(prefix="minicluster-"))
    tie = start_minicluster(folder)
    try:
        yield connect(folder)
    finally:
        stop_minicluster(folder)
        assert tie.stdin is not None
        tie.stdin.close()
        shutil.rmtree(folder)
