"""The same jobs of a real Slurm through every source: records agree field by field, but for what is known to differ."""

import base64
import dataclasses
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from aggregator.sources.jobs.file import read_jobs_file
from aggregator.sources.jobs.registry import accounting_source, live_source
from deploy.minicluster.client import MiniCluster
from deploy.minicluster.waiting import wait_until
from maxwatt.config import Settings, parse
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import SourceError
from maxwatt.domain.jobs import JobKey, JobRecord, JobState, SlurmSnapshot
from maxwatt.domain.merge import merge

pytestmark = pytest.mark.integration

FIELDS = [field.name for field in dataclasses.fields(JobRecord) if field.name not in {"key", "source"}]
EXPORTED = "JobIDRaw,JobID,User,Account,Partition,QOS,Submit,Start,End,State,ExitCode,TimelimitRaw,AllocCPUS,NNodes," \
    "AllocTRES,ReqMem,NodeList,TotalCPU"  # fmt: skip
SNAPSHOT = """
import base64, pickle, sys
from aggregator.sources.jobs.registry import live_source
from maxwatt.config import parse
print(base64.b64encode(pickle.dumps(live_source(parse(sys.argv[1])).snapshot())).decode())
"""
Differences = dict[str, tuple[object, object]]


def settings(cluster: MiniCluster, source: str, rest_url: str = "") -> str:
    accounting = "sacct" if source == "scontrol" else source
    rest = cluster.description["slurmrestd"]
    return f"""
[cluster]
name = "{cluster.plan.name}"
[slurm]
live = "{source}"
accounting = "{accounting}"
conf = "{cluster.plan.slurm_conf}"
rest_url = "{rest_url or rest["url"]}"
rest_user = "{rest["user"]}"
rest_key_file = "{rest["key"]}"
"""


def configured(cluster: MiniCluster, source: str) -> Settings:
    return parse(settings(cluster, source))


def over_socket(cluster: MiniCluster) -> SlurmSnapshot:
    """A look through the Unix socket, which takes callers of its own PID namespace only."""
    told = settings(cluster, "slurmrestd", f"unix://{cluster.description['slurmrestd']['socket']}").splitlines()
    text = "\n".join(line for line in told if not line.startswith("rest_key_file"))
    command = (cluster.nodes[0], sys.executable, "-c", SNAPSHOT, text)
    printed, _ = cluster.node_exec(*command, stdout=subprocess.PIPE).communicate(timeout=60)
    snapshot: SlurmSnapshot = pickle.loads(base64.b64decode(printed))  # noqa: S301  our own process wrote it
    return snapshot


def differences(a: JobRecord, b: JobRecord) -> Differences:
    return {name: (getattr(a, name), getattr(b, name)) for name in FIELDS if getattr(a, name) != getattr(b, name)}


def compared(a: Iterable[JobRecord], b: Iterable[JobRecord], ids: set[int]) -> dict[JobKey, Differences | str]:
    """What two sources say differently of jobs; empty when they agree."""
    one, other = ({r.key: r for r in records if r.key.job_id in ids} for records in (a, b))
    missing: dict[JobKey, Differences | str] = dict.fromkeys(one.keys() ^ other.keys(), "told by one only")
    told = {key: differences(one[key], other[key]) for key in one.keys() & other.keys()}
    return missing | {key: found for key, found in told.items() if found}


