"""Read models of sums of energy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aggregator.queries.models import Evidence, FigureUse

Grouping = Literal["user", "account", "partition", "qos"]
"""What energy of jobs can be summed by."""


@dataclass(frozen=True, slots=True)
class EnergyRow:
    """Energy of one user, account or partition: the bookings of its jobs, and of a user's sessions.

    Args:
        name: sessions have no account or partition: there they are a row of their own, `(sessions)`.
        jobs: jobs with a booking in the time.
        sessions_j: of `energy_j`, that of sessions.
        cpu_hours: CPUs held x hours.
        waste_j: sum of the bookings whose waste is known, None where none is.
        waste_unknown_j: energy of the bookings whose waste is unknown; above 0, `waste_j` is a lower bound.
    """

    name: str
    jobs: int
    cpu_hours: float
    energy_j: float
    energy_static_j: float
    energy_dynamic_j: float
    waste_j: float | None
    co2_g: float | None
    co2_market_g: float | None
    cost: float | None
    evidence: Evidence
    waste_unknown_j: float = 0.0
    sessions_j: float = 0.0


@dataclass(frozen=True, slots=True)
class NodeEnergyRow:
    """Energy of one node, or of one home group of nodes, by account [J]; the accounts sum to `energy_j`."""

    name: str
    energy_j: float
    by_account_j: Mapping[str, float]
    co2_g: float | None
    co2_market_g: float | None
    cost: float | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class EnergySummary:
    """Where the energy of a time went: jobs, sessions, system, idle, unattributed; they sum to `total_j`.

    A viewer who does not see all gets their own jobs and sessions only: the three others are None.
    `figures` are what CO2 and cost were computed with, weighted by time.
    `booked_s` is the time behind the sums [s]: that of the buckets in which something was measured.
    `idle_by_kind_j` splits `idle_j` by the state of the nodes: `idle`, `drained`, `down`, `powered_off`, `booting`.
    """

    since_ms: int
    until_ms: int
    jobs_j: float
    system_j: float | None
    idle_j: float | None
    unattributed_j: float | None
    total_j: float
    by_component_j: Mapping[str, float]
    co2_g: float | None
    co2_market_g: float | None
    cost: float | None
    evidence: Evidence
    booked_s: float
    sessions_j: float = 0.0
    idle_by_kind_j: Mapping[str, float] = field(default_factory=dict)
    figures: tuple[FigureUse, ...] = ()


@dataclass(frozen=True, slots=True)
class EnergySeries:
    """Mean power of each account over time, for the cluster or of one viewer: `{"jobs": [W], "sessions": [W], …}`."""

    start_ms: tuple[int, ...]
    step_ms: int
    power_w: Mapping[str, tuple[float | None, ...]]
