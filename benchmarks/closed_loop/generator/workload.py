"""Who runs when, where and on what: jobs of 1 s to 10 h, packed at random onto the nodes."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from benchmarks.closed_loop.generator.machine import Machine
from benchmarks.closed_loop.generator.regime import Regime

SHORTEST_S: Final = 1.0
LONGEST_S: Final = 36_000.0
DOWN_S: Final = 240.0
"""How long a node is away while it boots."""
FILL: Final = 0.75
"""Share of a node's CPU time that is given away, at most."""
OVERBOOKED: Final = 1.6
"""How much of its CPUs a `shared` node gives away at a time."""
TRIES, MISSES = 25, 60


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it really was.

    Args:
        begin_s, end_s: when it held its nodes, since the start of the scene.
        machines: indices of its nodes; on each it holds `cpus`, `memory_bytes` and `gpus`.
        suspended: spans in which it was stopped.
        use: share of its CPUs that it works with, on the whole; gpu_use: likewise of its GPUs.
        cpu_weight, dram_weight: its joules per CPU second relative to the node's.
        seen: Slurm's TotalCPU as a share of the CPU time that it used.
        state: Slurm's word for its end.
    """

    number: int
    begin_s: float
    end_s: float
    machines: tuple[int, ...]
    cpus: int
    memory_bytes: int
    gpus: tuple[int, ...]
    exclusive: bool
    suspended: tuple[tuple[float, float], ...]
    use: float
    gpu_use: float
    cpu_weight: float
    dram_weight: float
    seen: float = 1.0
    state: str = "COMPLETED"


class _Room:
    """What is taken of a node in every second."""

    def __init__(self, machine: Machine, seconds: int) -> None:
        self.machine, limit = machine, OVERBOOKED if machine.crowd == "shared" else 1.0
        self._cpus, self._limit = np.zeros(seconds, np.int32), limit * machine.cpus
        self._gpus = np.zeros((machine.gpus, seconds), np.bool_)

    def free_gpus(self, begin_s: float, end_s: float) -> list[int]:
        found: list[int] = np.flatnonzero(~self._gpus[:, _seconds(begin_s, end_s)].any(axis=1)).tolist()
        return found

    def fits(self, begin_s: float, end_s: float, cpus: int) -> bool:
        return bool(self._cpus[_seconds(begin_s, end_s)].max() + cpus <= self._limit)

    def take(self, job: Job) -> None:
        span = _seconds(job.begin_s, job.end_s)
        self._cpus[span] += self.machine.cpus if job.exclusive else job.cpus
        self._gpus[list(job.gpus), span] = True

    @property
    def fill(self) -> float:
        return float(self._cpus.mean() / self.machine.cpus)


def _seconds(begin_s: float, end_s: float) -> slice:
    return slice(int(begin_s), int(end_s) + 1)


def jobs(
    rng: np.random.Generator, machines: tuple[Machine, ...], seconds: int, regime: Regime, reboots: tuple[float, ...]
) -> tuple[Job, ...]:
    """Every job, in order of start. Those that ran on a node when it rebooted ended with that.

    Args:
        reboots: per node when it goes down, NaN where it does not [s].
    """
    rooms = [_Room(machine, seconds) for machine in machines]
    found: list[Job] = []
    for index, room in enumerate(rooms):
        missed = 0
        while room.fill < FILL and missed < MISSES:
            job = _placed(rng, rooms, index, seconds, regime)
            missed = missed + 1 if job is None else 0
            found += [] if job is None else [job]
    ended = [_ended_by_reboot(job, reboots) for job in found]
    kept = sorted((job for job in ended if job.end_s - job.begin_s >= SHORTEST_S), key=lambda job: job.begin_s)
    return tuple(replace(job, number=1000 + number) for number, job in enumerate(kept))


def _placed(rng: np.random.Generator, rooms: list[_Room], index: int, seconds: int, regime: Regime) -> Job | None:
    """A job that fits somewhere into the node's time, None where none of some tries does."""
    machine = rooms[index].machine
    length_s = float(np.exp(rng.uniform(np.log(SHORTEST_S), np.log(min(LONGEST_S, 0.9 * seconds)))))
    exclusive = machine.crowd == "whole" or (machine.crowd == "halves" and rng.random() < 0.1)
    cpus = machine.cpus if exclusive else _cpus(rng, machine)
    places = _places(rng, rooms, index)
    for _ in range(TRIES):
        begin_s = float(rng.uniform(30, seconds - length_s - 60))
        end_s = begin_s + length_s
        gpus = _gpus(rng, rooms[index], begin_s, end_s)
        if all(rooms[place].fits(begin_s, end_s, cpus) for place in places) and gpus is not None:
            job = _job(rng, machine, regime, begin_s, end_s, tuple(places), cpus, gpus, exclusive)
            for place in places:
                rooms[place].take(job)
            return job
    return None