@pytest.fixture(scope="module")
def scenario(minicluster: MiniCluster) -> Iterator[dict[str, int]]:
    """Name to job id of a mix that still runs, or has ended in every way but by memory, which is not constrained."""
    first, second = minicluster.nodes[:2]
    sbatch: Callable[..., int] = minicluster.sbatch
    jobs = {
        "limit": sbatch("bob", "-n1", "-t1", "--wrap", "sleep 300"),
        "two": sbatch("alice", "-N2", "-n5", "--mem-per-cpu=100", "-w", f"{first},{second}", "--wrap", "sleep 300"),
        "gpu": sbatch("bob", "-pgpu", "--gres=gpu:a100:1", "-n1", "--wrap", "sleep 300"),
        "other gpu": sbatch("bob", "-pgpu", "--gres=gpu:1", "-n2", "-Cwith-gpus", "--comment=ü", "--wrap", "sleep 300"),
        "suspended": sbatch("carol", "-pshared", "-oout-%x-%j", "-eerr-%u-%A", "--wrap", "sleep 300"),
        "requeued": sbatch("alice", "--requeue", "--wrap", "sleep 300"),
        "cancelled": sbatch("bob", "--wrap", "sleep 300"),
        "array": sbatch("carol", "-a0-2", "--wrap", "exit $SLURM_ARRAY_TASK_ID"),
        "signal": sbatch("bob", "--wrap", "kill -11 $$"),
        "het": sbatch("alice", "-n1", ":", "-n1", "-pgpu", "--wrap", "sleep 300"),
    }  # fmt: skip
    for name in ("limit", "two", "gpu", "other gpu", "suspended", "requeued", "cancelled", "het"):
        minicluster.wait_job(jobs[name], "RUNNING")
    time.sleep(1.5)  # whole seconds of running before the suspension, or it is a span of nothing
    minicluster.scontrol("suspend", str(jobs["suspended"]))
    minicluster.scontrol("requeue", str(jobs["requeued"]))
    minicluster.run_as("bob", "/usr/bin/scancel", str(jobs["cancelled"]))
    for name, state in (("array", "FAILED"), ("signal", "FAILED"), ("cancelled", "CANCELLED")):
        minicluster.wait_job(jobs[name], state)
    jobs["exclusive"] = sbatch("alice", "--exclusive", "-pshared", "-n1", "--wrap", "sleep 2")
    time.sleep(1.5)  # and whole seconds of suspension
    minicluster.scontrol("resume", str(jobs["suspended"]))
    yield jobs
    for user in ("alice", "bob", "carol"):
        minicluster.run_as(user, "/usr/bin/scancel", "-u", user)


def ids_of(scenario: dict[str, int]) -> set[int]:
    """Array tasks and het components have ids after their first's; nobody else uses the cluster meanwhile."""
    return set(range(min(scenario.values()), max(scenario.values()) + 5))


def settle(compare: Callable[[], dict[JobKey, Differences | str]]) -> dict[JobKey, Differences | str]:
    """Two looks are not one: jobs start and end between them, so they may need another try."""
    found = compare()
    for _ in range(8):
        if not found:
            break
        time.sleep(1)
        found = compare()
    return found


def test_live_sources_agree(minicluster: MiniCluster, scenario: dict[str, int]) -> None:
    sources = [live_source(configured(minicluster, name)) for name in ("scontrol", "slurmrestd")]
    assert sources[0] and sources[1]
    looks: list[Callable[[], SlurmSnapshot]] = [source.snapshot for source in sources if source]
    looks.append(lambda: over_socket(minicluster))
    seen: dict[int, JobRecord] = {}

    def compare() -> dict[JobKey, Differences | str]:
        text, rest, unix = (look() for look in looks)
        seen.update({job.key.job_id: job for job in rest.jobs})
        assert text.faults == rest.faults == unix.faults == ()
        assert [dataclasses.replace(node, state="") for node in text.nodes] == [
            dataclasses.replace(node, state="") for node in rest.nodes
        ]
        ids = ids_of(scenario)
        return compared(text.jobs, rest.jobs, ids) | compared(rest.jobs, unix.jobs, ids)

    assert settle(compare) == {}
    two, gpus = seen[scenario["two"]], [seen[scenario[name]].allocations[0].gpus for name in ("gpu", "other gpu")]
    assert sum(held.cpus for held in two.allocations) == 5
    assert [held.memory_bytes / held.cpus for held in two.allocations] == [100 << 20] * 2
    assert not any(held.modelled for job in seen.values() for held in job.allocations)
    assert sorted(gpus) == [(0,), (1,)]
    assert seen[scenario["suspended"]].suspensions
    assert len([job for job in seen.values() if job.array_job_id == scenario["array"]]) == 3
    assert [job.exit_code for job in seen.values() if job.array_job_id == scenario["array"] and job.array_task_id] == [
        1,
        2,
    ]
    assert (seen[scenario["signal"]].exit_code, seen[scenario["signal"]].exit_signal) == (0, 11)
    assert {job.het_offset for job in seen.values() if job.het_job_id == scenario["het"]} == {0, 1}


def over(cluster: MiniCluster, job: int) -> bool:
    return all(row["End"].isdecimal() for row in cluster.sacct("-X", "-D", "-j", str(job), "-o", "State,End"))


