"""An agent that was away for longer than a wrap, on a node with a model. Two packages, two dram zones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from collectors.cpu import Cpu
from collectors.rapl import Rapl
from collectors.rapl_zones import CLASS_FOLDER
from collectors.runner import Runner
from collectors.state import load
from collectors.unwrap import modulus_uj
from maxwatt.domain.node_model import NodeModel

MODEL = NodeModel("m", cpu_idle_w=100.0, cpu_max_w=300.0, dram_idle_w=10.0, dram_max_w=30.0)
MODULUS_J = modulus_uj(262143328850) / 1e6
WRAP_S = MODULUS_J / 150.0  # the packages say that they may draw 150 W


class Away:
    """Reads once, is away, and reads again after a restart."""

    def __init__(self, root: Path, make_context: Callable[..., Any], clock: Any) -> None:
        self.root, self.clock, self._make = root, clock, make_context

    def read(self) -> dict[str, Any]:
        context = self._make(self.root, model=MODEL, state=load(self.root / "state.json", "boot"))
        rows = Runner(context, [Cpu(context), Rapl(context)], self.clock).cycle()
        return next(dict(row.fields) for row in rows if row.measurement == "node")

    def draw(self, joules: float, *zones: str) -> None:
        """Each of these packages draws this."""
        for zone in zones:
            path = self.root / CLASS_FOLDER / zone / "energy_uj"
            path.write_text(f"{(int(path.read_text()) + round(joules * 1e6)) % modulus_uj(262143328850)}\n")

    def work(self, cpu_s: float) -> None:
        """The CPUs were busy for this long."""
        path = self.root / "proc/stat"
        total, _, rest = path.read_text().partition("\n")
        name, user, *others = total.split()
        path.write_text(f"{name} {int(user) + round(cpu_s * 100)} {' '.join(others)}\n{rest}")


def test_a_wrap_that_was_missed_is_found_by_the_model_and_marked(
    tree: Callable[[str], Path], context: Callable[..., Any], clock: Any
) -> None:
    """Away for three wraps' time at half load: 100 W a package by the model, two rounds; 90 W were drawn.

    Possible are 1.8 - 1 = 0.8, 1.8 and 2.8 rounds within [25, 150] W, which are 0.5 to 3 of them.
    """
    node = Away(tree("intel"), context, clock)
    before = node.read()
    assert "cpu_estimated_joules_total" not in before
    away_s, energy_j = 3 * WRAP_S, 1.8 * MODULUS_J
    node.draw(energy_j, "intel-rapl:0", "intel-rapl:1")
    node.work(0.5 * away_s * before["cpu_count"])
    clock.wait(away_s)
    after = node.read()
    assert after["epoch_id"] == before["epoch_id"]
    assert abs(after["cpu_energy_joules_total"] - before["cpu_energy_joules_total"] - 2 * energy_j) < 1e-3
    assert abs(after["cpu_estimated_joules_total"] - 2 * energy_j) < 1e-3


def test_without_the_cpu_collector_a_missed_wrap_opens_a_new_epoch(
    tree: Callable[[str], Path], context: Callable[..., Any], clock: Any
) -> None:
    root, epochs = tree("intel"), []
    for _ in range(2):
        made = context(root, model=MODEL, state=load(root / "state.json", "boot"))
        rows = Runner(made, [Rapl(made)], clock).cycle()
        epochs += [row.fields["epoch_id"] for row in rows if row.measurement == "node"]
        clock.wait(3 * WRAP_S)
    assert epochs[0] != epochs[1]


def test_a_zone_that_could_not_be_read_for_longer_than_a_wrap_goes_on(
    tree: Callable[[str], Path], context: Callable[..., Any], clock: Any
) -> None:
    node = Away(tree("intel"), context, clock)
    before = node.read()
    hidden = node.root / CLASS_FOLDER / "intel-rapl:1/energy_uj"
    text = hidden.read_text()
    hidden.unlink()
    hidden.mkdir()
    for _ in range(3):
        clock.wait(0.9 * WRAP_S)
        node.work(0.5 * 0.9 * WRAP_S * before["cpu_count"])
        assert "cpu_energy_joules_total" not in node.read()
    hidden.rmdir()
    hidden.write_text(text)
    node.draw(1.7 * MODULUS_J, "intel-rapl:1")
    after = node.read()
    assert after["epoch_id"] == before["epoch_id"]
    # 2.7 wraps' time at 100 W by the model are 1.8 rounds, so that of 0.7, 1.7 and 2.7 it is 1.7
    assert abs(after["cpu_energy_joules_total"] - before["cpu_energy_joules_total"] - 1.7 * MODULUS_J) < 1e-3
    assert abs(after["cpu_estimated_joules_total"] - 1.7 * MODULUS_J) < 1e-3
