"""Who holds which part of which GPU in each cell, and who worked on it."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool, Chunk, GpuShares
from aggregator.kernel.gpu import GpuEnergy
from aggregator.kernel.holdings import Holdings, shared_out
from aggregator.kernel.ragged import expand, ratio, sums
from aggregator.kernel.timeline import Timeline


@dataclass(frozen=True, slots=True)
class GpuHoldings:
    """Parts of GPUs in cells.

    Args:
        holding: [e] index into Holdings; slot: [e] as in GpuEnergy.
        static, dynamic: [e] shares of the board's static and dynamic energy.
        static_assumed, dynamic_assumed: [e] whether the share was told by nobody.
        activity: [e] of the held part, NaN: unknown; alone: [e] whether nobody else holds a part of the board.
        static_free, dynamic_free: [slots of all cells] what is left for idle.
    """

    holding: I64
    slot: I64
    static: F64
    dynamic: F64
    static_assumed: Bool
    dynamic_assumed: Bool
    activity: F64
    alone: Bool
    static_free: F64
    dynamic_free: F64


def gpu_holdings(chunk: Chunk, timeline: Timeline, held: Holdings, energy: GpuEnergy) -> GpuHoldings:
    """Static by share of the board, divided by what is held where that exceeds it; dynamic by share and activity."""
    shares, slots = _with_exclusive(chunk, energy), timeline.cell_count * energy.slots
    first, behind = (np.searchsorted(shares.life, held.life, side) for side in ("left", "right"))
    holding, entry = expand(first, behind - first)
    slot = held.cell[holding] * energy.slots + shares.gpu[entry]
    static, free = shared_out(shares.share[entry], slot, slots)
    activity, assumed = shares.activity[entry], shares.assumed[entry]
    dynamic, dynamic_free, guessed = by_activity(static, activity, slot, free)
    alone = np.bincount(slot, minlength=slots)[slot] == 1
    return GpuHoldings(holding, slot, static, dynamic, assumed, assumed | guessed, activity, alone, free, dynamic_free)


def _with_exclusive(chunk: Chunk, energy: GpuEnergy) -> GpuShares:
    """The shares in order of life; jobs that have a node for themselves hold every board it has."""
    lives, shares = chunk.lives, chunk.gpu_shares
    whole = np.flatnonzero(lives.exclusive)
    row, gpu = np.nonzero(energy.present[lives.node[whole]])
    told = ~lives.exclusive[shares.life] & (shares.gpu >= 0)
    life = np.concatenate([shares.life[told], whole[row]])
    order = np.argsort(life, kind="stable")
    ones, unknown = np.ones(len(row)), np.full(len(row), np.nan)
    return GpuShares(
        life=life[order],
        gpu=np.concatenate([shares.gpu[told], gpu])[order],
        share=np.concatenate([shares.share[told], ones])[order],
        activity=np.concatenate([shares.activity[told], unknown])[order],
        assumed=np.concatenate([shares.assumed[told], np.zeros(len(row), np.bool_)])[order],
    )


def by_activity(share: F64, activity: F64, slot: I64, free: F64) -> tuple[F64, F64, Bool]:
    """Shares of dynamic energy: `share * activity / sum of share * activity`; where nobody was active, by share.

    Args:
        share: [e] of the board, at most 1 over a slot; activity: [e] share of the time it worked, NaN: unknown, counts
            as 1; slot: [e].
        free: [slots] what nobody holds.

    Returns:
        Share of each entry, what is left in each slot, and whether an unknown activity decided between several.
    """
    unknown = np.isnan(activity)
    weight = share * np.where(unknown, 1.0, activity)
    total = sums(slot, weight, len(free))
    holders, unknowns = (sums(slot, each, len(free)) for each in (np.ones(len(slot)), unknown.astype(np.float64)))
    worked = total > 0
    dynamic = np.where(worked[slot], ratio(weight, total[slot]), share)
    return dynamic, np.where(worked, 0.0, free), ((holders > 1) & (unknowns > 0))[slot]