def _places(rng: np.random.Generator, rooms: list[_Room], index: int) -> list[int]:
    """The node, and now and then others of its kind."""
    machine = rooms[index].machine
    alike = [
        number for number, other in enumerate(rooms)
        if number != index and other.machine.crowd == machine.crowd and other.machine.cpus == machine.cpus
    ]  # fmt: skip
    if not alike or machine.gpus or rng.random() > 0.15:
        return [index]
    return sorted([index, int(rng.choice(alike))])


def _cpus(rng: np.random.Generator, machine: Machine) -> int:
    n = machine.cpus
    sizes = {"halves": [n // 4, n // 2], "singles": [1], "shared": [4, 8, 16, n // 2], "gpu": [4, 8, 16]}
    return int(rng.choice(sizes.get(machine.crowd, [1, 2, 4, 8, 16, n // 4])))


def _gpus(rng: np.random.Generator, room: _Room, begin_s: float, end_s: float) -> tuple[int, ...] | None:
    """Free boards, none on a node without; None where there are too few."""
    if not room.machine.gpus:
        return ()
    free, wanted = room.free_gpus(begin_s, end_s), int(rng.choice([0, 1, 1, 2]))
    return tuple(free[:wanted]) if len(free) >= wanted else None


def _job(
    rng: np.random.Generator, machine: Machine, regime: Regime, begin_s: float, end_s: float, places: tuple[int, ...],
    cpus: int, gpus: tuple[int, ...], exclusive: bool,
) -> Job:  # fmt: skip
    low, high = np.log(regime.joules_low), np.log(regime.joules_high)
    shared = machine.crowd == "shared"
    memory = machine.memory_bytes if exclusive else machine.memory_bytes / machine.cpus * cpus * rng.uniform(0.3, 1)
    luck = float(rng.random())
    killed = luck < regime.killed
    return Job(
        number=0, begin_s=begin_s, end_s=end_s, machines=places, cpus=cpus,
        memory_bytes=int(memory / (OVERBOOKED if shared else 1)), gpus=gpus, exclusive=exclusive,
        suspended=_suspended(rng, begin_s, end_s), use=_use(rng), gpu_use=float(rng.uniform(0.05, 1)),
        cpu_weight=float(np.exp(rng.uniform(low, high))), dram_weight=float(np.exp(rng.uniform(low, high))),
        seen=float(rng.uniform(0, 1)) if killed else _overcounted(luck, regime),
        state="CANCELLED" if killed else "COMPLETED",
    )  # fmt: skip


def _overcounted(luck: float, regime: Regime) -> float:
    """TotalCPU as a share of what was used: up to 2 for the last of 0 to 1."""
    return 1 + max(0.0, luck - 1 + regime.overcounted) / regime.overcounted if regime.overcounted else 1.0


def _use(rng: np.random.Generator) -> float:
    """Most jobs work, some wait for their data, some were forgotten."""
    kind = rng.random()
    low, high = (0.7, 1.0) if kind < 0.65 else (0.1, 0.7) if kind < 0.88 else (0.0, 0.05)
    return float(rng.uniform(low, high))


def _suspended(rng: np.random.Generator, begin_s: float, end_s: float) -> tuple[tuple[float, float], ...]:
    if end_s - begin_s < 120 or rng.random() > 0.05:
        return ()
    span = np.sort(rng.uniform(begin_s + 5, end_s - 5, 2))
    return ((float(span[0]), float(span[1])),) if span[1] - span[0] > 5 else ()


def _ended_by_reboot(job: Job, reboots: tuple[float, ...]) -> Job:
    """The job as a reboot of one of its nodes cuts it; one that begins while a node is down never was."""
    for place in job.machines:
        down_s = reboots[place]
        if job.begin_s < down_s < job.end_s:
            spans = tuple((low, min(high, down_s)) for low, high in job.suspended if low < down_s)
            job = replace(job, end_s=down_s, suspended=spans, state="NODE_FAIL")
        elif down_s <= job.begin_s < down_s + DOWN_S:
            job = replace(job, end_s=job.begin_s)
    return job
