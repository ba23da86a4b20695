"""Who truly drew which joule on one node.

Dynamic energy follows CPU seconds. Static energy follows what was held: time is cut where the set of jobs changes, and
a cut is booked once Slurm has told what each of its jobs holds; until then it is `pending`.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.minicluster.simulator.cpuacct import Usage
from deploy.minicluster.simulator.slurm import Holding

NS_PER_S = 1e9


@dataclass(frozen=True, slots=True)
class Model:
    """A node's declared powers, as in cluster.json (see `machines.MachineKind`)."""

    cpus: int
    memory_mib: float
    cpu_idle_w: float
    cpu_j_per_cpu_s: float
    cpu_max_w: float
    dram_idle_w: float
    dram_j_per_cpu_s: float
    dram_max_w: float
    rest_w: float
    system_cpus: float


@dataclass(slots=True, eq=False)
class Lease:
    """A job on a node, from the appearance of its cgroup to its disappearance.

    Args:
        job_id: Slurm's id.
        first_ms, last_ms: when its cgroup was first and last seen [epoch ms]; `last_ms` None while it lasts.
        cpu_ns: CPU time [ns].
        holding: what Slurm gave it here, None until that is known.
        cpu_share_s, dram_share_s, rest_share_s: integral over time of its shares of static power [s].
    """

    job_id: int
    first_ms: int
    last_ms: int | None = None
    cpu_ns: int = 0
    holding: Holding | None = None
    cpu_share_s: float = 0.0
    dram_share_s: float = 0.0
    rest_share_s: float = 0.0


@dataclass(slots=True)
class Cut:
    """A stretch of time with one set of jobs."""

    leases: tuple[Lease, ...]
    seconds: float = 0.0


