"""Powers of the last samples, each by hand: joules over seconds, rest from the meter or the model."""

import pyarrow as pa
import pytest

from aggregator.queries.node_powers import COLUMNS, Powers, powers_of
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.ports import SampleWindow

MODEL = NodeModel("m", cpu_idle_w=50.0, dram_idle_w=10.0, gpu_idle_w=40.0, rest_base_w=30.0, rest_ratio=0.1)
EMPTY_NODE = dict.fromkeys(name for name in COLUMNS["node"] if name not in {"monotonic_s", "epoch_id"})
GPU = ("node", "gpu", "ts_ms", "monotonic_s", "epoch_id", "energy_joules_total", "power_watts", "utilisation_ratio")


def row(second: float, node: int = 0, epoch: int = 1, **values: float) -> dict[str, float | None]:
    base = {"node": node, "ts_ms": int(second * 1000), "monotonic_s": second, "epoch_id": epoch}
    return {**base, **EMPTY_NODE, **values}


def powers(
    rows: list[dict[str, float | None]], boards: list[tuple[float | None, ...]] = (), model: NodeModel = MODEL  # type: ignore[assignment]
) -> Powers:  # fmt: skip
    node = pa.Table.from_pylist(rows)
    gpu = pa.Table.from_pylist([dict(zip(GPU, board, strict=True)) for board in boards]) if boards else _no_boards()
    found = powers_of(SampleWindow(("n1",), node, gpu, gpu, gpu), {"n1": model})["n1"]
    assert found is not None
    return found


def _no_boards() -> pa.Table:
    return pa.table({name: pa.array([], pa.float64()) for name in GPU})


def test_a_counter_says_its_joules_over_its_seconds() -> None:
    found = powers(
        [
            row(0, cpu_energy_joules_total=1000.0, dram_energy_joules_total=0.0, meter_power_watts=190.0),
            row(10, cpu_energy_joules_total=2000.0, dram_energy_joules_total=200.0, meter_power_watts=210.0),
            row(30, cpu_energy_joules_total=5200.0, dram_energy_joules_total=600.0, meter_power_watts=210.0),
        ]
    )
    assert found.power_w["cpu"] == pytest.approx(4200 / 30)
    assert found.power_w["dram"] == pytest.approx(20.0)
    meter_w = (200 * 10 + 210 * 20) / 30  # trapezoids
    assert found.power_w["rest"] == pytest.approx(meter_w - 160.0)
    assert found.modelled_w == 0.0


def test_without_a_meter_the_model_says_the_rest_and_is_named() -> None:
    found = powers([row(0, cpu_energy_joules_total=0.0), row(10, cpu_energy_joules_total=1000.0)])
    assert found.power_w == {"cpu": 100.0, "rest": pytest.approx(30 + 0.1 * (100 - 50))}
    assert found.modelled_w == pytest.approx(35.0)


def test_a_modelled_cpu_is_named_as_such() -> None:
    rows = [row(0, cpu_modelled_energy_joules_total=0.0), row(10, cpu_modelled_energy_joules_total=600.0)]
    found = powers(rows, model=NodeModel("no rest"))
    assert found.power_w == {"cpu": 60.0}
    assert found.modelled_w == 60.0


def test_what_was_read_once_or_over_a_reboot_is_unknown_and_not_zero() -> None:
    assert powers([row(0, cpu_energy_joules_total=5.0)]).power_w == {}
    two = [row(0, cpu_energy_joules_total=5.0), row(10, epoch=2, cpu_energy_joules_total=500.0)]
    assert powers(two).power_w == {}
    assert powers([row(0), row(10)]).cpu_use is None


def test_boards_add_up_and_one_unknown_board_makes_the_sum_unknown() -> None:
    node = [row(0, cpu_energy_joules_total=0.0), row(10, cpu_energy_joules_total=1000.0)]
    counted = [(0, 0, 0, 0.0, 1, 0.0, None, 0.2), (0, 0, 10_000, 10.0, 1, 3000.0, None, 0.4)]
    gauge = [(0, 1, 0, 0.0, 1, None, 100.0, None), (0, 1, 10_000, 10.0, 1, None, 200.0, None)]
    found = powers(node, [*counted, *gauge])
    assert found.power_w["gpu"] == pytest.approx(300 + 150)
    assert found.gpu_use == pytest.approx(0.3)
    dumb = [(0, 1, 0, 0.0, 1, None, None, None), (0, 1, 10_000, 10.0, 1, None, None, None)]
    assert "gpu" not in powers(node, [*counted, *dumb]).power_w


@pytest.mark.parametrize(("included", "rest_w"), [(True, 500 - 100 - 300), (False, 500 - 100)])
def test_a_meter_holds_the_boards_or_does_not(included: bool, rest_w: float) -> None:
    node = [
        row(0, cpu_energy_joules_total=0.0, meter_energy_joules_total=0.0),
        row(10, cpu_energy_joules_total=1000.0, meter_energy_joules_total=5000.0),
    ]
    boards = [(0, 0, 0, 0.0, 1, 0.0, None, None), (0, 0, 10_000, 10.0, 1, 3000.0, None, None)]
    found = powers(node, boards, NodeModel("m", meter_includes_gpus=included))
    assert found.power_w["rest"] == pytest.approx(rest_w)


def test_uses() -> None:
    first = row(0, cpu_busy_seconds_total=0.0, cpu_count=4, memory_used_bytes=1, memory_total_bytes=8)
    last = row(10, cpu_busy_seconds_total=20.0, cpu_count=4, memory_used_bytes=6, memory_total_bytes=8)
    found = powers([first, last])
    assert (found.cpu_use, found.memory_use) == (0.5, 0.75)
