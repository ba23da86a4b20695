from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.cpu import Cpu
from collectors.model import Model, Modelled, integrate
from collectors.rapl import Rapl
from collectors.rapl_zones import CLASS_FOLDER
from collectors.runner import Runner
from collectors.state import load
from maxwatt.domain.errors import NoData
from maxwatt.domain.node_model import NodeModel

MODEL = NodeModel("m", ("n1",), cpu_idle_w=100.0, cpu_max_w=300.0)
STAT = "cpu  {busy} 0 0 0 0 0 0\ncpu0 0\ncpu1 0\ncpu2 0\ncpu3 0\n"


def agent(root: Path, context: Callable[..., Any], clock: Any, model: NodeModel = MODEL) -> Runner:
    made = context(root, model=model, state=load(root / "state.json", "boot"))
    return Runner(made, [Rapl(made), Cpu(made), Model(made)], clock)


def node_fields(runner: Runner) -> dict[str, Any]:
    return next(dict(row.fields) for row in runner.cycle() if row.measurement == "node")


def test_power_is_idle_plus_the_used_share_of_the_rest() -> None:
    after = integrate(Modelled(50.0, 0.0, 0.0), 20.0, 10.0, 4, MODEL)  # half of 4 CPUs for 10 s
    assert after == Modelled(50.0 + 200.0 * 10.0, 20.0, 10.0)


def test_busy_beyond_all_cpus_is_full_load() -> None:
    assert integrate(Modelled(0.0, 0.0, 0.0), 41.0, 10.0, 4, MODEL) == Modelled(3000.0, 41.0, 10.0)


@pytest.mark.parametrize(("busy_s", "at_s"), [(9.0, 20.0), (11.0, 9.0)])
def test_what_runs_backwards_is_unknown(busy_s: float, at_s: float) -> None:
    assert integrate(Modelled(0.0, 10.0, 10.0), busy_s, at_s, 4, MODEL) is None


@given(st.lists(st.tuples(st.floats(0.1, 100.0), st.floats(0.0, 1.0)), min_size=1, max_size=20))
def test_one_long_gap_holds_the_energy_of_its_steps(steps: list[tuple[float, float]]) -> None:
    stepwise, busy_s, at_s = Modelled(0.0, 0.0, 0.0), 0.0, 0.0
    for length_s, share in steps:
        busy_s, at_s = busy_s + share * length_s * 4, at_s + length_s
        stepwise = integrate(stepwise, busy_s, at_s, 4, MODEL) or stepwise
    at_once = integrate(Modelled(0.0, 0.0, 0.0), busy_s, at_s, 4, MODEL)
    assert at_once is not None and at_once.energy_j == pytest.approx(stepwise.energy_j)


def test_without_a_model_of_the_node_there_is_nothing(tree: Callable[[str], Path], context: Callable[..., Any]) -> None:
    with pytest.raises(NoData):
        Model(context(tree("no_rapl"))).collect()


def test_it_counts_over_a_restart(tree: Callable[[str], Path], context: Callable[..., Any], clock: Any) -> None:
    root = tree("no_rapl")
    stat = root / "proc/stat"
    stat.write_text(STAT.format(busy=0))
    first = node_fields(agent(root, context, clock))
    clock.wait(100.0)
    stat.write_text(STAT.format(busy=20_000))  # 200 of 400 CPU seconds
    again = node_fields(agent(root, context, clock))
    assert first["cpu_modelled_energy_joules_total"] == 0.0
    assert again["cpu_modelled_energy_joules_total"] == pytest.approx(20_000.0)
    assert again["epoch_id"] == first["epoch_id"]


def test_busy_time_that_ran_backwards_opens_a_new_epoch(
    tree: Callable[[str], Path], context: Callable[..., Any], clock: Any
) -> None:
    root = tree("no_rapl")
    runner = agent(root, context, clock)
    first = node_fields(runner)
    clock.wait(15.0)
    (root / "proc/stat").write_text(STAT.format(busy=0))
    after = node_fields(runner)
    assert after["epoch_id"] != first["epoch_id"]
    assert after["cpu_modelled_energy_joules_total"] == 0.0


def test_it_is_silent_while_rapl_measures_and_through_its_gaps(
    tree: Callable[[str], Path], context: Callable[..., Any], clock: Any
) -> None:
    root = tree("intel")
    runner = agent(root, context, clock)
    seen = [node_fields(runner)]
    counter = root / CLASS_FOLDER / "intel-rapl:0/energy_uj"
    counter.unlink()
    counter.mkdir()
    clock.wait(15.0)
    seen.append(node_fields(runner))
    assert "cpu_energy_joules_total" in seen[0] and "cpu_energy_joules_total" not in seen[1]
    assert not any("cpu_modelled_energy_joules_total" in fields for fields in seen)


def test_it_stands_in_once_the_gap_cannot_be_bridged_any_more(
    tree: Callable[[str], Path], context: Callable[..., Any], clock: Any
) -> None:
    root = tree("intel")
    runner = agent(root, context, clock)
    node_fields(runner)
    for package in (0, 1):
        counter = root / CLASS_FOLDER / f"intel-rapl:{package}/energy_uj"
        counter.unlink()
        counter.mkdir()
    clock.wait(5000.0)
    assert "cpu_modelled_energy_joules_total" in node_fields(runner)


def test_it_stands_in_where_a_package_was_never_readable(
    tree: Callable[[str], Path], context: Callable[..., Any], clock: Any
) -> None:
    fields = node_fields(agent(tree("intel_unreadable"), context, clock))
    assert "cpu_modelled_energy_joules_total" in fields


def test_without_busy_time_it_fails_and_says_so(
    tree: Callable[[str], Path], context: Callable[..., Any], clock: Any
) -> None:
    made = context(tree("no_rapl"), model=MODEL)
    rows = Runner(made, [Model(made)], clock).cycle()
    assert [row.fields["success"] for row in rows] == [0]
