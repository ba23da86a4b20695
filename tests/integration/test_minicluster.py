"""The mini cluster: real jobs, simulated power that belongs to them, a truth that closes."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.minicluster.client import MiniCluster

pytestmark = pytest.mark.integration

BURN = "for i in 1 2; do timeout {seconds} sh -c 'while :; do :; done' & done; wait"


def until(test: Callable[[], Any], limit_s: float = 30.0) -> Any:
    end = time.monotonic() + limit_s
    while not (found := test()):
        assert time.monotonic() < end, f"not within {limit_s} s"
        time.sleep(0.1)
    return found


def inside(cluster: MiniCluster, node: str, *command: str) -> str:
    process = cluster.node_exec(node, *command, stdout=subprocess.PIPE, text=True)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    return str(out)


def user_seconds(cluster: MiniCluster, node: str) -> float:
    return int(inside(cluster, node, "cat", "/proc/stat").split()[1]) / 100


def job_rows(cluster: MiniCluster, job_id: int) -> list[dict[str, Any]]:
    nodes = cluster.truth()["nodes"].items()
    return [row | {"node": name} for name, node in nodes for row in node["jobs"] if row["job_id"] == job_id]


def finished(cluster: MiniCluster, job_id: int) -> dict[str, str]:
    """Accounting's row of a job that has ended."""
    columns = "-o", "jobid,user,account,partition,state,exitcode,totalcpu,start,end,alloccpus"

    def row() -> dict[str, str] | None:
        rows = [r for r in cluster.sacct("-j", str(job_id), *columns) if r["JobID"] == str(job_id)]
        return rows[0] if rows and rows[0]["End"].isdigit() else None

    found: dict[str, str] = until(row, 60)
    return found


def seconds(total_cpu: str) -> float:
    minutes, _, rest = total_cpu.rpartition(":")
    return 60 * int(minutes or 0) + float(rest)


def test_a_burner_is_counted_by_the_kernel_by_slurm_and_by_the_node(minicluster: MiniCluster) -> None:
    node = minicluster.nodes[0]
    before_s = user_seconds(minicluster, node)
    job_id = minicluster.sbatch("alice", "-A", "photon", "-w", node, "-n2", "--wrap", BURN.format(seconds=6))
    folder = f"slurm_{node}/uid_*/job_{job_id}"
    usage = until(lambda: list(Path("/sys/fs/cgroup/cpuacct").glob(f"{folder}/cpuacct.usage")))[0]
    memory = until(lambda: list(Path("/sys/fs/cgroup/memory").glob(f"{folder}/memory.usage_in_bytes")))[0]
    until(lambda: int(usage.read_text()) > 1e9)
    assert int(memory.read_text()) > 0
    minicluster.wait_job(job_id, "COMPLETED")
    booked = finished(minicluster, job_id)
    assert (booked["User"], booked["Account"], booked["State"], booked["ExitCode"]) == (
        "alice", "photon", "COMPLETED", "0:0",
    )  # fmt: skip
    used_s = seconds(booked["TotalCPU"])
    assert used_s > 1
    until(lambda: job_rows(minicluster, job_id)[0]["last_ms"])
    (true,) = job_rows(minicluster, job_id)
    assert true["cpu_s"] == pytest.approx(used_s, rel=0.01, abs=0.1)
    assert (true["cpus"], true["memory_bytes"], true["allocation"]) == (2, 500 << 20, "detail")
    assert user_seconds(minicluster, node) - before_s == pytest.approx(true["cpu_s"], abs=0.2)
    model = minicluster.node(node)["model"]
    assert true["energy_j"]["cpu_dynamic_j"] == pytest.approx(model["cpu_j_per_cpu_s"] * true["cpu_s"])
    lasted_s = (true["last_ms"] - true["first_ms"]) / 1000
    assert true["energy_j"]["cpu_static_j"] == pytest.approx(model["cpu_idle_w"] * 2 / 8 * lasted_s, abs=0.1 * 30)
    assert lasted_s == pytest.approx(int(booked["End"]) - int(booked["Start"]), abs=1.5)


def zone_energy(cluster: MiniCluster, node: str) -> dict[str, int]:
    show = "for z in intel-rapl:*; do echo $z $(cat $z/energy_uj $z/max_energy_range_uj); done"
    rows = [line.split() for line in inside(cluster, node, "sh", "-c", f"cd /sys/class/powercap; {show}").splitlines()]
    assert {int(row[2]) for row in rows} == {2**32 - 1, 2**29 - 1}
    return {row[0]: int(row[1]) for row in rows}


Span = tuple[float, float]
"""Begin and end of something [epoch ms]."""


def timed(cluster: MiniCluster, node: str) -> tuple[dict[str, int], Span]:
    """The counters, and when they were read."""
    began_ms = time.time() * 1000
    found = zone_energy(cluster, node)
    return found, (began_ms, time.time() * 1000)


