"""JSON of scontrol and sacct: what the recorded files do not show."""

import gzip
import json
import random
from pathlib import Path

import pytest

from aggregator.sources.jobs import slurm_json
from maxwatt.domain.errors import InputError
from maxwatt.domain.jobs import Allocation, JobState

FIXTURES = Path(__file__).parents[3] / "fixtures" / "slurm"
MIB = 1 << 20


def document(name):
    return json.loads(gzip.decompress((FIXTURES / f"{name}.json.gz").read_bytes()))


def live(job_id, **changed):
    content = document("scontrol-2605")
    content["jobs"] = [job | changed for job in content["jobs"] if job["job_id"] == job_id]
    records, faults = slurm_json.parse_scontrol_jobs(content, "maxwell")
    assert not faults
    return records[0]


def number(value):
    return {"set": True, "infinite": False, "number": value}


def test_shares_per_node():
    assert live(3).allocations == tuple(Allocation(f"max-wn00{n}", 4, 8192 * MIB) for n in (1, 2, 3))


def test_gpu_indices_of_a_running_job():
    record = live(6, job_state=["RUNNING"], gres_detail=["gpu:a100:2(IDX:0,3)"])
    assert record.allocations == (Allocation("max-wng001", 8, 16384 * MIB, (0, 3)),)
    assert (record.gpu_count, record.end_ms, record.exit_code) == (2, None, None)


def test_without_shares_per_node_the_split_is_even_and_marked():
    assert all(a.modelled and a.cpus == 4 for a in live(3, job_resources=None).allocations)


def test_suspensions():
    suspended = live(3, job_state=["SUSPENDED"], suspend_time=number(1795337915))
    assert suspended.suspensions == ((1795337915000, None),)
    resumed = live(3, job_state=["RUNNING"], suspend_time=number(1795337920), pre_sus_time=number(2))
    assert resumed.suspensions == ((1795337915000, 1795337920000),)


def test_flags_beside_the_state():
    assert live(3, job_state=["COMPLETED", "COMPLETING"]).state is JobState.COMPLETED
    assert live(3, job_state=["RUNNING", "SOME_FLAG_OF_TOMORROW"]).state is JobState.RUNNING
    assert live(3, shared=["none"]).exclusive
    assert not any(live(3, shared=[other]).exclusive for other in ("user", "mcs", "topo", "oversubscribe"))


def test_line_breaks_in_a_name_become_blanks():
    assert live(3, name="a\n   NodeList=evil\tb").name == "a    NodeList=evil b"


def test_nodes():
    nodes, faults = slurm_json.parse_scontrol_nodes(document("nodes-2605"))
    found = {node.name: node for node in nodes}
    assert not faults
    assert (found["max-wng001"].gpus, found["max-wng001"].features) == (4, "AMD,EPYC,A100")
    assert found["max-wn004"].partitions == ("allcpu", "jhub")
    assert found["max-wn001"].memory_bytes == 512000 * MIB


def test_total_cpu_comes_from_the_steps_where_the_job_has_none():
    content = document("sacct-2605")
    for job in content["jobs"]:
        job["time"]["total"] = {"seconds": 0, "microseconds": 0}
    records, _ = slurm_json.parse_sacct_json(content, "maxwell")
    assert next(r for r in records if r.key.job_id == 1).total_cpu_s == pytest.approx(0.885476)


@pytest.mark.parametrize("content", [None, [], 5, "x", {}, {"nodes": {}}])
def test_what_is_no_answer_of_slurm_is_refused(content):
    with pytest.raises(InputError):
        slurm_json.parse_scontrol_nodes(content)
    with pytest.raises(InputError):
        slurm_json.parse_jobs_document(content, "maxwell")


def _mangled(value, rng):
    """The value with one random part replaced."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        return value | {key: _mangled(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        return [*value[:at], _mangled(value[at], rng), *value[at + 1 :]]
    return rng.choice([None, -1, 10**20, "x", [], {}, [5], {"set": True, "number": "x"}, 1.5, True])


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize(
    "name", ["sacct-2605", "scontrol-2605", "nodes-2605", "sacct-2205", "squeue-2205", "sinfo-2205"]
)
def test_mangled_entries_are_read_or_reported(name, seed):
    content = dict(document(name))
    key = "nodes" if name.startswith(("nodes", "sinfo")) else "jobs"
    rng = random.Random(seed)  # noqa: S311  a repeatable choice, no secret
    content[key] = [_mangled(entry, rng) for entry in content[key]]
    parse = slurm_json.parse_scontrol_nodes if key == "nodes" else None
    records, faults = parse(content) if parse else slurm_json.parse_jobs_document(content, "maxwell")
    assert len(records) + len(faults) <= len(content[key])


@pytest.mark.parametrize("state", [["CONFIGURING"], ["RUNNING", "CONFIGURING"], ["RUNNING", "POWER_UP_NODE"]])
def test_a_job_whose_nodes_still_boot_is_left_to_a_later_look(state):
    """Slurm sets its start anew once they are there: the start told now would be another attempt."""
    content = document("scontrol-2605")
    content["jobs"] = [job | {"job_state": state} for job in content["jobs"] if job["job_id"] == 3]
    assert slurm_json.parse_scontrol_jobs(content, "maxwell") == ([], [])
