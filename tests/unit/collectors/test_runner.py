import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.partial import PartialReadingError
from collectors.registry import COLLECTORS, build
from collectors.runner import Runner, node_name, runner_for
from collectors.state import State
from maxwatt.config import AgentSettings, Settings
from maxwatt.domain.errors import ConfigError, NoData, SourceError
from maxwatt.domain.samples import Sample
from maxwatt.domain.schema import NODE


class Fixed:
    """A collector that gives what it was made with."""

    def __init__(self, name: str, rows: Sequence[Sample] = (), error: Exception | None = None) -> None:
        self.name, self._rows, self._error = name, rows, error

    def collect(self) -> Sequence[Sample]:
        if self._error:
            raise self._error
        return self._rows


def about(rows: Sequence[Sample]) -> dict[str, float]:
    return {str(row.tags["collector"]): row.fields["success"] for row in rows if row.measurement == "collector"}


def test_all_rows_of_a_cycle_share_stamp_and_epoch(
    tree: Callable[[str], Path], context: Callable[..., Any], clock: Any
) -> None:
    made = context(tree("intel"))
    rows = Runner(made, build((), made), clock).cycle()
    assert {row.ts_ms for row in rows} == {clock.stamp.ts_ms}
    stamped = [row for row in rows if row.measurement != "collector"]
    assert {(row.fields["monotonic_s"], row.fields["epoch_id"]) for row in stamped} == {
        (clock.stamp.monotonic_s, made.state.epoch_id)
    }


def test_node_rows_are_merged_into_one(tree: Callable[[str], Path], context: Callable[..., Any], clock: Any) -> None:
    made = context(tree("intel"))
    (node,) = [row for row in Runner(made, build((), made), clock).cycle() if row.measurement == "node"]
    assert {"cpu_busy_seconds_total", "memory_used_bytes", "cpu_energy_joules_total"} <= node.fields.keys()


def test_one_failing_collector_stops_no_other(context: Callable[..., Any], clock: Any, tmp_path: Path) -> None:
    made = context(tmp_path)
    good = made.row(NODE, {"cpu_count": 4})
    collectors = [
        Fixed("fault", error=SourceError("no power")),
        Fixed("bug", error=ZeroDivisionError()),
        Fixed("absent", error=NoData("none")),
        Fixed("part", error=PartialReadingError(["a half"], [made.row(NODE, {"memory_total_bytes": 5})])),
        Fixed("good", [good]),
    ]
    rows = Runner(made, collectors, clock).cycle()
    assert about(rows) == {"fault": 0, "bug": 0, "part": 0, "good": 1}
    node = next(row for row in rows if row.measurement == "node")
    assert (node.fields["cpu_count"], node.fields["memory_total_bytes"]) == (4, 5)


def test_a_cycle_in_which_nothing_was_read_has_no_node_row(context: Callable[..., Any], tmp_path: Path) -> None:
    made = context(tmp_path)
    assert Runner(made, [Fixed("absent", error=NoData("none"))]).cycle() == []


def test_a_lasting_problem_is_told_once_and_its_end_too(
    context: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    collector = Fixed("meter", error=SourceError("does not answer"))
    runner = Runner(context(tmp_path), [collector])
    for _ in range(3):
        runner.cycle()
    collector._error = None
    runner.cycle()
    assert [record.message for record in caplog.records] == ["meter: does not answer", "meter: is read again"]


def test_a_new_epoch_holds_for_the_rows_read_before_it(context: Callable[..., Any], tmp_path: Path) -> None:
    made = context(tmp_path)

    class Renewing(Fixed):
        def collect(self) -> Sequence[Sample]:
            made.state.renew("test")
            return super().collect()

    before = made.state.epoch_id
    rows = Runner(made, [Fixed("first", [made.row(NODE, {"cpu_count": 1})]), Renewing("second")]).cycle()
    assert rows[0].fields["epoch_id"] == made.state.epoch_id != before


def test_a_state_that_cannot_be_kept_is_told_and_the_rows_still_come(
    context: Callable[..., Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = context(tmp_path, state=State("boot", tmp_path / "no" / "folder.json"))
    assert Runner(made, [Fixed("good", [made.row(NODE, {"cpu_count": 1})])]).cycle()
    assert "cannot be kept" in caplog.text


def test_the_registry_keeps_its_order_and_refuses_unknown_names(context: Callable[..., Any], tmp_path: Path) -> None:
    made = context(tmp_path)
    assert [collector.name for collector in build(("model", "rapl", "cpu"), made)] == ["cpu", "rapl", "model"]
    assert [collector.name for collector in build((), made)] == list(COLLECTORS)
    with pytest.raises(ConfigError, match="gpuu"):
        build(("gpuu",), made)


def test_the_runner_of_settings_reads_below_the_root(tree: Callable[[str], Path]) -> None:
    settings = Settings(agent=AgentSettings(node="n1", root=str(tree("cgroup_v1"))))
    rows = runner_for(settings, None).cycle()
    assert [row.tags["job_id"] for row in rows if row.measurement == "job"] == [11, 12]


def test_the_node_is_the_short_host_name_unless_named() -> None:
    assert "." not in node_name(Settings())
    assert node_name(Settings(agent=AgentSettings(node="n.x"))) == "n.x"
