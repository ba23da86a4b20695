"""The rest of a node - fans, losses, disks: from the whole-node meter less its parts, else from the node model."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool, Chunk
from aggregator.kernel.counters import MODELLED, Intervals
from aggregator.kernel.meters import Meter, on_timeline
from aggregator.kernel.ragged import ratio, sums
from aggregator.kernel.timeline import Timeline

SLOT_MS: Final = 5 * 60 * 1000
"""Rest is formed between the last good whole-node readings of successive 5-minute UTC slots."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the rest is formed from.

    Args:
        energy_j: [s] measured energy of cpu, dram and GPUs per segment.
        dynamic_j: [s] of these, the dynamic part of all accounts.
        known: [s] whether every part the node has was metered there.
    """

    energy_j: F64
    dynamic_j: F64
    known: Bool


@dataclass(frozen=True, slots=True)
class Rest:
    """Rest per segment.

    Args:
        static_j: [s] linear in time.
        per_dynamic: [s] `rho`: joules of rest for each dynamic joule of the parts.
        unattributed_j: [s] negative: by how much the parts exceed the whole-node meter.
        evidence: [s] index into EVIDENCE.
    """

    static_j: F64
    per_dynamic: F64
    unattributed_j: F64
    evidence: I64


def rest(chunk: Chunk, timeline: Timeline, whole_node: Intervals, parts: Parts, cpu: Meter) -> Rest:
    """Metered where the whole-node meter and all parts were read, else modelled where the CPU was metered.

    Args:
        whole_node: the whole-node meter, between neighbouring readings.
    """
    base_w = np.array([node.model.rest_base_w for node in chunk.nodes])[timeline.node]
    per_dynamic = np.array([node.model.rest_ratio for node in chunk.nodes])[timeline.node]
    modelled = Rest(
        static_j=np.where(cpu.covered, base_w * cpu.spread(cpu.intervals.seconds), 0.0),
        per_dynamic=np.where(cpu.covered, per_dynamic, 0.0),
        unattributed_j=np.zeros(len(timeline.start)),
        evidence=np.full(len(timeline.start), MODELLED),
    )
    joined = _joined_by_slot(timeline, whole_node)
    if not len(joined):
        return modelled
    return _metered(_where_known(timeline, on_timeline(timeline, joined), parts), parts, modelled, base_w)


def _metered(meter: Meter, parts: Parts, modelled: Rest, base_w: F64) -> Rest:
    """`R = whole - parts`, split once per interval: `S = min(R, P_base * dt)`, `rho = (R - S) / dynamic parts`."""
    whole, on = meter.intervals, meter.covered
    idle_w = np.zeros(len(whole))
    idle_w[meter.interval[on]] = base_w[on]
    energy = whole.amount - meter.gather(parts.energy_j)
    overshoot, energy = np.minimum(energy, 0.0), np.maximum(energy, 0.0)
    dynamic_parts = meter.gather(parts.dynamic_j)
    static = np.where(dynamic_parts > 0, np.minimum(energy, idle_w * whole.seconds), energy)
    return Rest(
        static_j=np.where(on, meter.spread(static), modelled.static_j),
        per_dynamic=np.where(on, ratio(energy - static, dynamic_parts)[meter.interval], modelled.per_dynamic),
        unattributed_j=meter.spread(overshoot),
        evidence=np.where(on, whole.evidence[meter.interval], modelled.evidence),
    )


def _where_known(timeline: Timeline, meter: Meter, parts: Parts) -> Meter:
    """The meter without the intervals in which some part was not metered."""
    unknown = meter.gather(np.where(parts.known, 0.0, timeline.length_ms)) > 0
    usable = meter.covered & ~unknown[meter.interval]
    return Meter(meter.intervals, meter.interval, usable, np.where(usable, meter.share, 0.0))


def _joined_by_slot(timeline: Timeline, fine: Intervals) -> Intervals:
    """Join touching intervals whose ends fall into one slot: from last reading to last reading of the slots."""
    if not len(fine):
        return fine
    axis = timeline.axis
    slot = (fine.end % axis.span + axis.origin_ms) // SLOT_MS
    same = np.zeros(len(fine), np.bool_)
    same[1:] = (fine.entity[1:] == fine.entity[:-1]) & (fine.start[1:] == fine.end[:-1]) & (slot[1:] == slot[:-1])
    group, first = np.cumsum(~same) - 1, np.flatnonzero(~same)
    last = np.append(first[1:], len(fine)) - 1
    return Intervals(
        entity=fine.entity[first],
        start=fine.start[first],
        end=fine.end[last],
        seconds=sums(group, fine.seconds, len(first)),
        amount=sums(group, fine.amount, len(first)),
        evidence=np.maximum.reduceat(fine.evidence, first),
    )