def test_accounting_sources_agree(minicluster: MiniCluster, scenario: dict[str, int], tmp_path: Path) -> None:
    """Known to differ: over REST, Slurm 22.05 loses exit codes and submit lines, and has microseconds of TotalCPU."""
    minicluster.scontrol("update", f"JobId={scenario['limit']}", "EndTime=now")  # a time limit is a minute at least
    minicluster.wait_job(scenario["limit"], "TIMEOUT", limit_s=90)
    for name in ("two", "gpu", "other gpu", "suspended", "requeued", "het"):
        minicluster.run_as("root", "/usr/bin/scancel", str(scenario[name]))
    ids = ids_of(scenario)
    wait_until("all ends in accounting", lambda: all(over(minicluster, job) for job in scenario.values()), 60, 0.5)
    sources = [accounting_source(configured(minicluster, name)) for name in ("scontrol", "slurmrestd")]
    assert sources[0] and sources[1]
    span = now_ms() - 3_600_000, now_ms() + 1000
    command, rest = ({r.key: r for r in source.jobs(*span)[0] if r.key.job_id in ids} for source in sources if source)
    assert command.keys() == rest.keys() and len(command) >= 14
    for key, record in command.items():
        found = differences(record, rest[key])
        assert found.keys() <= {"exit_code", "exit_signal", "total_cpu_s", "command"}, (key, found)
        assert rest[key].total_cpu_s == pytest.approx(record.total_cpu_s, abs=0.0011 * 4)
        exits = (rest[key].exit_code, rest[key].exit_signal)
        assert exits in {(None, None), (record.exit_code, record.exit_signal)}
    states = {record.state for record in rest.values()}
    assert states >= {JobState.TIMEOUT, JobState.CANCELLED, JobState.FAILED, JobState.REQUEUED, JobState.COMPLETED}
    exported = _exported(minicluster, tmp_path, ids)
    columns = set(FIELDS) - {"name", "features", "command", "work_dir", "stdout", "stderr", "comment", "state_reason"}
    columns -= {"total_cpu_s"}
    assert exported.keys() == command.keys()
    for key, record in exported.items():
        assert not differences(record, command[key]).keys() & columns, (record, command[key])
        assert record.total_cpu_s == pytest.approx(command[key].total_cpu_s, abs=0.01)  # a last step may come later
    _check_live_against(minicluster, rest, ids)


def _exported(cluster: MiniCluster, folder: Path, ids: set[int]) -> dict[JobKey, JobRecord]:
    """What docs/slurm.md says how to export."""
    own = cluster.environment | {"SLURM_TIME_FORMAT": "%s"}
    command = ["/usr/bin/sacct", "-a", "-P", "-D", "-S", "now-1hour", "-E", "now", f"--format={EXPORTED}"]
    (folder / "jobs.txt").write_bytes(subprocess.run(command, env=own, check=True, capture_output=True).stdout)
    records, faults = read_jobs_file(folder / "jobs.txt", cluster.plan.name, "UTC")
    assert faults == []
    return {record.key: record for record in records if record.key.job_id in ids}


def _check_live_against(cluster: MiniCluster, accounted: dict[JobKey, JobRecord], ids: set[int]) -> None:
    """The controller and accounting of one slurmrestd say the same of how a job ended; together they know its exit."""
    source = live_source(configured(cluster, "slurmrestd"))
    assert source
    ended = [job for job in source.snapshot().jobs if job.key.job_id in ids and job.end_ms]
    assert len(ended) >= 12
    for job in ended:
        told = accounted[job.key]
        for name in (
            "state",
            "end_ms",
            "user",
            "account",
            "partition",
            "cpus",
            "memory_bytes",
            "gpu_count",
            "node_list",
        ):
            assert getattr(job, name) == getattr(told, name), (job.key, name)
        both = merge(job, told)
        assert (both.exit_code, both.total_cpu_s) == (told.exit_code if job.exit_code is None else job.exit_code,
                                                      told.total_cpu_s)  # fmt: skip
        assert both.allocations == job.allocations


def test_a_key_of_another_cluster_is_refused_and_said(minicluster: MiniCluster, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"x" * 32)
    (tmp_path / "key").chmod(0o600)
    text = settings(minicluster, "slurmrestd").replace(
        minicluster.description["slurmrestd"]["key"], str(tmp_path / "key")
    )
    source = live_source(parse(text))
    assert source
    with pytest.raises(SourceError, match="none of this cluster's"):
        source.snapshot()
