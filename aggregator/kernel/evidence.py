"""How sure a booking is: the half-width that is meant to hold the truth for nine of ten jobs."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64
from aggregator.kernel.ragged import ratio, sums
from aggregator.kernel.sheet import CPU, DRAM, DYNAMIC, GPU, REST, STATIC
from maxwatt.domain.energy import EVIDENCE, Evidence

RELATIVE: Final = {
    Evidence.COUNTED: 0.03,
    Evidence.INTEGRATED: 0.06,
    Evidence.INTERPOLATED: 0.15,
    Evidence.ACCOUNTED: 0.10,
    Evidence.MODELLED: 0.30,
}
"""Relative uncertainty of energy of each kind: meters and models. Declared, not measured."""

SPREAD: Final = 0.38
"""How far a job's joules per CPU second may lie from the node's mean, relative, where jobs differ by 0.6 to 1.6.

Declared is that range. Joules log-uniform in [a, b] = [0.6, 1.6] have the mean (b - a) / ln(b / a) = 1.020, and nine
tenths of them lie below b * (a / b)^0.1 = 1.450: 0.42. Calibrated in the closed loop is 0.38, because the other causes
are added to it and because a job's neighbours change: with it the sum holds the truth of nine jobs in ten.
"""

IDLE: Final = 0.10
"""Relative uncertainty of a node model's idle power. Declared."""

EDGE_S: Final = 1.0
"""Slurm's start and end are whole seconds: each is known to this [s]."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """What makes bookings uncertain, one entry per booking.

    Args:
        energy_j: [n, components, parts]; evidence_j: [n, kinds].
        slot: [n] number of the node and bucket that it belongs to.
        used_s: [n] CPU seconds `u`; crowd_s: [n] `sum of u_k^2 / U_k` over the meter intervals k.
        held_s: [n]; edges: [n] starts and ends of the job inside the booking.
        interval_s: [n] length of the meter intervals there.
    """

    energy_j: F64
    evidence_j: F64
    slot: I64
    used_s: F64
    crowd_s: F64
    held_s: F64
    edges: I64
    interval_s: F64


def uncertainty(doubts: Doubts) -> F64:
    """Relative uncertainty of bookings: causes that have nothing to do with each other, in quadrature.

    `sqrt(kinds^2 + mixing^2 + idle^2 + edges^2 + boards^2) / E`. It can exceed 1: what was booked for a short time may
    be less than what a second at its edges is worth.
    """
    weights = np.array([RELATIVE[kind] for kind in EVIDENCE])
    size: F64 = np.abs(doubts.evidence_j)
    causes_j = (size @ weights, *(cause(doubts) for cause in (_mixing_j, _idle_j, _edges_j, _boards_j)))
    squares = sum((cause_j**2 for cause_j in causes_j), np.zeros(len(size)))
    return ratio(np.sqrt(squares), size.sum(axis=1))


def _mixing_j(doubts: Doubts) -> F64:
    """All CPU seconds of an interval cost the same, real ones do not: `SPREAD * dynamic * sqrt(1 - 2 s + Q)` [J].

    Where the users i of a node have shares s_i of its CPU seconds and joules per CPU second k_i with a standard
    deviation sigma, what j is charged is off by `sum of s_i k_i - k_j`, whose variance is
    `sigma^2 * (1 - 2 s_j + Q)` with `Q = sum of s_i^2`. Alone (s = 1) there is no error.
    """
    slots = int(doubts.slot.max(initial=-1)) + 1
    share = ratio(doubts.crowd_s, doubts.used_s)
    all_s = sums(doubts.slot, doubts.used_s, slots)
    concentration = ratio(sums(doubts.slot, doubts.crowd_s, slots), all_s)[doubts.slot]
    variance = np.maximum(1 - 2 * share + concentration, (1 - share) ** 2)
    return np.asarray(SPREAD * _dynamic_j(doubts, CPU, DRAM) * np.sqrt(variance))


def _idle_j(doubts: Doubts) -> F64:
    """Idle power moves energy from dynamic to static: `IDLE * |static_j - S * dynamic_j / D|` [J].

    S and D are the node's static and dynamic energy: what a job gains by its allocation it loses by its use. Where
    nothing is dynamic nothing moves.
    """
    slots, moved = int(doubts.slot.max(initial=-1)) + 1, np.zeros(len(doubts.slot))
    for component in (CPU, DRAM, REST):
        static_j, dynamic_j = doubts.energy_j[:, component, STATIC], doubts.energy_j[:, component, DYNAMIC]
        node_static_j, node_dynamic_j = sums(doubts.slot, static_j, slots), sums(doubts.slot, dynamic_j, slots)
        by_use_j = ratio(node_static_j, node_dynamic_j)[doubts.slot] * dynamic_j
        moved += np.where(node_dynamic_j[doubts.slot] > 0, static_j - by_use_j, 0.0)
    return np.asarray(IDLE * np.abs(moved))


def _edges_j(doubts: Doubts) -> F64:
    """What is held costs its power for a second at each edge; in quadrature [J]."""
    held_j = doubts.energy_j[:, :, STATIC].sum(axis=1) + _dynamic_j(doubts, GPU)
    return np.asarray(np.sqrt(doubts.edges) * EDGE_S * ratio(held_j, doubts.held_s))


def _boards_j(doubts: Doubts) -> F64:
    """A board's counter is linear between two readings: what it drew for a job is smeared beyond the job's edges [J].

    A board that worked evenly for L and was free before and after loses at most 1/4 of an interval T at each edge: of
    what is left that is T / (2 L - T), or T / L for a job shorter than T; half of it for one edge.
    """
    interval_s, held_s = doubts.interval_s, doubts.held_s
    smeared = ratio(interval_s, held_s + np.maximum(held_s - interval_s, 0.0))
    return np.asarray(doubts.edges / 2 * smeared * _dynamic_j(doubts, GPU))


def _dynamic_j(doubts: Doubts, *components: int) -> F64:
    """Dynamic energy of some parts with their share of the dynamic rest [J]."""
    dynamic_j = doubts.energy_j[:, :, DYNAMIC]
    wanted_j = dynamic_j[:, list(components)].sum(axis=1)
    parts_j = dynamic_j[:, [CPU, DRAM, GPU]].sum(axis=1)
    return np.asarray(wanted_j + dynamic_j[:, REST] * ratio(wanted_j, parts_j))
