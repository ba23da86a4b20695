"""The simulated cluster's Slurm: answers the aggregator's polls from the planned jobs, at the present time."""

from dataclasses import dataclass, field

from maxwatt.cli.simulation.cluster import NODE_KIND
from maxwatt.cli.simulation.schedule import Placed, as_seen_at
from maxwatt.domain.clock import now_ms
from maxwatt.domain.jobs import JobRecord, NodeRecord, SlurmSnapshot
from maxwatt.domain.periods import HOUR_MS
from maxwatt.domain.units import DAY_MS, MS_PER_S

MIN_JOB_AGE_MS = 300 * MS_PER_S
"""How long the live source still shows a finished job, as Slurm's MinJobAge."""

TROUBLE = (
    (("sim-c019", "sim-m005"), range(24), "+DRAIN", "memory errors"),
    (("sim-c007", "sim-c008"), range(2, 5), "+NOT_RESPONDING", "Not responding"),
)
"""Nodes that cannot be used in some hours of the day (UTC): what Slurm says of them, and why."""


@dataclass(frozen=True)
class SimulatedSlurm:
    """A LiveSource and an AccountingSource in one."""

    jobs_placed: list[Placed]
    name: str = "simulated"
    extra_nodes: tuple[NodeRecord, ...] = field(default=())

    def snapshot(self) -> SlurmSnapshot:
        """Jobs that run now or ended a moment ago, and every node's state."""
        now = now_ms()
        jobs = tuple(self._overlapping(now - MIN_JOB_AGE_MS, now))
        return SlurmSnapshot(now, jobs, self.nodes_at(now) + self.extra_nodes)

    def nodes_at(self, at_ms: int) -> tuple[NodeRecord, ...]:
        """Every node's state at a time [epoch ms]."""
        jobs = (job.record for job in self.jobs_placed)
        alive = [job for job in jobs if job.key.start_ms <= at_ms < (job.end_ms or at_ms + 1)]
        busy = {held.node for job in alive for held in job.allocations}
        return tuple(_node(name, name in busy, at_ms) for name in NODE_KIND)

    def jobs(self, start_ms: int, end_ms: int) -> tuple[list[JobRecord], list[str]]:
        """Jobs that ran in [start_ms, end_ms) as accounting shows them now."""
        return self._overlapping(start_ms, min(end_ms, now_ms())), []

    def _overlapping(self, start_ms: int, end_ms: int) -> list[JobRecord]:
        now = now_ms()
        return [
            as_seen_at(job.record, now)
            for job in self.jobs_placed
            if job.record.key.start_ms < end_ms and (job.record.end_ms or now) > start_ms
        ]


def _node(name: str, busy: bool, at_ms: int) -> NodeRecord:
    kind = NODE_KIND[name]
    hour, base = at_ms % DAY_MS // HOUR_MS, "MIXED" if busy else "IDLE"
    said = [(flag, why) for names, hours, flag, why in TROUBLE if name in names and hour in hours]
    flag, reason = said[0] if said else ("", "")
    return NodeRecord(
        name, base + flag, kind.cpus, kind.memory_bytes, kind.gpus, (kind.partition,), kind.features, reason
    )