def test_counters_wrap_and_show_the_true_energy(minicluster: MiniCluster) -> None:
    node = minicluster.nodes[1]
    until(lambda: history(minicluster))
    first, began = timed(minicluster, node)
    last, ended, wraps = first, began, dict.fromkeys(first, 0)

    def wrapped_and_grown() -> bool:
        nonlocal last, ended
        now, ended = timed(minicluster, node)
        for zone in now:
            wraps[zone] += now[zone] < last[zone]
        last = now
        return any(wraps.values()) and ended[0] - began[1] > 12_000

    until(wrapped_and_grown, 60)
    modulus = {zone: 2**29 if zone.count(":") == 2 else 2**32 for zone in first}
    grown_j = {zone: (last[zone] - first[zone] + wraps[zone] * modulus[zone]) / 1e6 for zone in first}
    for component, zones in (("cpu", 1), ("dram", 2)):
        read_j = sum(joules for zone, joules in grown_j.items() if zone.count(":") == zones)
        (low, high), (lower, higher) = (true_energy(minicluster, node, component, span) for span in (began, ended))
        assert lower - high <= read_j * 1.001
        assert read_j <= (higher - low) * 1.001
        assert (higher - low) - (lower - high) < read_j / 2  # else it says little


def history(cluster: MiniCluster) -> list[dict[str, Any]]:
    lines = Path(cluster.description["truth"]["history"]).read_text().splitlines()
    return [json.loads(line) for line in lines]


def true_energy(cluster: MiniCluster, node: str, component: str, span: Span) -> tuple[float, float]:
    """Bounds of the energy [J] of a moment in the span: that of the last row before it and of the first one behind."""
    until(lambda: history(cluster)[-1]["t_ms"] >= span[1])
    rows = history(cluster)
    before = max((row for row in rows if row["t_ms"] <= span[0]), key=lambda row: row["t_ms"])
    behind = min((row for row in rows if row["t_ms"] >= span[1]), key=lambda row: row["t_ms"])
    return tuple(float(row["nodes"][node][component]) for row in (before, behind))  # type: ignore[return-value]


def test_the_truth_closes_on_every_node(minicluster: MiniCluster) -> None:
    for node in minicluster.truth()["nodes"].values():
        for component in ("cpu", "dram", "rest"):
            parts = [*node["accounts"].values(), *(row["energy_j"] for row in node["jobs"])]
            booked = sum(joules for part in parts for name, joules in part.items() if name.startswith(component))
            assert booked == pytest.approx(node["energy_j"][component], rel=1e-6)
        assert node["accounts"]["unseen"]["cpu_dynamic_j"] < 5


def test_jobs_that_oversubscribe_a_node_share_its_static_power(minicluster: MiniCluster) -> None:
    jobs = [minicluster.sbatch(user, "-p", "shared", "-n8", "--wrap", "sleep 6") for user in ("bob", "carol")]
    for job_id in jobs:
        minicluster.wait_job(job_id, "RUNNING")
    for job_id in jobs:
        minicluster.wait_job(job_id, "COMPLETED")
    rows = [until(lambda job=job_id: [r for r in job_rows(minicluster, job) if r["last_ms"]])[0] for job_id in jobs]
    (node,) = {row["node"] for row in rows}
    model = minicluster.node(node)["model"]
    together_s = (min(r["last_ms"] for r in rows) - max(r["first_ms"] for r in rows)) / 1000
    either_s = (max(r["last_ms"] for r in rows) - min(r["first_ms"] for r in rows)) / 1000
    assert together_s > 2
    static_j = sum(row["energy_j"]["cpu_static_j"] for row in rows)
    assert static_j == pytest.approx(model["cpu_idle_w"] * either_s, rel=0.05)


def test_a_gpu_job_sees_its_gpu(minicluster: MiniCluster) -> None:
    job_id = minicluster.sbatch("carol", "-p", "gpu", "--gres=gpu:1", "--wrap", "echo gpu=$CUDA_VISIBLE_DEVICES")
    minicluster.wait_job(job_id, "COMPLETED")
    assert until((minicluster.dir / "jobs" / f"slurm-{job_id}.out").read_text) == "gpu=0\n"


def test_slurmrestd_answers_with_a_web_token(minicluster: MiniCluster) -> None:
    assert [ping["ping"] for ping in minicluster.rest("/slurm/v0.0.38/ping")["pings"]] == ["UP"]


def test_a_job_outlives_restarts_of_controller_and_accounting(minicluster: MiniCluster) -> None:
    job_id = minicluster.sbatch("bob", "-n1", "--wrap", "sleep 8; exit 3")
    minicluster.wait_job(job_id, "RUNNING")
    minicluster.stop_slurmdbd()
    minicluster.restart_slurmctld()
    minicluster.start_slurmdbd()
    minicluster.wait_job(job_id, "FAILED")
    booked = finished(minicluster, job_id)
    assert (booked["State"], booked["ExitCode"]) == ("FAILED", "3:0")


def test_a_command_inside_a_node_ends_with_its_caller(minicluster: MiniCluster) -> None:
    node = minicluster.nodes[0]
    polite = minicluster.node_exec(node, "sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done",
                                   stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert polite.stdout is not None
    assert polite.stdout.readline() == "ready\n"
    polite.send_signal(signal.SIGTERM)
    assert polite.wait(timeout=10) == 7
    marker = "98765.25"
    killed = minicluster.node_exec(node, "sleep", marker)
    until(lambda: sleepers(marker))
    killed.kill()
    killed.wait(timeout=10)
    until(lambda: not sleepers(marker), 5)


def sleepers(marker: str) -> list[str]:
    """Processes that are the very `sleep` of this test."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes() == f"sleep\0{marker}\0".encode():
                found.append(folder.name)
        except OSError:
            continue
    return found


def test_a_user_is_refused_on_an_account_of_others(minicluster: MiniCluster) -> None:
    refused = minicluster.run_as("alice", "sbatch", "-A", "xfel", "--wrap", "true")
    assert refused.returncode != 0
    assert "account" in refused.stderr.lower()
