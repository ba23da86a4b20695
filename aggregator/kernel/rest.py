"""The rest of a node - fans, losses, disks: from the whole-node meter less its parts, else from the node model."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool, Chunk
from aggregator.kernel.counters import COUNTED, MODELLED, Intervals
from aggregator.kernel.idle import idle_w
from aggregator.kernel.meters import Meter, on_timeline
from aggregator.kernel.ragged import ratio, sums
from aggregator.kernel.timeline import Axis, Timeline

SLOT_MS: Final = 5 * 60 * 1000
"""Rest is formed between the last good whole-node readings of successive 5-minute UTC slots."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the rest is formed from.

    Args:
        energy_j: [s] energy of cpu, dram and the GPUs that the meter includes, as far as they were metered.
        dynamic_j: [s] dynamic energy of all parts and accounts.
        known: [s] whether every part that the meter includes was metered there.
        evidence: [s] the weakest of the parts', index into EVIDENCE.
    """

    energy_j: F64
    dynamic_j: F64
    known: Bool
    evidence: I64


@dataclass(frozen=True, slots=True)
class Rest:
    """Rest per segment.

    Args:
        static_j: [s] linear in time.
        per_dynamic: [s] `rho`: joules of rest for each dynamic joule of the parts.
        evidence: [s] of the rest, index into EVIDENCE.
        unattributed_j: [s] negative: by how much the parts exceed the whole-node meter; positive: what the meter
            measured while some part was not read, beyond the modelled rest.
        unattributed_evidence: [s].
        covered: [s] whether the whole-node meter was read there.
    """

    static_j: F64
    per_dynamic: F64
    evidence: I64
    unattributed_j: F64
    unattributed_evidence: I64
    covered: Bool


@dataclass(frozen=True, slots=True)
class Remainders:
    """What the parts leave of the whole-node meter, between the last readings of successive slots.

    Args:
        meter: the whole-node meter.
        energy_j: [k] `whole - parts`; negative where the meters contradict each other.
        known: [k] whether every part was metered all the time.
        evidence: [k] the weakest of the whole-node meter's and the parts'.
    """

    meter: Meter
    energy_j: F64
    known: Bool
    evidence: I64


def rest(chunk: Chunk, timeline: Timeline, whole_node: Intervals, parts: Parts, cpu: Meter) -> Rest:
    """Metered where the whole-node meter and all parts were read, else modelled where the CPU was metered.

    Args:
        whole_node: the whole-node meter, between neighbouring readings.
    """
    modelled = _modelled(chunk, timeline, cpu)
    if not len(whole_node):
        return modelled
    left = remainders(timeline, whole_node, parts)
    return _metered(left, parts, modelled, idle_w(chunk.idle, chunk.idle.rest_w, timeline.axis, left.meter.intervals))


def _modelled(chunk: Chunk, timeline: Timeline, cpu: Meter) -> Rest:
    """The base power and the ratio of the node model, where the CPU was metered."""
    base_w = np.array([node.model.rest_base_w for node in chunk.nodes])[timeline.node]
    per_dynamic = np.array([node.model.rest_ratio for node in chunk.nodes])[timeline.node]
    count = len(timeline.start)
    return Rest(
        static_j=np.where(cpu.covered, base_w * cpu.spread(cpu.intervals.seconds), 0.0),
        per_dynamic=np.where(cpu.covered, per_dynamic, 0.0),
        evidence=np.full(count, MODELLED),
        unattributed_j=np.zeros(count),
        unattributed_evidence=np.full(count, COUNTED),
        covered=np.zeros(count, np.bool_),
    )


def remainders(timeline: Timeline, whole_node: Intervals, parts: Parts) -> Remainders:
    """`whole - parts` by slots."""
    meter = on_timeline(timeline, joined_by_slot(timeline.axis, whole_node))
    unknown_ms = meter.gather(np.where(parts.known, 0.0, timeline.length_ms))
    evidence = meter.intervals.evidence.copy()
    np.maximum.at(evidence, meter.interval[meter.covered], parts.evidence[meter.covered])
    return Remainders(meter, meter.intervals.amount - meter.gather(parts.energy_j), unknown_ms == 0, evidence)


def _metered(left: Remainders, parts: Parts, modelled: Rest, base_w: F64) -> Rest:
    """`R = whole - parts`, split once per interval: `S = min(R, P_base * dt)`, `rho = (R - S) / dynamic parts`.

    Where some part was not metered, R holds that part's energy too: the rest is modelled, but at most R, and what is
    left of R has no place.

    Args:
        base_w: [k] power of the rest of a node without work in each interval [W].
    """
    meter, whole = left.meter, left.meter.intervals
    energy = np.maximum(left.energy_j, 0.0)
    dynamic_parts = meter.gather(parts.dynamic_j)
    static = np.where(dynamic_parts > 0, np.minimum(energy, base_w * whole.seconds), energy)
    guess = meter.gather(modelled.static_j + modelled.per_dynamic * parts.dynamic_j)
    scale = np.minimum(ratio(energy, guess), 1.0)
    placed = np.where(left.known, energy, np.minimum(guess, energy))
    k, on = meter.interval, meter.covered
    known, cut = on & left.known[k], np.where(on & ~left.known[k], scale[k], 1.0)
    return Rest(
        static_j=np.where(known, meter.spread(static), modelled.static_j * cut),
        per_dynamic=np.where(known, ratio(energy - static, dynamic_parts)[k], modelled.per_dynamic * cut),
        evidence=np.where(known, left.evidence[k], modelled.evidence),
        unattributed_j=meter.spread(left.energy_j - placed),
        unattributed_evidence=np.where(on, whole.evidence[k], COUNTED),
        covered=on,
    )


def joined_by_slot(axis: Axis, fine: Intervals) -> Intervals:
    """Join touching intervals whose ends fall into one slot: from last reading to last reading of the slots."""
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
