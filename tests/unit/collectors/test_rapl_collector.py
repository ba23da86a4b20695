"""The whole collector over changing trees, run by the real runner, which stamps clock and epoch."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectors.rapl import Rapl
from collectors.rapl_zones import CLASS_FOLDER
from collectors.runner import Runner
from collectors.state import load
from collectors.unwrap import modulus_uj
from maxwatt.domain.errors import NoData

Tree = Callable[[str], Path]
PACKAGE_WRAP_S = modulus_uj(262143328850) / 1e6 / 150.0


class Node:
    """A node with a powercap tree, an agent that can be restarted, and a clock."""

    def __init__(self, root: Path, make_context: Callable[..., Any], clock: Any) -> None:
        self.root, self.clock, self._make = root, clock, make_context
        self.state_path = root / "state.json"
        self.boot = "boot-1"
        self.start()

    def start(self) -> None:
        self.runner = self._runner()

    def _runner(self) -> Runner:
        context = self._make(self.root, state=load(self.state_path, self.boot))
        return Runner(context, [Rapl(context)], self.clock)

    def counter(self, zone: str) -> Path:
        return self.root / CLASS_FOLDER / zone / "energy_uj"

    def draw(self, zone: str, joules: float) -> None:
        """The counter goes on, round its end if it must."""
        path = self.counter(zone)
        modulus = modulus_uj(int((path.parent / "max_energy_range_uj").read_text()))
        path.write_text(f"{(int(path.read_text()) + round(joules * 1e6)) % modulus}\n")

    def hide(self, zone: str) -> str:
        """Make the counter unreadable, for root as well. Returns what it said."""
        text = self.counter(zone).read_text()
        self.counter(zone).unlink()
        self.counter(zone).mkdir()
        return text

    def show(self, zone: str, text: str) -> None:
        """Make it readable again."""
        self.counter(zone).rmdir()
        self.counter(zone).write_text(text)

    def read(self, wait_s: float = 15.0) -> dict[str, Any]:
        """Fields of the node row one interval later, and what else was read."""
        self.clock.wait(wait_s)
        rows = self.runner.cycle()
        found: dict[str, Any] = {"zones": {r.tags["zone"]: r for r in rows if r.measurement == "zone"}}
        for row in rows:
            if row.measurement == "node":
                found |= row.fields
            if row.measurement == "collector":
                found["success"] = row.fields["success"]
        return found


@pytest.fixture
def node(tree: Tree, context: Callable[..., Any], clock: Any) -> Callable[[str], Node]:
    return lambda name: Node(tree(name), context, clock)


def test_packages_and_dram_are_summed_without_psys_core_and_mmio(node: Callable[[str], Node]) -> None:
    read = node("intel").read()
    assert read["cpu_energy_joules_total"] == 300.0
    assert read["dram_energy_joules_total"] == 16.0
    assert sorted(read["zones"]) == ["core-0", "core-1", "dram-0", "dram-1", "package-0", "package-1", "psys"]


def test_dies_that_repeat_a_counter_count_once(node: Callable[[str], Node]) -> None:
    assert node("amd_dies").read()["cpu_energy_joules_total"] == 120.0


def test_dies_that_could_not_be_compared_are_not_summed_until_they_are(node: Callable[[str], Node]) -> None:
    amd = node("amd_dies")
    text = amd.hide("intel-rapl:0")
    assert "cpu_energy_joules_total" not in amd.read()
    amd.show("intel-rapl:0", text)
    assert amd.read()["cpu_energy_joules_total"] == 120.0


def test_dies_once_known_to_be_one_stay_one_through_a_fault(node: Callable[[str], Node]) -> None:
    amd = node("amd_dies")
    before = amd.read()
    text = amd.hide("intel-rapl:0")
    amd.read()
    amd.show("intel-rapl:0", text)
    after = amd.read()
    assert after["cpu_energy_joules_total"] == before["cpu_energy_joules_total"] == 120.0
    assert after["epoch_id"] == before["epoch_id"]


def test_no_rapl_is_no_data(tree: Tree, context: Callable[..., Any]) -> None:
    with pytest.raises(NoData):
        Rapl(context(tree("no_rapl"))).collect()


def test_a_wrap_goes_on_counting(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    intel.counter("intel-rapl:0").write_text("262143328850\n")
    before = intel.read()["cpu_energy_joules_total"]
    intel.draw("intel-rapl:0", 1000.0)
    assert int(intel.counter("intel-rapl:0").read_text()) < 1e9  # it did wrap
    assert intel.read()["cpu_energy_joules_total"] - before == pytest.approx(1000.0, abs=1e-6)


def test_a_partial_sum_never_passes_for_the_whole(node: Callable[[str], Node]) -> None:
    read = node("intel_unreadable").read()
    assert "cpu_energy_joules_total" not in read
    assert read["dram_energy_joules_total"] == 16.0
    assert "package-0" in read["zones"] and "package-1" not in read["zones"]
    assert read["success"] == 0


def test_a_component_goes_on_rightly_when_its_zone_is_back(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    first = intel.read()
    text = intel.hide("intel-rapl:1")
    intel.draw("intel-rapl:0", 100.0)
    assert "cpu_energy_joules_total" not in intel.read()
    intel.show("intel-rapl:1", text)
    intel.draw("intel-rapl:0", 100.0)
    intel.draw("intel-rapl:1", 50.0)
    last = intel.read()
    assert last["cpu_energy_joules_total"] - first["cpu_energy_joules_total"] == pytest.approx(250.0)
    assert last["epoch_id"] == first["epoch_id"]


def test_a_zone_away_for_longer_than_a_wrap_opens_a_new_epoch_once(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    epochs = [intel.read()["epoch_id"]]
    intel.hide("intel-rapl:1")
    for _ in range(4):
        for zone in ("intel-rapl:0", "intel-rapl:0:1", "intel-rapl:1:1"):
            intel.draw(zone, 1.0)
        epochs.append(intel.read(PACKAGE_WRAP_S * 0.4)["epoch_id"])
    assert len(set(epochs[:3])) == 1
    assert len(set(epochs)) == 2


def test_zone_detail_comes_at_its_own_pace(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    seen = [bool(intel.read(15.0)["zones"]) for _ in range(9)]
    assert seen == [True, False, False, False, True, False, False, False, True]


def test_a_restart_goes_on(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    before = intel.read()
    intel.start()
    intel.draw("intel-rapl:0", 300.0)
    after = intel.read(PACKAGE_WRAP_S * 0.9)
    assert after["cpu_energy_joules_total"] - before["cpu_energy_joules_total"] == pytest.approx(300.0)
    assert after["epoch_id"] == before["epoch_id"]


def test_a_restart_goes_on_over_a_wrap(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    intel.counter("intel-rapl:0").write_text("262143328850\n")
    before = intel.read()
    intel.draw("intel-rapl:0", 300.0)
    intel.start()
    after = intel.read()
    assert after["cpu_energy_joules_total"] - before["cpu_energy_joules_total"] == pytest.approx(300.0, abs=1e-6)


def test_a_restart_after_too_long_opens_a_new_epoch_with_all_zones(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    before = intel.read()
    intel.start()
    after = intel.read(PACKAGE_WRAP_S * 20)
    assert after["epoch_id"] != before["epoch_id"]
    assert len(after["zones"]) == 7
    assert after["cpu_energy_joules_total"] == 300.0


def test_a_reboot_opens_a_new_epoch(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    before = intel.read()
    intel.boot = "boot-2"
    intel.start()
    after = intel.read()
    assert after["epoch_id"] != before["epoch_id"]


def test_without_a_boot_id_nothing_is_continued(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    intel.boot = ""
    intel.start()
    before = intel.read()
    intel.start()
    assert intel.read()["epoch_id"] != before["epoch_id"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', "null"])
def test_a_torn_state_begins_a_new_epoch(node: Callable[[str], Node], text: str) -> None:
    intel = node("intel")
    before = intel.read()
    intel.state_path.write_text(text)
    intel.start()
    assert intel.read()["epoch_id"] != before["epoch_id"]


def test_readings_that_make_no_sense_begin_a_new_epoch(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    before = intel.read()
    text = intel.state_path.read_text()
    intel.state_path.write_text(text.replace('"package-0": [100000000, ', '"package-0": ['))
    assert text != intel.state_path.read_text()
    intel.start()
    after = intel.read()
    assert after["epoch_id"] != before["epoch_id"]
    assert after["cpu_energy_joules_total"] == 300.0


def test_a_counter_set_back_opens_a_new_epoch_and_gives_no_phantom(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    intel.counter("intel-rapl:0").write_text("9000000000\n")
    before = intel.read()
    intel.counter("intel-rapl:0").write_text("0\n")
    after = intel.read()
    assert after["epoch_id"] != before["epoch_id"]
    assert after["cpu_energy_joules_total"] == 200.0


def test_a_detail_zone_that_counts_nonsense_does_not_break_the_node(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    intel.root.joinpath(CLASS_FOLDER, "intel-rapl:0:0/constraint_0_max_power_uw").write_text("1000000\n")  # 1 W
    before = intel.read()
    intel.counter("intel-rapl:0:0").write_text("39000000\n")  # back by 1 J
    after = intel.read(61.0)
    assert after["epoch_id"] == before["epoch_id"]
    assert "core-0" in before["zones"] and "core-0" not in after["zones"]
    assert "core-1" in after["zones"]


def test_other_zones_than_before_are_another_counter(node: Callable[[str], Node]) -> None:
    intel = node("intel")
    before = intel.read()
    package = intel.counter("intel-rapl:1").parent
    shutil.copytree(package, package.with_name("away"))
    shutil.rmtree(package)
    intel.read()  # notices
    after = intel.read()
    assert after["epoch_id"] != before["epoch_id"]
    assert after["cpu_energy_joules_total"] == 100.0
    package.with_name("away").rename(package)
    intel.start()
    again = intel.read()
    assert again["epoch_id"] != after["epoch_id"]
    assert again["cpu_energy_joules_total"] == 300.0
