"""The mini cluster's simulator: its parser, its counters, its books."""

from pathlib import Path

import pytest

from deploy.minicluster.simulator.cpuacct import Usage
from deploy.minicluster.simulator.files import CounterFile, PlacedFile, proc_stat
from deploy.minicluster.simulator.slurm import Holding, expand, parse_job
from deploy.minicluster.simulator.truth import Model, NodeTruth

MODEL = Model(8, 16000.0, 120.0, 20.0, 280.0, 16.0, 2.0, 32.0, 45.0, 0.25)
S = 1_000_000_000

ARRAY = """\
JobId=10 ArrayJobId=10 ArrayTaskId=1 JobName=a
   NodeList=m-n[01-02,04]
   TRES=cpu=12,mem=3G,node=3,billing=12
     Nodes=m-n[01-02] CPU_IDs=0-2,5 Mem=1024 GRES=
     Nodes=m-n04 CPU_IDs=7 Mem=500 GRES=gpu:a100:1(IDX:0)

JobId=11 ArrayJobId=10 ArrayTaskId=0 JobName=a
   NodeList=m-n03
   TRES=cpu=2,mem=500M,node=1,billing=2
"""


def test_holdings_per_node_of_the_very_job() -> None:
    first = parse_job(ARRAY, 10)
    assert first == {"m-n01": Holding(4, 1024), "m-n02": Holding(4, 1024), "m-n04": Holding(1, 500)}
    assert parse_job(ARRAY, 11) == {"m-n03": Holding(2, 500, even=True)}
    assert parse_job(ARRAY, 1) == {}


def test_totals_of_an_ended_job_are_split_evenly() -> None:
    text = "JobId=3 JobName=x\n NodeList=a,b\n TRES=cpu=6,mem=1.50G,node=2,billing=6\n"
    assert parse_job(text, 3) == {"a": Holding(3, 768, even=True), "b": Holding(3, 768, even=True)}
    assert parse_job("JobId=3 JobName=x\n NodeList=(null)\n", 3) == {}


def test_host_lists() -> None:
    assert expand("a-n[09-11,20],b") == ["a-n09", "a-n10", "a-n11", "a-n20", "b"]


def test_a_counter_wraps_one_count_after_its_range(tmp_path: Path) -> None:
    path = tmp_path / "energy_uj"
    counter = CounterFile(path, range_uj=999, start_uj=990)
    with path.open("rb") as held:
        for energy_uj, shown in ((0, 990), (9, 999), (10, 0), (1015, 5)):
            counter.show(energy_uj)
            held.seek(0)
            assert int(held.read()) == shown


def test_a_file_never_changes_its_length(tmp_path: Path) -> None:
    file = PlacedFile(tmp_path / "f", "1234\n")
    with pytest.raises(ValueError, match="3 characters"):
        file.write("12\n")


def test_proc_stat_sums_over_its_cpus_and_keeps_its_length() -> None:
    text = proc_stat(8, 100 * S, 33 * S + 10_000_000, 7 * S, 1_700_000_000)
    rows = [[int(word) for word in line.split()[1:]] for line in text.splitlines() if line.startswith("cpu")]
    assert rows[0] == [sum(column) for column in zip(*rows[1:], strict=True)]
    assert rows[0][:4] == [3301, 0, 700, 80000 - 3301 - 700]
    assert len(text) == len(proc_stat(8, 10**6 * S, 10**6 * S, 10**5 * S, 1_700_000_000)) < 4096


def closes(truth: NodeTruth) -> None:
    parts = [*truth.accounts().values(), *(row["energy_j"] for row in truth.jobs())]
    for component, energy_j in truth.energy_j().items():
        booked = sum(joules for part in parts for name, joules in part.items() if name.startswith(component))
        assert booked == pytest.approx(energy_j, rel=1e-12, abs=1e-9)


def test_the_tail_of_an_ended_job_is_its_own() -> None:
    truth = NodeTruth(MODEL)
    assert truth.step(Usage({1: S, 2: S}, 2 * S), 1.0, 0) == [1, 2]
    assert truth.step(Usage({2: 2 * S, 3: S // 2}, 4 * S), 1.0, 1000) == [3]
    rows = {row["job_id"]: row for row in truth.jobs()}
    assert [rows[n]["cpu_s"] for n in (1, 2, 3)] == [1.5, 2.0, 0.5]
    assert (rows[1]["last_ms"], rows[2]["last_ms"]) == (1000, None)
    assert truth.accounts()["unseen"]["cpu_dynamic_j"] == 0
    closes(truth)


def test_a_job_that_nobody_saw_is_unseen_not_lost() -> None:
    truth = NodeTruth(MODEL)
    truth.step(Usage({}, S // 10), 1.0, 0)
    assert truth.accounts()["unseen"]["cpu_dynamic_j"] == pytest.approx(2.0)
    closes(truth)


def test_a_cgroup_that_counts_anew_is_another_attempt() -> None:
    truth = NodeTruth(MODEL)
    truth.step(Usage({1: 5 * S}, 5 * S), 1.0, 0)
    assert truth.step(Usage({1: S}, 6 * S), 1.0, 1000) == [1]
    assert [row["cpu_s"] for row in truth.jobs()] == [5.0, 1.0]
    closes(truth)


def test_static_power_waits_until_holdings_are_known_then_is_shared() -> None:
    truth = NodeTruth(MODEL)
    truth.step(Usage({1: 0, 2: 0}, 0), 1.0, 0)
    truth.step(Usage({1: 0, 2: 0}, 0), 10.0, 1000)
    truth.learn({1: Holding(8, 8000)}.get)
    assert truth.accounts()["pending"]["cpu_static_j"] == pytest.approx(1200)
    assert truth.accounts()["idle"]["cpu_static_j"] == pytest.approx(120)
    closes(truth)
    truth.learn({2: Holding(8, 4000)}.get)
    first, second = (row["energy_j"] for row in truth.jobs())
    assert first["cpu_static_j"] == second["cpu_static_j"] == pytest.approx(600)
    assert (first["dram_static_j"], second["dram_static_j"]) == pytest.approx((80, 40))
    assert truth.accounts()["pending"]["cpu_static_j"] == 0
    closes(truth)
