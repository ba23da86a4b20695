"""When a node's agent reads: on a grid, a little late, not while it or the node restarts; some readings get lost."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.closed_loop.generator.activity import F64, I64
from benchmarks.closed_loop.generator.workload import DOWN_S

LOST: Final = 0.02
LATE_S: Final = 0.15
RESTARTS_PER_S: Final = 1 / 14_400
"""An agent is restarted about every four hours."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """Readings of one node.

    Args:
        at_s: [n] since the start of the scene; ts_ms: [n] the node's wall clock; monotonic_s: [n] its own clock.
        boot, agent: [n] numbers of the boot and of the agent's process.
        lost: [n] read, but never arrived.
    """

    at_s: F64
    ts_ms: I64
    monotonic_s: F64
    boot: I64
    agent: I64
    lost: NDArray[np.bool_]


def sampling(rng: np.random.Generator, seconds: int, interval_s: float, reboot_s: float, start_ms: int) -> Sampling:
    """The readings of one node.

    Args:
        reboot_s: when the node goes down, NaN: never.
        start_ms: wall clock at the start of the scene [epoch ms UTC].
    """
    grid_s = np.arange(rng.uniform(0, min(interval_s, 10)), seconds - 1, interval_s)
    at_s = grid_s + rng.uniform(0, LATE_S, len(grid_s))
    restarts_s = np.sort(rng.uniform(600, seconds, rng.poisson(seconds * RESTARTS_PER_S)))
    away = (at_s >= reboot_s) & (at_s < reboot_s + DOWN_S)
    for restart_s in restarts_s:
        away |= (at_s >= restart_s) & (at_s < restart_s + rng.uniform(5, 60))
    at_s = at_s[~away]
    boot = (at_s >= reboot_s).astype(np.int64)
    booted_s = np.where(boot == 1, reboot_s + DOWN_S - 60, -rng.uniform(1e5, 1e6))
    drift, offset_ms = 1 + rng.uniform(-3e-5, 3e-5), rng.uniform(-20, 20)
    return Sampling(
        at_s=at_s,
        ts_ms=np.round(start_ms + at_s * 1000 + offset_ms).astype(np.int64),
        monotonic_s=(at_s - booted_s) * drift,
        boot=boot,
        agent=np.searchsorted(np.append(restarts_s, np.nan_to_num(reboot_s, nan=np.inf)), at_s),
        lost=rng.random(len(at_s)) < LOST,
    )
