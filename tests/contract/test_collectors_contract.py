"""What every collector of the registry promises, whatever it reads."""

import time
from pathlib import Path

import pytest

from collectors.context import Context
from collectors.registry import COLLECTORS
from collectors.runner import Runner
from collectors.state import State
from exporters.node.line_protocol import format_lines
from maxwatt.domain.errors import NoData
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.schema import MEASUREMENTS

TREES = Path(__file__).parents[1] / "fixtures" / "sysfs"
TREE_NAMES = sorted(path.name for path in TREES.iterdir())
MODEL = NodeModel("m", ("n1",), cpu_idle_w=100.0, cpu_max_w=300.0)
MAX_CPU_S = 0.005


def context_of(root: Path, model: NodeModel = MODEL) -> Context:
    return Context(str(root), "n1", State("boot"), model)


@pytest.mark.parametrize("name", COLLECTORS)
def test_its_name_is_that_of_the_registry(name: str, tmp_path: Path) -> None:
    assert COLLECTORS[name](context_of(tmp_path)).name == name


@pytest.mark.parametrize("name", COLLECTORS)
def test_an_empty_root_is_no_data(name: str, tmp_path: Path) -> None:
    with pytest.raises(NoData):
        COLLECTORS[name](context_of(tmp_path, NodeModel("nothing declared"))).collect()


@pytest.mark.parametrize("name", COLLECTORS)
def test_every_collector_gives_rows_on_some_tree(name: str) -> None:
    assert any(rows_of(tree, name) for tree in TREE_NAMES)


def rows_of(tree: str, name: str) -> list[object]:
    context = context_of(TREES / tree)
    wanted = {"cpu", name}  # the model reads what the cpu collector found
    runner = Runner(context, [factory(context) for key, factory in COLLECTORS.items() if key in wanted])
    own = {
        **{"rapl": "_energy_", "cpu": "cpu_busy", "memory": "memory_", "model": "modelled"},
        **{"cgroup": "cpu_seconds", "session": "cpu_seconds", "network": "network_"},
    }
    return [field for row in runner.cycle() for field in row.fields if own[name] in field]


@pytest.mark.parametrize("tree", TREE_NAMES)
def test_rows_are_of_the_schema(tree: str) -> None:
    context = context_of(TREES / tree)
    rows = Runner(context, [factory(context) for factory in COLLECTORS.values()]).cycle()
    assert rows
    for row in rows:
        measurement = MEASUREMENTS[row.measurement]
        assert list(row.tags) == [tag.name for tag in measurement.tags]
        for tag in measurement.tags:
            assert isinstance(row.tags[tag.name], {"str": str, "int": int}[tag.dtype])
        for name, value in row.fields.items():
            field = measurement.field(name)
            assert field is not None
            assert isinstance(value, (int, float) if field.dtype == "float" else int)
            assert value >= 0


@pytest.mark.parametrize("tree", TREE_NAMES)
def test_the_server_takes_every_line_as_it_was_read(tree: str) -> None:
    parse_lines = pytest.importorskip("aggregator.ingest.line_protocol").parse_lines
    context = context_of(TREES / tree)
    rows = Runner(context, [factory(context) for factory in COLLECTORS.values()]).cycle()
    batch = parse_lines(format_lines(rows), now_ms=context.stamp.ts_ms, precision="ms")
    assert batch.faults == []
    taken = {
        (name, tuple(str(entry[tag.name]) for tag in MEASUREMENTS[name].tags), entry["ts_ms"]): {
            field.name: entry[field.name] for field in MEASUREMENTS[name].fields if entry[field.name] is not None
        }
        for name, table in batch.tables.items()
        for entry in table.to_pylist()
    }
    assert taken == {
        (row.measurement, tuple(str(value) for value in row.tags.values()), row.ts_ms): dict(row.fields) for row in rows
    }


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_reading_is_cheap(name: str) -> None:
    """Median CPU time of a reading; on the fixture trees it is far below, so only a blunder reaches this."""
    context = context_of(TREES / ("cgroup_v1" if name in {"cgroup", "session"} else "intel"))
    runner = Runner(context, [COLLECTORS[name](context)])
    costs = []
    for _ in range(21):
        started_s = time.process_time()
        runner.cycle()
        costs.append(time.process_time() - started_s)
    assert sorted(costs)[10] < MAX_CPU_S
