"""The zones of the powercap tree: which there are, what they count, and which are one and the same."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from collectors.files import HeldFile, list_names, read_bytes, read_int
from collectors.unwrap import Limits, modulus_uj
from maxwatt.domain.errors import MaxwattError
from maxwatt.domain.node_model import NodeModel

CLASS_FOLDER: Final = "sys/class/powercap"
UNKNOWN_P_MAX_W: Final = 1000.0
"""Where neither the zone nor the node model says what a package may draw."""

# `intel-rapl-mmio:N` counts the same package once more and does not match.
_ZONE: Final = re.compile(r"intel-rapl:(\d+)(?::(\d+))?")
_PACKAGE: Final = re.compile(r"package-(\d+)(-die-\d+)?")
_COMPONENTS: Final = {"package": "cpu", "dram": "dram"}
"""Zones that are summed. core and uncore lie inside package, psys holds package and dram: detail only."""


class Zone(NamedTuple):
    """A powercap zone.

    Args:
        key: name with its package, such as `package-0`, `dram-1`, `core-0-die-1`, `psys`.
        component: `cpu` or `dram` where the zone is summed into it, else empty.
        die_of: the package, where the zone is one die of several, else empty.
        folder: its folder.
        limits: None where the kernel does not tell where the counter wraps.
    """

    key: str
    component: str
    die_of: str
    folder: str
    limits: Limits | None

    @property
    def energy_path(self) -> str:
        """Its counter."""
        return f"{self.folder}/energy_uj"


def zone_names(powercap: str) -> tuple[str, ...]:
    """Folders of zones below `powercap`, parents before children; children stand beside or inside their parent.

    Raises:
        SourceError: the folder is there and cannot be listed.
    """
    found = {name: name for name in list_names(powercap) if _ZONE.fullmatch(name)}
    for parent in [name for name in found if name.count(":") == 1]:
        for name in list_names(f"{powercap}/{parent}"):
            if name.startswith(f"{parent}:") and _ZONE.fullmatch(name):
                found.setdefault(name, f"{parent}/{name}")
    return tuple(found[name] for name in sorted(found, key=lambda name: [int(n) for n in name.split(":")[1:]]))


def read_zones(powercap: str, names: Iterable[str], model: NodeModel) -> list[Zone]:
    """The zones behind `names`, parents before children.

    Raises:
        NoData: a zone is gone.
        SourceError: a name cannot be read: without it nobody can say what the sum would lack.
    """
    zones, parents = list[Zone](), dict[str, str]()
    for name in names:
        folder = f"{powercap}/{name}"
        own = read_bytes(f"{folder}/name").decode("utf-8", "replace").strip()
        base = name.rpartition("/")[2]
        parents[base] = own
        zone = _zone(folder, own, parents.get(base.rpartition(":")[0], ""), model)
        taken = any(zone.key == other.key for other in zones)
        zones.append(zone._replace(key=f"{zone.key}@{base}") if taken else zone)
    return zones


def _zone(folder: str, name: str, parent: str, model: NodeModel) -> Zone:
    key = name + parent.removeprefix("package") if parent else name
    kind = name.partition("-")[0]
    match = _PACKAGE.fullmatch(name)
    die_of = match[1] if match and match[2] else ""
    return Zone(key, _COMPONENTS.get(kind, ""), die_of, folder, _limits(folder, kind, model))


def _limits(folder: str, kind: str, model: NodeModel) -> Limits | None:
    range_uj = _optional_int(f"{folder}/max_energy_range_uj")
    if not range_uj or range_uj < 0:
        return None
    own_w = (_optional_int(f"{folder}/constraint_0_max_power_uw") or 0) / 1e6
    declared_w = model.dram_max_w if kind == "dram" else model.cpu_max_w
    p_max_w = next((power_w for power_w in (own_w, declared_w) if power_w > 0), UNKNOWN_P_MAX_W)
    return Limits(modulus_uj(range_uj), p_max_w)


def with_model(zones: Sequence[Zone], model: NodeModel) -> list[Zone]:
    """The zones with their part of the node model: those that are summed share the component's powers evenly."""
    powers = {"cpu": (model.cpu_idle_w, model.cpu_max_w), "dram": (model.dram_idle_w, model.dram_max_w)}
    found = []
    for zone in zones:
        count = sum(other.component == zone.component for other in zones)
        if zone.limits is None or zone.component not in powers:
            found.append(zone)
            continue
        idle_w, full_w = powers[zone.component]
        found.append(zone._replace(limits=zone.limits._replace(idle_w=idle_w / count, full_w=full_w / count)))
    return found


def _optional_int(path: str) -> int | None:
    """A number that some zones do not have, or do not give."""
    try:
        return read_int(path)
    except MaxwattError:
        return None


def same_counter(one: HeldFile, other: HeldFile, tries: int = 3) -> bool:
    """Whether two files show one counter: read in turn, the second never leaves the span of the first.

    A counter moves about every ms, so that a step between two reads is possible and two steps are not likely; the
    repetition also outlasts a wrap. A counter that stands at 0 says nothing.
    """
    for _ in range(tries):
        before, between, after = one.read_int(), other.read_int(), one.read_int()
        if 0 < before <= between <= after:
            return True
    return False


def repeated_dies(zones: Sequence[Zone], files: dict[str, HeldFile]) -> tuple[set[str], set[str]]:
    """Die zones that repeat the counter of another die of their package (Zen 1 and 2).

    Returns:
        Keys of those that do, and of those that could not be compared now: either may be the same counter.
    """
    repeated, unsure, own = set[str](), set[str](), list[Zone]()
    for zone in zones:
        twins = [other for other in own if zone.die_of and other.die_of == zone.die_of]
        try:
            if any(same_counter(files[twin.key], files[zone.key]) for twin in twins):
                repeated.add(zone.key)
                continue
        except MaxwattError:
            unsure.add(zone.key)
        own.append(zone)
    return repeated, unsure
