"""What to change in a batch script: every figure by hand."""

from dataclasses import replace
from typing import Any

import pytest

from aggregator.queries.advice import Judged, Observed, advise, cpus_for, memory_for, time_for
from aggregator.queries.job_models import BoardUse, Comparison, GpuUse
from aggregator.queries.models import Evidence, JobRow, NodeShare

GIB = 2.0**30
ALONE = Comparison(0, (), None, 0)
EVIDENCE = Evidence({"counted": 1.0}, 0.98, 0.05, 2, False)


def share(node: str = "n1", **changes: Any) -> NodeShare:
    energy = {"cpu_static_j": 1000.0, "cpu_dynamic_j": 9000.0, "dram_static_j": 400.0, "gpu_static_j": 800.0}
    return replace(NodeShare(node, 16.0, 64 * GIB, (), False, 7200.0, 10 * GIB, energy), **changes)


def judged(*nodes: NodeShare, **changes: Any) -> Judged:
    row = JobRow(
        job_id=1, start_ms=0, end_ms=3_600_000, name="relax", user="ada", account="a", partition="p", state="COMPLETED",
        exit_code=0, node_list="n1", node_count=1, cpus=16, gpu_count=0, elapsed_s=3600.0, time_limit_s=86_400,
        cpu_efficiency=0.25, memory_efficiency=0.2, energy_j=11_200.0, energy_static_j=2200.0, energy_dynamic_j=9000.0,
        waste_j=None, co2_g=None, co2_market_g=None, cost=None, evidence=EVIDENCE,
    )  # fmt: skip
    return Judged(replace(row, **changes), nodes or (share(),))


def observed(**changes: Any) -> Observed:
    return replace(Observed(False, None, None, ALONE), **changes)


def test_memory_is_the_peak_and_a_fifth_in_whole_gib() -> None:
    (found,) = advise(judged(), observed()).advices
    # 10 GiB x 1.2 = 12 GiB of 64: (1 - 12/64) x 400 J = 325 J
    assert (found.kind, found.line, found.held, found.used) == ("memory", "#SBATCH --mem=12G", 64 * GIB, 10 * GIB)
    assert found.saves_j == pytest.approx(325.0)


def test_memory_follows_the_node_that_needs_most() -> None:
    nodes = (share("n1"), share("n2", memory_peak_bytes=30 * GIB))
    (found,) = advise(judged(*nodes), observed()).advices
    assert found.line == "#SBATCH --mem=36G"
    assert found.saves_j == pytest.approx(800 * (1 - 36 / 64))
    assert not advise(judged(share("n1"), share("n2", memory_peak_bytes=None)), observed()).advices


@pytest.mark.parametrize(
    ("peak_gib", "text"),
    [(0.1, "256M"), (0.5, "768M"), (0.65, "1G"), (1.0, "2G"), (13.0, "16G"), (14.0, "20G"), (60.0, "80G")],
)
def test_memory_comes_in_steps_that_people_use(peak_gib: float, text: str) -> None:
    size, said = memory_for(peak_gib * GIB)
    assert said == text
    assert size == int(text[:-1]) * (GIB if text.endswith("G") else 2.0**20)
    assert size >= 1.2 * peak_gib * GIB


def test_cpus_are_the_busiest_quarter_of_an_hour_and_a_tenth() -> None:
    cpus, memory = advise(judged(), observed(busiest_cpus=3.6)).advices
    # 3.6 x 1.1 = 3.96, so 4 of 16: (1 - 4/16) x 1000 J = 750 J, more than the memory's
    assert (cpus.line, cpus.used, cpus.proposed) == ("#SBATCH --cpus-per-task=4", 3.6, 4)
    assert cpus.saves_j == pytest.approx(750.0)
    assert memory.kind == "memory"


@pytest.mark.parametrize(
    ("used", "threads", "cpus"), [(0.2, 0, 1), (1.04, 1, 1), (1.04, 2, 2), (1.5, 0, 2), (4.0, 1, 5), (4.0, 2, 6)]
)
def test_serial_work_needs_one_cpu_and_cores_are_whole(used: float, threads: int, cpus: int) -> None:
    assert cpus_for(used, threads) == cpus


