"""How honest the simulated hardware is: in one regime the method's assumptions hold, in the other they do not."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Regime:
    """What makes a joule hard to attribute; all 0 (and 1 to 1) where nothing does.

    Args:
        joules_low, joules_high: range of the jobs' joules per CPU second, relative to the node's [1]; log-uniform.
        turbo: by how much a CPU second costs more while the node is nearly empty [1].
        smt_share: cost of a CPU second on a core that is already busy, relative to the first one [1].
        fan_ratio, fan_lag_s: watts of fans for each dynamic watt, and how long they take to follow.
        gain: half-width of the error of each meter's scale [1].
        noise: standard deviation of one reading of a whole-node power [1].
        idle_drift: amplitude of the idle power's slow waves [1].
        declared: half-width of the error of the node model's idle and rest powers [1].
        killed: share of jobs whose end cuts off part of Slurm's TotalCPU.
        overcounted: share of jobs of which TotalCPU says up to twice what they used.
        powers: some whole-node meters read power, slowly, instead of counting energy.
        read_lag_s: how late within its cycle a counter may be read [s].
    """

    name: str
    joules_low: float = 1.0
    joules_high: float = 1.0
    turbo: float = 0.0
    smt_share: float = 1.0
    fan_ratio: float = 0.0
    fan_lag_s: float = 90.0
    gain: float = 0.0
    noise: float = 0.0
    idle_drift: float = 0.0
    declared: float = 0.0
    killed: float = 0.0
    overcounted: float = 0.0
    powers: bool = False
    read_lag_s: float = 0.0


PLUMBING: Final = Regime("plumbing")
"""Power is linear in CPU time and every meter is exact: an error here is a fault of the program."""

PHYSICS: Final = Regime(
    "physics", joules_low=0.6, joules_high=1.6, turbo=0.25, smt_share=0.55, fan_ratio=0.08, gain=0.02, noise=0.01,
    idle_drift=0.02, declared=0.1, killed=0.04, overcounted=0.03, powers=True, read_lag_s=0.02,
)  # fmt: skip
"""What real nodes do: an error here is the method's limit."""
