"""Up and down of the mini cluster: nothing stays, whatever happened in between."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from minicluster_fixture import ROOT, minicluster_command, start_minicluster, stop_minicluster

from deploy.minicluster import description, namespace, processes
from deploy.minicluster.client import MiniCluster, connect
from deploy.minicluster.leftovers import cgroup_folders

pytestmark = pytest.mark.integration


def until(test: Callable[[], object], limit_s: float = 20.0) -> None:
    end = time.monotonic() + limit_s
    while not test():
        assert time.monotonic() < end, f"not within {limit_s} s"
        time.sleep(0.05)


def link_of(folder: Path) -> str:
    found = namespace.find(folder)
    assert found is not None
    assert 1 in found.members()
    return found.link


def assert_nothing_left(folder: Path, link: str) -> None:
    name = description.read(folder)["name"]
    assert processes.members(link) == {}
    assert cgroup_folders(name) == []
    assert not Path(f"/dev/shm/minicluster-{name}").exists()
    mounts = Path("/proc/self/mounts").read_text()
    assert str(folder) not in mounts
    assert name not in mounts


def burn(cluster: MiniCluster) -> None:
    """A job that never ends, deaf to SIGTERM."""
    job_id = cluster.sbatch("bob", "-n2", "--wrap", "trap '' TERM; while :; do :; done")
    cluster.wait_job(job_id, "RUNNING")
    until(lambda: any(f.name == f"job_{job_id}" for f in cgroup_folders(cluster.plan.name)))


def test_two_clusters_side_by_side_and_down_with_running_jobs(minicluster: MiniCluster, cluster_folder: Path) -> None:
    tie = start_minicluster(cluster_folder)
    second = connect(cluster_folder)
    assert second.description["started_in_s"] < 30
    assert not set(second.nodes) & set(minicluster.nodes)
    link = link_of(cluster_folder)
    burn(second)
    again = subprocess.run(minicluster_command("up", "--dir", str(cluster_folder)), cwd=ROOT, capture_output=True,
                           text=True, check=True)  # fmt: skip
    assert "already up" in again.stderr
    start = time.monotonic()
    stop_minicluster(cluster_folder)
    assert time.monotonic() - start < 15
    assert_nothing_left(cluster_folder, link)
    assert json.loads((cluster_folder / "truth.json").read_text())["closed"]
    assert len(minicluster.nodes) == minicluster.scontrol("-o", "show", "node").count("State=IDLE")
    tie.communicate()


def test_nothing_outlives_a_crash_of_the_supervisor(cluster_folder: Path) -> None:
    tie = start_minicluster(cluster_folder)
    link = link_of(cluster_folder)
    burn(connect(cluster_folder))
    found = namespace.find(cluster_folder)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    until(lambda: processes.members(link) == {})
    stop_minicluster(cluster_folder)
    assert_nothing_left(cluster_folder, link)
    tie.communicate()


def test_a_tied_cluster_ends_with_who_started_it(cluster_folder: Path) -> None:
    tie = start_minicluster(cluster_folder)
    link = link_of(cluster_folder)
    burn(connect(cluster_folder))
    assert tie.stdin is not None
    tie.stdin.close()
    until(lambda: processes.members(link) == {})
    assert_nothing_left(cluster_folder, link)


def test_down_of_a_half_started_cluster(cluster_folder: Path) -> None:
    up = subprocess.Popen(minicluster_command("up", "--dir", str(cluster_folder)), cwd=ROOT, stderr=subprocess.PIPE,
                          text=True)  # fmt: skip
    assert up.stderr is not None
    until(lambda: "MariaDB" in up.stderr.readline())
    up.kill()
    up.communicate()
    link = link_of(cluster_folder)
    stop_minicluster(cluster_folder)
    assert_nothing_left(cluster_folder, link)


def test_down_without_a_cluster_says_so(cluster_folder: Path) -> None:
    down = subprocess.run(minicluster_command("down", "--dir", str(cluster_folder)), cwd=ROOT, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert down.returncode == 1
    assert "no mini cluster" in down.stderr


def test_up_does_not_touch_a_folder_of_somebody_else(cluster_folder: Path) -> None:
    (cluster_folder / "thesis.tex").write_text("years of work")
    up = subprocess.run(minicluster_command("up", "--dir", str(cluster_folder)), cwd=ROOT, capture_output=True,
                        text=True, check=False)  # fmt: skip
    assert up.returncode == 1
    assert "thesis.tex" in up.stderr
    assert (cluster_folder / "thesis.tex").read_text() == "years of work"