def test_what_is_nearly_right_is_left_alone() -> None:
    full = share(memory_peak_bytes=50 * GIB)
    assert advise(judged(full), observed(busiest_cpus=12.0)).advices == ()  # 64 of 64 GiB, 14 of 16 CPUs
    assert advise(judged(share(cpus=1.0), cpus=1), observed(busiest_cpus=0.1)).advices[0].kind == "memory"


def test_of_an_exclusive_node_less_cannot_be_had() -> None:
    assert advise(judged(), observed(exclusive=True, busiest_cpus=1.0)).advices == ()


def test_a_split_that_nobody_saw_says_nothing_of_cpus() -> None:
    kinds = [each.kind for each in advise(judged(share(allocation_modelled=True)), observed(busiest_cpus=1.0)).advices]
    assert kinds == ["memory"]


def test_time_needs_others_of_its_kind() -> None:
    few = Comparison(2, (), 4000.0, 2)
    assert [each.kind for each in advise(judged(), observed(similar=few)).advices] == ["memory"]
    found = advise(judged(), observed(similar=Comparison(5, (), 4000.0, 3))).advices[-1]
    # 4000 s x 1.25 = 5000 s, up to 1 h 30
    assert (found.line, found.saves_j, found.used) == ("#SBATCH --time=01:30:00", None, 4000.0)
    assert time_for(3600) == 4500
    week = Comparison(9, (), 100_000.0, 9)
    assert advise(judged(time_limit_s=604_800), observed(similar=week)).advices[-1].line == "#SBATCH --time=1-10:45:00"


def boards(*highest: float | None, node: str = "n1") -> tuple[BoardUse, ...]:
    return tuple(BoardUse(node, gpu, value, value, None, None) for gpu, value in enumerate(highest))


def test_boards_that_never_worked_are_too_many() -> None:
    use = GpuUse(boards(0.9, 0.0, 0.0, 0.5), 4, 0, 0.35, None, None)
    found = next(each for each in advise(judged(), observed(gpus=use)).advices if each.kind == "gpus")
    # two of four: half of 800 J
    assert (found.line, found.held, found.proposed, found.saves_j) == ("#SBATCH --gres=gpu:2", 4, 2, 400.0)
    none = GpuUse(boards(0.0, 0.005), 2, 0, 0.0, None, None)
    idle = next(each for each in advise(judged(), observed(gpus=none)).advices if each.kind == "gpus")
    assert (idle.line, idle.saves_j) == ("", 800.0)


@pytest.mark.parametrize(
    "use",
    [
        GpuUse(boards(0.9, None), 2, 0, None, None, None),  # one was not read
        GpuUse(boards(0.9, 0.0), 8, 0, 0.4, None, None),  # not all were looked at
        GpuUse(boards(0.9, 0.0), 2, 1, 0.4, None, None),  # a part of another board
        GpuUse((*boards(0.9, 0.0), *boards(0.2, node="n2")), 3, 0, 0.4, None, None),  # nodes differ
        GpuUse(boards(0.9, 0.2), 2, 0, 0.5, None, None),
    ],
)
def test_boards_are_left_alone_where_it_is_not_sure(use: GpuUse) -> None:
    assert "gpus" not in {each.kind for each in advise(judged(), observed(gpus=use)).advices}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"end_ms": None, "state": "RUNNING"}, "running"),
        ({"state": "TIMEOUT"}, "state"),
        ({"state": "OUT_OF_MEMORY"}, "state"),
        ({"elapsed_s": 599.0}, "short"),
        ({"evidence": replace(EVIDENCE, coverage=0.5)}, "coverage"),
        ({"evidence": None, "energy_j": None}, "unknown"),
    ],
)
def test_silence_where_it_is_not_sure(changes: dict[str, Any], why: str) -> None:
    found = advise(judged(**changes), observed(busiest_cpus=0.1))
    assert (found.advices, found.silent) == ((), why)


def test_unknown_static_energy_is_not_zero_saved() -> None:
    (found,) = advise(judged(share(energy_j={"cpu_dynamic_j": 1.0})), observed()).advices
    assert found.saves_j is None
