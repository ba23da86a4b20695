"""The simulated cluster's Slurm: answers the aggregator's polls from the planned jobs, at the present time."""

from dataclasses import dataclass, field

from maxwatt.cli.simulation.cluster import NODE_KIND
from maxwatt.cli.simulation.schedule import Placed, as_seen_at
from maxwatt.domain.clock import now_ms
from maxwatt.domain.jobs import JobRecord, NodeRecord, SlurmSnapshot
from maxwatt.domain.units import MS_PER_S

MIN_JOB_AGE_MS = 300 * MS_PER_S
"""How long the live source still shows a finished job, as Slurm's MinJobAge."""


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
        busy = {a.node for job in jobs if job.end_ms is None for a in job.allocations}
        nodes = tuple(_node(name, name in busy) for name in NODE_KIND)
        return SlurmSnapshot(now, jobs, nodes + self.extra_nodes)

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


def _node(name: str, busy: bool) -> NodeRecord:
    kind = NODE_KIND[name]
    state = "MIXED" if busy else "IDLE"
    return NodeRecord(name, state, kind.cpus, kind.memory_bytes, kind.gpus, (kind.partition,), kind.features)
