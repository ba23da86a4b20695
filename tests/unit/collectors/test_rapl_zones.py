from collections.abc import Callable
from pathlib import Path

from collectors.files import HeldFile
from collectors.rapl_zones import CLASS_FOLDER, Zone, read_zones, repeated_dies, same_counter, zone_names
from collectors.unwrap import modulus_uj
from maxwatt.domain.node_model import UNKNOWN_MODEL, NodeModel

Tree = Callable[[str], Path]


def zones_of(root: Path, model: NodeModel = UNKNOWN_MODEL) -> list[Zone]:
    powercap = str(root / CLASS_FOLDER)
    return read_zones(powercap, zone_names(powercap), model)


def test_zones_and_the_component_they_are_summed_into(tree: Tree) -> None:
    assert [(zone.key, zone.component) for zone in zones_of(tree("intel"))] == [
        ("package-0", "cpu"),
        ("core-0", ""),
        ("dram-0", "dram"),
        ("package-1", "cpu"),
        ("core-1", ""),
        ("dram-1", "dram"),
        ("psys", ""),
    ]


def test_children_inside_their_parent_are_found_too(tree: Tree) -> None:
    keys = [zone.key for zone in zones_of(tree("amd_dies"))]
    assert keys[:4] == ["package-0-die-0", "core-0-die-0", "package-0-die-1", "core-0-die-1"]


def test_a_child_seen_twice_is_one(tree: Tree) -> None:
    root = tree("intel")
    powercap = root / CLASS_FOLDER
    (powercap / "intel-rapl:0" / "intel-rapl:0:1").symlink_to(powercap / "intel-rapl:0:1")
    assert [zone.key for zone in zones_of(root)].count("dram-0") == 1


def test_more_than_ten_zones_stand_in_order(tree: Tree) -> None:
    root = tree("intel")
    powercap = root / CLASS_FOLDER
    (powercap / "intel-rapl:2").rename(powercap / "intel-rapl:10")
    assert zones_of(root)[-1].key == "psys"


def test_two_zones_of_one_name_stay_apart(tree: Tree) -> None:
    root = tree("intel")
    (root / CLASS_FOLDER / "intel-rapl:1/name").write_text("package-0\n")
    keys = [zone.key for zone in zones_of(root) if zone.component == "cpu"]
    assert keys == ["package-0", "package-0@intel-rapl:1"]


def test_largest_power_comes_from_the_zone_then_the_model_then_a_thousand_watts(tree: Tree) -> None:
    root = tree("intel")
    (root / CLASS_FOLDER / "intel-rapl:1/constraint_0_max_power_uw").write_text("0\n")

    def p_max(model: NodeModel) -> dict[str, float]:
        return {zone.key: zone.limits.p_max_w for zone in zones_of(root, model) if zone.limits}

    modelled = p_max(NodeModel("m", cpu_max_w=300.0))
    assert (modelled["package-0"], modelled["package-1"]) == (150.0, 300.0)
    assert p_max(UNKNOWN_MODEL)["package-1"] == 1000.0


def test_a_zone_whose_wrap_is_unknown_has_no_limits(tree: Tree) -> None:
    root = tree("intel")
    (root / CLASS_FOLDER / "intel-rapl:0/max_energy_range_uj").unlink()
    first, *others = zones_of(root)
    assert first.limits is None
    assert others[0].limits is not None and others[0].limits.modulus_uj == modulus_uj(262143328850)


def repeated(root: Path) -> set[str]:
    return compared(root)[0]


def compared(root: Path) -> tuple[set[str], set[str]]:
    zones = zones_of(root)
    return repeated_dies(zones, {zone.key: HeldFile(zone.energy_path) for zone in zones})


def test_a_die_that_cannot_be_read_may_be_either(tree: Tree) -> None:
    root = tree("amd_dies")
    (root / CLASS_FOLDER / "intel-rapl:0/energy_uj").unlink()
    assert compared(root) == ({"package-1-die-1"}, {"package-0-die-1"})


def test_dies_with_equal_counters_are_one(tree: Tree) -> None:
    assert repeated(tree("amd_dies")) == {"package-0-die-1", "package-1-die-1"}


def test_dies_with_counters_of_their_own_stay(tree: Tree) -> None:
    root = tree("amd_dies")
    (root / CLASS_FOLDER / "intel-rapl:1/energy_uj").write_text("50000061\n")
    assert repeated(root) == {"package-1-die-1"}


def test_equal_counters_of_different_packages_are_two(tree: Tree) -> None:
    root = tree("intel")
    (root / CLASS_FOLDER / "intel-rapl:1/energy_uj").write_text("100000000\n")
    assert repeated(root) == set()


def test_counters_at_zero_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("0\n")
    assert not same_counter(HeldFile(str(tmp_path / "a")), HeldFile(str(tmp_path / "a")))
