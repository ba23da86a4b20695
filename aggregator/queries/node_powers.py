"""Mean powers and uses of the nodes over their last samples: the kernel's intervals, and nothing attributed.

Each meter says its joules over its seconds. Where no meter measures a part, the node model says it, and it is marked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from aggregator.kernel.arrays import F64, GpuSamples, NodeSamples
from aggregator.kernel.counters import Intervals, PowerBounds, Readings, counted, integrated
from aggregator.kernel.from_arrow import gpu_samples, node_samples
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.ports import SampleWindow, Store
from maxwatt.domain.units import MS_PER_S

SPAN_MS: Final = 180 * MS_PER_S
"""Samples of so long a time make the mean that is called now [ms]."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "node": (
        *("monotonic_s", "epoch_id", "cpu_busy_seconds_total", "cpu_count", "memory_used_bytes", "memory_total_bytes"),
        *("cpu_energy_joules_total", "dram_energy_joules_total", "cpu_modelled_energy_joules_total"),
        *("cpu_estimated_joules_total", "dram_estimated_joules_total"),
        *("meter_energy_joules_total", "meter_power_watts"),
    ),
    "gpu": ("monotonic_s", "epoch_id", "energy_joules_total", "power_watts", "utilisation_ratio"),
}

_BOARDS: Final = 4096
"""More boards than a node can have."""


@dataclass(frozen=True, slots=True)
class Powers:
    """Mean powers of one node [W] by component and, of these, what is modelled; its uses 0..1, None where unknown."""

    power_w: Mapping[str, float]
    modelled_w: float
    cpu_use: float | None
    memory_use: float | None
    gpu_use: float | None


def node_powers(store: Store, nodes: Sequence[str], models: Mapping[str, NodeModel], now_ms: int) -> dict[str, Powers]:
    """Powers of the nodes that sent samples in the last SPAN_MS before a time [epoch ms UTC]."""
    found = store.read(nodes, now_ms - SPAN_MS, now_ms + SPAN_MS, COLUMNS)
    return {name: one for name, one in powers_of(found, models).items() if one is not None}


def powers_of(samples: SampleWindow, models: Mapping[str, NodeModel]) -> dict[str, Powers | None]:
    """Powers of each node of a window of samples; None for one without rows."""
    rows, boards, count = node_samples(samples.node), gpu_samples(samples.gpu), len(samples.nodes)
    meters = _meters(rows, count)
    gpu_w, gpu_use, gpu_count = _gpus(boards, count)
    cpu_use, memory_use = _uses(samples, rows, meters["busy"])
    present = np.bincount(rows.node, minlength=count) > 0
    found: dict[str, Powers | None] = dict.fromkeys(samples.nodes)
    for i in np.flatnonzero(present).tolist():
        name = samples.nodes[i]
        parts = {key: _known(values[i]) for key, values in meters.items()}
        power_w, modelled_w = _components(parts, _known(gpu_w[i]), int(gpu_count[i]), models.get(name, NodeModel("")))
        uses = (_known(cpu_use[i]), _known(memory_use[i]), _known(gpu_use[i]))
        found[name] = Powers(power_w, modelled_w, *uses)
    return found


def _components(
    parts: Mapping[str, float | None], gpu_w: float | None, gpus: int, model: NodeModel
) -> tuple[dict[str, float], float]:
    """Power by component [W], and how much of it is modelled.

    `rest = meter - parts` where both were read, else `rest_base + rest_ratio * max(parts - idle parts, 0)`.
    """
    modelled_w = 0.0
    cpu_w = parts["cpu"]
    if cpu_w is None and (cpu_w := parts["cpu_modelled"]) is not None:
        modelled_w += cpu_w
    known = {"cpu": cpu_w, "dram": parts["dram"], "gpu": gpu_w}
    power_w = {name: watts for name, watts in known.items() if watts is not None}
    metered_w = sum(watts for name, watts in power_w.items() if name != "gpu" or model.meter_includes_gpus)
    meter_w = parts["meter"]
    if meter_w is not None:
        return {**power_w, "rest": meter_w - metered_w}, modelled_w
    if cpu_w is None or not (model.rest_base_w or model.rest_ratio):
        return power_w, modelled_w
    idle_w = model.cpu_idle_w + (model.dram_idle_w if "dram" in power_w else 0.0)
    idle_w += gpus * model.gpu_idle_w if "gpu" in power_w else 0.0
    rest_w = model.rest_base_w + model.rest_ratio * max(sum(power_w.values()) - idle_w, 0.0)
    return {**power_w, "rest": rest_w}, modelled_w + rest_w


