"""The two prices of a meter interval: watts for being there, joules for each CPU second."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64
from aggregator.kernel.counters import Intervals
from aggregator.kernel.ragged import ratio


@dataclass(frozen=True, slots=True)
class Prices:
    """Per meter interval k, `E_k = S_k + D_k`.

    Args:
        static_j: [k] `S_k = min(E_k, P_idle * dt_k)`, all of E_k where no CPU second was used [J].
        dynamic_j: [k] `D_k = E_k - S_k` [J].
        per_cpu_s: [k] `e_k = D_k / U_k` [J per CPU second], 0 where U_k is 0.
    """

    static_j: F64
    dynamic_j: F64
    per_cpu_s: F64


def prices(intervals: Intervals, idle_w: F64, cpu_s: F64) -> Prices:
    """Split each interval once; everything finer is cut with the prices.

    Args:
        idle_w: [k] idle power of the interval's component [W], 0 where it is not known.
        cpu_s: [k] all CPU seconds of the node in the interval, `U_k`.
    """
    static = np.minimum(intervals.amount, idle_w * intervals.seconds)
    static = np.where(cpu_s > 0, static, intervals.amount)
    dynamic = intervals.amount - static
    return Prices(static, dynamic, ratio(dynamic, cpu_s))
