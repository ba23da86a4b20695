"""Earlier shapes of Slurm's JSON, from outputs recorded under 22.05."""

import gzip
import json
from pathlib import Path

import pytest

from aggregator.sources.jobs import json_forms, slurm_json
from maxwatt.domain.jobs import Allocation, JobState

FIXTURES = Path(__file__).parents[3] / "fixtures" / "slurm"
MIB = 1 << 20


def document(name):
    return json.loads(gzip.decompress((FIXTURES / f"{name}.json.gz").read_bytes()))


def node_of(name, memory, *cores):
    """A node as 22.05 tells it; cores per socket."""
    sockets = {str(n): {"cores": {str(core): "allocated" for core in range(count)}} for n, count in enumerate(cores)}
    return {"nodename": name, "memory_allocated": memory, "sockets": sockets, "cpus_used": 0, "memory_used": 0}


def live(cpus=10, nodes=(), **changed):
    entry = {
        "job_id": 2, "cluster": "maxwell", "job_state": "RUNNING", "start_time": 1_795_352_979,
        "end_time": 1_795_356_579,
        "nodes": "n[01-02]", "cpus": cpus, "exit_code": 0, "shared": None, "time_limit": 60, "batch_flag": True,
        "array_job_id": 0, "array_task_id": None, "standard_output": "", "current_working_directory": "/data",
        "tres_alloc_str": f"cpu={cpus},mem=1000M,node=2", "gres_detail": [],
        "job_resources": {"nodes": "n[01-02]", "allocated_nodes": list(nodes)},
    }  # fmt: skip
    records, faults = slurm_json.parse_scontrol_jobs({"jobs": [entry | changed]}, "maxwell", "slurmrestd")
    assert not faults
    return records[0]


def test_cpus_of_a_node_are_its_cores():
    """6 + 4 cores, 10 CPUs: one CPU a core."""
    record = live(nodes=[node_of("n01", 600, 3, 3), node_of("n02", 400, 2, 2)])
    assert record.allocations == (Allocation("n01", 6, 600 * MIB), Allocation("n02", 4, 400 * MIB))
    assert record.source == "slurmrestd"


def test_cpus_of_a_node_with_two_threads_a_core():
    """3 + 2 cores, 10 CPUs: two CPUs a core, 6 and 4."""
    record = live(nodes=[node_of("n01", 600, 3), node_of("n02", 400, 1, 1)])
    assert [a.cpus for a in record.allocations] == [6, 4]
    assert not any(a.modelled for a in record.allocations)


@pytest.mark.parametrize(
    "nodes",
    [
        [node_of("n01", 600, 3), node_of("n02", 400, 1)],  # 10 CPUs on 4 cores: nodes that differ in their threads
        [node_of("n01", 600, 10), node_of("n02", 400)],
        [node_of("n01", 600, 10)],
        [node_of("n01", 600, 5), {"nodename": "n02", "sockets": [1, 2]}],
        [node_of("n01", 600, 5), None],
        [],
    ],
)
def test_shares_that_cannot_be_told_are_assumed_even_and_marked(nodes):
    assert live(nodes=nodes).allocations == tuple(Allocation(n, 5, 500 * MIB, (), True) for n in ("n01", "n02"))


def test_gpu_indices_stand_in_the_nodes_order():
    record = live(
        nodes=[node_of("n01", 600, 6), node_of("n02", 400, 4)], gres_detail=["gpu:a100:1(IDX:1)", "gpu:2(IDX:0,3)"]
    )
    assert [a.gpus for a in record.allocations] == [(1,), (0, 3)]


@pytest.mark.parametrize(("status", "exits"), [(0, (0, 0)), (768, (3, 0)), (11, (0, 11)), (139, (0, 11))])
def test_wait_statuses(status, exits):
    """768 = 3 << 8; 139 = signal 11 with 128 for the core dump."""
    record = live(job_state="FAILED", exit_code=status)
    assert (record.exit_code, record.exit_signal) == exits


def test_words_and_limits():
    assert live(shared="none").exclusive
    assert not live().exclusive
    assert live(time_limit=0xFFFFFFFF).time_limit_s is None
    assert live().time_limit_s == 3600


def test_output_files_that_a_batch_job_has_unasked():
    assert (live().stdout, live().stderr) == ("/data/slurm-2.out",) * 2
    assert live(array_job_id=7, array_task_id=0).stdout == "/data/slurm-7_0.out"
    assert live(batch_flag=False).stdout == ""
    assert live(standard_output="/data/own-%j").stdout == "/data/own-2"


def test_nodes_of_2205():
    found, faults = slurm_json.parse_scontrol_nodes(document("sinfo-2205"))
    nodes = {node.name: node for node in found}
    assert not faults
    assert (nodes["max-wn001"].state, nodes["max-wn001"].cpus) == ("MIXED", 64)
    assert (nodes["max-wng001"].gpus, nodes["max-wng001"].features) == (4, "AMD,EPYC,A100")
    told = {"name": "a", "state": "idle", "state_flags": ["DRAIN"], "active_features": "", "tres": "cpu=31,mem=250G"}
    drained = json_forms.node(told | {"cpus": 32})
    assert drained["effective_cpus"] == 31  # with one core for the system: CPUEfctv=31, CPUTot=32
    assert (drained["state"], drained["active_features"]) == (["IDLE", "DRAIN"], [])


def test_exit_codes_that_2205_does_not_tell_are_unknown():
    records = {r.name: r for r in slurm_json.parse_sacct_json(document("sacct-2205"), "maxwell")[0]}
    told = {name: (record.exit_code, record.exit_signal) for name, record in records.items()}
    exits = {name: told[name] for name in ("ok", "fail", "signal", "cancelme")}
    assert exits == {"ok": (0, 0), "fail": (None, None), "signal": (0, 11), "cancelme": (None, None)}
    assert records["fail"].state is JobState.FAILED


def test_no_job_in_the_span_is_an_empty_answer():
    nothing = {"description": "Nothing found", "error_number": 9003}
    assert slurm_json.parse_sacct_json({"errors": [nothing], "jobs": []}, "maxwell") == ([], [])


@pytest.mark.parametrize("entry", [None, 5, "x", [], {}, {"exit_code": None}, {"exit_code": {"status": 1}}])
def test_what_has_no_shape_is_left_as_it_is(entry):
    assert json_forms.live_job(entry) == json_forms.accounted_job(entry) == json_forms.node(entry) == entry