@dataclass(slots=True)
class NodeTruth:
    """The books of one node since the start of the simulator."""

    model: Model
    total_ns: int = 0
    unseen_ns: int = 0
    system_ns: int = 0
    elapsed_s: float = 0.0
    idle_cpu_s: float = 0.0
    idle_dram_s: float = 0.0
    idle_rest_s: float = 0.0
    leases: list[Lease] = field(default_factory=list)
    present: dict[int, Lease] = field(default_factory=dict)
    cuts: deque[Cut] = field(default_factory=deque)
    root_ns: int = 0

    def step(self, usage: Usage, seconds: float, now_ms: int) -> list[int]:
        """Book one step. Returns the ids of jobs that are new."""
        grown_ns = usage.total_ns - self.root_ns if usage.total_ns >= self.root_ns else usage.total_ns
        self.root_ns = usage.total_ns
        self.total_ns += grown_ns
        self.unseen_ns += grown_ns
        self.elapsed_s += seconds
        self.system_ns += round(self.model.system_cpus * seconds * NS_PER_S)
        self._pass_time(seconds)
        self._leave(usage, now_ms)
        new = self._arrive(usage, now_ms)
        for job_id, usage_ns in usage.jobs_ns.items():
            self._use(self.present[job_id], usage_ns - self.present[job_id].cpu_ns)
        return new

    def _use(self, lease: Lease, ns: int) -> None:
        lease.cpu_ns += ns
        self.unseen_ns -= ns

    def _leave(self, usage: Usage, now_ms: int) -> None:
        """Jobs whose cgroup is gone, or counts anew: what the node counted beyond the others is their tail."""
        gone = [lease for job_id, lease in self.present.items() if usage.jobs_ns.get(job_id, -1) < lease.cpu_ns]
        before_ns = {lease.job_id: lease.cpu_ns for lease in self.present.values() if lease not in gone}
        others_ns = sum(ns - before_ns.get(job_id, 0) for job_id, ns in usage.jobs_ns.items())
        tail_ns = max(0, self.unseen_ns - others_ns) // max(1, len(gone))
        for lease in gone:
            self._use(lease, tail_ns)
            lease.last_ms = now_ms
            del self.present[lease.job_id]

    def _arrive(self, usage: Usage, now_ms: int) -> list[int]:
        new = [job_id for job_id in usage.jobs_ns if job_id not in self.present]
        for job_id in new:
            self.present[job_id] = Lease(job_id, now_ms)
            self.leases.append(self.present[job_id])
        return new

    def _pass_time(self, seconds: float) -> None:
        here = tuple(self.present.values())
        if not self.cuts or self.cuts[-1].leases != here:
            self.cuts.append(Cut(here))
        self.cuts[-1].seconds += seconds

    def learn(self, answer: Callable[[int], Holding | None]) -> None:
        """Ask `answer` for holdings that are not known yet, and book every cut that has become known."""
        for lease in self.leases:
            if lease.holding is None:
                lease.holding = answer(lease.job_id)
        while self.cuts and all(lease.holding is not None for lease in self.cuts[0].leases):
            self._book(self.cuts.popleft())

    def _book(self, cut: Cut) -> None:
        """Shares of one cut. Held more than once, a share is divided by what is held: `a / max(1, Σa)`."""
        cpu = _shares([lease.holding.cpus / self.model.cpus for lease in cut.leases if lease.holding])
        dram = _shares([lease.holding.memory_mib / self.model.memory_mib for lease in cut.leases if lease.holding])
        rest = [self._weight(a, m) for a, m in zip(cpu, dram, strict=True)]
        for lease, a, m, w in zip(cut.leases, cpu, dram, rest, strict=True):
            lease.cpu_share_s += a * cut.seconds
            lease.dram_share_s += m * cut.seconds
            lease.rest_share_s += w * cut.seconds
        self.idle_cpu_s += (1 - sum(cpu)) * cut.seconds
        self.idle_dram_s += (1 - sum(dram)) * cut.seconds
        self.idle_rest_s += (1 - sum(rest)) * cut.seconds

    def _weight(self, cpu_share: float, dram_share: float) -> float:
        """Share of the rest: shares of the parts, weighed with their full power."""
        model = self.model
        held_w = cpu_share * model.cpu_max_w + dram_share * model.dram_max_w
        return held_w / (model.cpu_max_w + model.dram_max_w)

    def energy_j(self) -> dict[str, float]:
        """True joules of each component since the start: what the counters show."""
        busy_s = (self.total_ns + self.system_ns) / NS_PER_S
        return {
            "cpu": self.model.cpu_idle_w * self.elapsed_s + self.model.cpu_j_per_cpu_s * busy_s,
            "dram": self.model.dram_idle_w * self.elapsed_s + self.model.dram_j_per_cpu_s * busy_s,
            "rest": self.model.rest_w * self.elapsed_s,
        }

    def accounts(self) -> dict[str, dict[str, float]]:
        """True joules of everybody who is no job. With the jobs they sum to `energy_j`, component by component."""
        pending_s = sum(cut.seconds for cut in self.cuts)
        return {
            "system": _dynamic(self.model, self.system_ns),
            "unseen": _dynamic(self.model, self.unseen_ns),
            "idle": _static(self.model, self.idle_cpu_s, self.idle_dram_s, self.idle_rest_s),
            "pending": _static(self.model, pending_s, pending_s, pending_s),
        }

    def jobs(self) -> list[dict[str, Any]]:
        """One row per job, and per attempt of a job, that was ever here."""
        return [_row(self.model, lease) for lease in self.leases]


def _shares(held: list[float]) -> list[float]:
    over = max(1.0, sum(held))
    return [share / over for share in held]


def _dynamic(model: Model, cpu_ns: int) -> dict[str, float]:
    cpu_s = cpu_ns / NS_PER_S
    return {"cpu_dynamic_j": model.cpu_j_per_cpu_s * cpu_s, "dram_dynamic_j": model.dram_j_per_cpu_s * cpu_s}


def _static(model: Model, cpu_s: float, dram_s: float, rest_s: float) -> dict[str, float]:
    return {
        "cpu_static_j": model.cpu_idle_w * cpu_s,
        "dram_static_j": model.dram_idle_w * dram_s,
        "rest_static_j": model.rest_w * rest_s,
    }


def _row(model: Model, lease: Lease) -> dict[str, Any]:
    holding = lease.holding or Holding(0.0, 0.0)
    energy_j = _dynamic(model, lease.cpu_ns)
    energy_j |= _static(model, lease.cpu_share_s, lease.dram_share_s, lease.rest_share_s)
    known = "pending" if lease.holding is None else "even" if holding.even else "detail" if holding.cpus else "unknown"
    return {
        "job_id": lease.job_id,
        "first_ms": lease.first_ms,
        "last_ms": lease.last_ms,
        "cpu_s": lease.cpu_ns / NS_PER_S,
        "cpus": holding.cpus,
        "memory_bytes": round(holding.memory_mib * (1 << 20)),
        "allocation": known,
        "energy_j": energy_j,
    }
