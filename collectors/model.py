"""CPU energy from utilisation and the node model, where nothing measures it."""

from collections.abc import Sequence
from typing import NamedTuple

from collectors.context import Context
from maxwatt.domain.errors import NoData, SourceError
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.samples import Sample
from maxwatt.domain.schema import NODE


class Modelled(NamedTuple):
    """The modelled counter when it was last advanced.

    Args:
        energy_j: what it has come to [J].
        busy_s: the node's busy CPU seconds then [s].
        monotonic_s: when [s].
    """

    energy_j: float
    busy_s: float
    monotonic_s: float


class Model:
    """Integrates the model over busy time; speaks only in epochs in which RAPL gave no CPU energy.

    It runs after the cpu and rapl collectors and reads what they put into this cycle's node row. In an epoch that has
    measured energy a gap is bridged by RAPL's own counter, so that modelled energy beside it would count twice.
    """

    name = "model"

    def __init__(self, context: Context) -> None:
        self._context, self._section = context, context.state.section("model")

    def collect(self) -> Sequence[Sample]:
        """One node row, or none while the CPU is measured.

        Raises:
            NoData: no power is declared for this node.
            SourceError: the busy time is missing.
        """
        if self._context.model.cpu_max_w <= 0:
            raise NoData(f"no node model declares the CPU power of {self._context.node}")
        modelled = self._advance()
        if "cpu_energy_joules_total" in self._context.node_fields:
            self._section["measured_epoch"] = self._context.state.epoch_id
        if self._section.get("measured_epoch") == self._context.state.epoch_id:
            return []
        return [self._context.row(NODE, {"cpu_modelled_energy_joules_total": modelled.energy_j})]

    def _advance(self) -> Modelled:
        fields, at_s = self._context.node_fields, self._context.stamp.monotonic_s
        if "cpu_busy_seconds_total" not in fields or "cpu_count" not in fields:
            raise SourceError("the model needs the cpu collector's busy time, which is missing")
        busy_s = float(fields["cpu_busy_seconds_total"])
        before = self._kept()
        after = before and integrate(before, busy_s, at_s, int(fields["cpu_count"]), self._context.model)
        if before and not after:
            self._context.state.renew("busy time or clock ran backwards, the modelled energy begins again")
        now = after or Modelled(0.0, busy_s, at_s)
        self._section["last"] = now
        return now

    def _kept(self) -> Modelled | None:
        try:
            energy_j, busy_s, monotonic_s = self._section["last"]
            return Modelled(float(energy_j), float(busy_s), float(monotonic_s))
        except KeyError:
            return None
        except (TypeError, ValueError):
            self._context.state.renew("the kept modelled energy cannot be understood")
            return None


def integrate(before: Modelled, busy_s: float, monotonic_s: float, cpu_count: int, model: NodeModel) -> Modelled | None:
    """The modelled counter one step on: `P(utilisation) · Δt` with `utilisation = Δbusy / (Δt · CPUs)`, at most 1.

    The power is linear in utilisation, so the energy over a long gap is that of its short steps.

    Args:
        before: the step before.
        busy_s: busy CPU seconds now [s].
        monotonic_s: now [s].
        cpu_count: CPUs online.
        model: powers of the node.

    Returns:
        None where a counter or the clock ran backwards: the step is not known.
    """
    elapsed_s, worked_s = monotonic_s - before.monotonic_s, busy_s - before.busy_s
    if elapsed_s < 0 or worked_s < 0:
        return None
    if elapsed_s == 0:
        return before
    utilisation = min(worked_s / (elapsed_s * cpu_count), 1.0)  # ticks of 10 ms can overshoot a short step
    return Modelled(before.energy_j + model.cpu_power_w(utilisation) * elapsed_s, busy_s, monotonic_s)
