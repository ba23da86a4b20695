"""Measured energy of a chunk's components on the timeline, split into static and dynamic by the two prices."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool, Chunk, NodeSamples, Window
from aggregator.kernel.counters import MODELLED, Intervals, PowerBounds, Readings, counted, fill, integrated
from aggregator.kernel.gpu import GpuEnergy
from aggregator.kernel.meters import Meter, on_timeline
from aggregator.kernel.prices import Prices, prices
from aggregator.kernel.ragged import sums
from aggregator.kernel.rest import Parts
from aggregator.kernel.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Component:
    """CPU or memory: its meter with the prices, laid on segments.

    Args:
        static_j: [s] static energy; per_cpu_s: [s] joules per CPU second; evidence: [s] index into EVIDENCE.
    """

    meter: Meter
    prices: Prices
    static_j: F64
    per_cpu_s: F64
    evidence: I64


def cpu_meter(rows: NodeSamples, readings: Readings, timeline: Timeline, max_gap_ms: int) -> Meter:
    """RAPL packages; the agent's model, marked, where they were not read."""
    measured = counted(readings, rows.cpu_energy_j, max_gap_ms, rows.cpu_estimated_j)
    modelled = counted(readings, rows.cpu_modelled_j, max_gap_ms)
    return on_timeline(timeline, fill(measured, modelled, timeline.axis.span, MODELLED))


def dram_meter(rows: NodeSamples, readings: Readings, timeline: Timeline, max_gap_ms: int) -> Meter:
    """RAPL dram zones."""
    return on_timeline(timeline, counted(readings, rows.dram_energy_j, max_gap_ms, rows.dram_estimated_j))


def whole_node(
    rows: NodeSamples, readings: Readings, timeline: Timeline, window: Window, bounds: PowerBounds
) -> Intervals:
    """The whole-node meter: its counter, and its power where it counts none."""
    by_counter = counted(readings, rows.meter_energy_j, window.max_gap_ms)
    by_power = integrated(readings, rows.meter_power_w, window.max_gap_ms, bounds)
    return fill(by_counter, by_power, timeline.axis.span)


def node_bounds(chunk: Chunk, window: Window, present: F64) -> PowerBounds:
    """Between which powers whole nodes stay, by their models: all their parts idle, and all of them at work.

    Args:
        present: [nodes, GPU indices] whether the node has that GPU.
    """
    low, high = np.zeros(len(chunk.nodes)), np.full(len(chunk.nodes), np.inf)
    for index, (node, gpus) in enumerate(zip(chunk.nodes, present.sum(axis=1).tolist(), strict=True)):
        boards = gpus if node.model.meter_includes_gpus else 0
        low[index], high[index] = node.model.power_range_w(boards)
    return PowerBounds(window.power_gap_ms, low, high)


def priced(meter: Meter, idle_w: F64, cpu_s: F64) -> Component:
    """Split a meter's intervals with the CPU seconds of its node.

    Args:
        idle_w: [k] idle power of the component in each interval [W], 0 where it is not known.
        cpu_s: [s] all CPU seconds of the node, per segment.
    """
    split = prices(meter.intervals, idle_w, meter.gather(cpu_s))
    count = len(meter.interval)
    if not len(meter.intervals):
        return Component(meter, split, np.zeros(count), np.zeros(count), np.zeros(count, np.int64))
    return Component(
        meter=meter,
        prices=split,
        static_j=meter.spread(split.static_j),
        per_cpu_s=np.where(meter.covered, split.per_cpu_s[meter.interval], 0.0),
        evidence=meter.intervals.evidence[meter.interval],
    )


def parts_of(chunk: Chunk, timeline: Timeline, cpu: Component, dram: Component, gpu: GpuEnergy, cpu_s: F64) -> Parts:
    """The parts of each node, and where all of them that its meter includes were metered.

    A component that a node never reported is absent hardware, not a gap.

    Args:
        cpu_s: [s] all CPU seconds of the node, per segment.
    """
    count = len(timeline.start)
    gpu_dynamic_j = sums(gpu.segment, gpu.dynamic_j, count)
    gpu_j = sums(gpu.segment, gpu.static_j, count) + gpu_dynamic_j
    included = np.array([node.model.meter_includes_gpus for node in chunk.nodes], np.bool_)[timeline.node]
    gpus = np.where(included, gpu.present.sum(axis=1)[timeline.node], 0.0)
    dynamic = (cpu.per_cpu_s + dram.per_cpu_s) * cpu_s
    evidence = np.maximum(np.where(cpu.meter.covered, cpu.evidence, 0), np.where(dram.meter.covered, dram.evidence, 0))
    np.maximum.at(evidence, gpu.segment, np.where(included[gpu.segment], gpu.evidence, 0))
    return Parts(
        energy_j=cpu.static_j + dram.static_j + dynamic + np.where(included, gpu_j, 0.0),
        dynamic_j=dynamic + gpu_dynamic_j,
        known=_present(timeline, cpu.meter)
        & _present(timeline, dram.meter)
        & (sums(gpu.segment, np.ones(len(gpu.segment)), count) >= gpus),
        evidence=evidence,
    )


def covered(timeline: Timeline, cpu: Meter, dram: Meter, gpu: GpuEnergy, whole_node: Bool) -> Bool:
    """Where [s] a node's energy was known: by its whole-node meter or its CPU's; if it has none, by another part's.

    Args:
        whole_node: [s] where the whole-node meter was read.
    """
    others = dram.covered.copy()
    others[gpu.segment] = True
    return np.asarray(whole_node | cpu.covered | (others & _present(timeline, cpu)))


def _present(timeline: Timeline, meter: Meter) -> Bool:
    absent = np.ones(int(timeline.node.max(initial=0)) + 1, np.bool_)
    absent[meter.intervals.entity] = False
    return np.asarray(meter.covered | absent[timeline.node])
