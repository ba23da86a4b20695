"""Jobs whose allocation changed while they ran: each stretch is a life of its own, but the cgroup counts on."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64, Lives

APART_MS: Final = 60_000
"""So far apart may be the ends that are told of two stretches: polls lie between. A requeue takes longer."""


@dataclass(frozen=True, slots=True)
class Carried:
    """First samples of lives whose counter began in the life before, and that one's last sample.

    Args:
        first, last: [r] rows of the samples; before: [r] the earlier life.
    """

    first: I64
    last: I64
    before: I64


def carried(lives: Lives, life: I64, cpu_s: F64) -> Carried:
    """Where a counter goes on: same job id and node, hardly any time in between, and no smaller count.

    Args:
        life, cpu_s: [s] samples in order of life and time.
    """
    order = np.lexsort((lives.start_ms, lives.job_id, lives.node))
    a, b = order[:-1], order[1:]
    same = (lives.node[a] == lives.node[b]) & (lives.job_id[a] == lives.job_id[b])
    a, b = a[same], b[same]
    near = lives.start_ms[b] - lives.end_ms[a] <= APART_MS
    a, b = a[near], b[near]
    behind, first = np.searchsorted(life, a, side="right"), np.searchsorted(life, b)
    sampled = (behind > np.searchsorted(life, a)) & (np.searchsorted(life, b, side="right") > first)
    a, last, first = a[sampled], behind[sampled] - 1, first[sampled]
    on = cpu_s[first] >= cpu_s[last]
    return Carried(first[on], last[on], a[on])