def _meters(rows: NodeSamples, count: int) -> dict[str, F64]:
    """Mean rate of every counter of each node: W, and busy CPUs; NaN where it was not read twice."""
    readings = Readings(rows.node.astype(np.int64), rows.ts_ms, rows.monotonic_s, rows.epoch_id)
    counters = {
        "cpu": rows.cpu_energy_j,
        "dram": rows.dram_energy_j,
        "cpu_modelled": rows.cpu_modelled_j,
        "meter": rows.meter_energy_j,
        "busy": rows.cpu_busy_s,
    }
    found = {name: _rate(counted(readings, values, SPAN_MS), count) for name, values in counters.items()}
    gauge = _rate(_trapezoids(readings, rows.meter_power_w, count), count)
    found["meter"] = np.where(np.isnan(found["meter"]), gauge, found["meter"])
    return found


def _gpus(boards: GpuSamples, count: int) -> tuple[F64, F64, F64]:
    """Power of all boards of each node [W], NaN where one board's is unknown; their mean use; their number."""
    keys, entity = np.unique(boards.node.astype(np.int64) * _BOARDS + boards.gpu, return_inverse=True)
    node = keys // _BOARDS
    readings = Readings(entity.astype(np.int64), boards.ts_ms, boards.monotonic_s, boards.epoch_id)
    counter = _rate(counted(readings, boards.energy_j, SPAN_MS), len(keys))
    gauge = _rate(_trapezoids(readings, boards.power_w, len(keys)), len(keys))
    power_w = np.where(np.isnan(counter), gauge, counter)
    number = np.bincount(node, minlength=count).astype(np.float64)
    summed = np.bincount(node, weights=power_w, minlength=count)
    known = ~np.isnan(boards.utilisation)
    of_use = boards.node[known]
    use = _ratio(np.bincount(of_use, boards.utilisation[known], count), np.bincount(of_use, minlength=count))
    return np.where(number > 0, summed, np.nan), use, number


def _uses(samples: SampleWindow, rows: NodeSamples, busy_cpus: F64) -> tuple[F64, F64]:
    """Share of the CPUs that were busy, and of the memory in use at the last sample."""
    last = np.full(len(busy_cpus), -1, np.int64)
    last[rows.node] = np.arange(len(rows.node))  # sorted by time: the last one stays

    def newest(name: str) -> F64:
        column = samples.node[name].to_numpy(zero_copy_only=False).astype(np.float64)
        return np.where(last >= 0, column[last], np.nan) if len(column) else np.full(len(last), np.nan)

    memory = _ratio(newest("memory_used_bytes"), newest("memory_total_bytes"))
    return _ratio(busy_cpus, newest("cpu_count")), memory


def _trapezoids(readings: Readings, power_w: F64, count: int) -> Intervals:
    unbounded = PowerBounds(SPAN_MS, np.full(count, -np.inf), np.full(count, np.inf))
    return integrated(readings, power_w, SPAN_MS, unbounded)


def _rate(found: Intervals, count: int) -> F64:
    """What was counted over the seconds in which it was, per entity."""
    amount = np.bincount(found.entity, found.amount, count)
    return _ratio(amount, np.bincount(found.entity, found.seconds, count))


def _ratio(part: Any, whole: Any) -> F64:
    """Quotient, NaN where the divisor is zero."""
    found = np.full(len(part), np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
