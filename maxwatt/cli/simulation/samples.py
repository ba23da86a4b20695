"""Line protocol of the simulated agents for any stretch of time."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from maxwatt.cli.simulation.cluster import GPU, NODE_KIND, STEP_MS
from maxwatt.cli.simulation.power import F64, I64, Life, hash_of, life_of
from maxwatt.cli.simulation.schedule import Placed
from maxwatt.domain.units import MS_PER_S

SYSTEM_CPUS = 0.35
"""CPU seconds per second that each simulated node spends on itself."""

SYSTEM_BYTES_PER_S = 40_000.0
"""Network traffic of the node itself, each way."""

INWARD = 0.6
"""Share of a job's traffic that is received, or read."""


@dataclass(frozen=True, slots=True)
class SimulatedNode:
    """A node with everything that will ever run on it."""

    name: str
    lives: tuple[Life, ...]
    boot_ms: int

    @property
    def epoch_id(self) -> int:
        """One boot, one epoch."""
        return hash_of(self.name)

    def lines(self, start_ms: int, end_ms: int) -> Iterator[str]:
        """Line protocol of its sampling times in [start_ms, end_ms)."""
        return lines(self, start_ms, end_ms)


def simulated_nodes(jobs: list[Placed], boot_ms: int) -> tuple[SimulatedNode, ...]:
    """Every node of the cluster with its jobs."""
    lives: dict[str, list[Life]] = {name: [] for name in NODE_KIND}
    for job in jobs:
        for allocation in job.record.allocations:
            lives[allocation.node].append(life_of(job, allocation))
    return tuple(SimulatedNode(name, tuple(found), boot_ms) for name, found in lives.items())


def lines(node: SimulatedNode, start_ms: int, end_ms: int) -> Iterator[str]:
    """Lines of one node for its sampling times in [start_ms, end_ms)."""
    offset = hash_of(node.name) % STEP_MS
    first = start_ms + (offset - start_ms) % STEP_MS
    ts_ms = np.arange(first, end_ms, STEP_MS, dtype=np.int64)
    if not len(ts_ms):
        return
    t_s = ts_ms / MS_PER_S
    recent = [life for life in node.lives if life.begin_s < t_s[-1]]
    yield from _node_lines(node, recent, ts_ms, t_s)
    for life in recent:
        yield from _job_lines(node, life, ts_ms, t_s)
    for gpu in range(NODE_KIND[node.name].gpus):
        yield from _gpu_lines(node, gpu, recent, ts_ms, t_s)


def _node_lines(node: SimulatedNode, lives: list[Life], ts_ms: I64, t_s: F64) -> Iterator[str]:
    kind = NODE_KIND[node.name]
    model, up_s = kind.model, t_s - node.boot_ms / MS_PER_S
    done = [(life, life.cpu_rate * life.work_s(t_s)) for life in lives]
    busy_s = SYSTEM_CPUS * up_s + sum(cpu_s for _, cpu_s in done)
    weighted_s = SYSTEM_CPUS * up_s + sum(life.joules_factor * cpu_s for life, cpu_s in done)
    # The idle power breathes by 1 % over six hours, as room and fans do.
    breath_s = up_s + 0.01 * 21_600 / (2 * np.pi) * np.sin(2 * np.pi * up_s / 21_600)
    cpu_j = model.cpu_idle_w * breath_s + (model.cpu_max_w - model.cpu_idle_w) / kind.cpus * weighted_s
    memory = sum((np.where(life.end_s > t_s, life.memory_bytes(t_s), 0) for life in lives), np.full_like(t_s, 6e9))
    columns = {
        "cpu_busy_seconds_total": busy_s,
        "cpu_energy_joules_total": cpu_j,
        **_network(lives, t_s, up_s),
    }
    if model.dram_max_w:
        columns["dram_energy_joules_total"] = (
            model.dram_idle_w * up_s + (model.dram_max_w - model.dram_idle_w) / kind.cpus * weighted_s
        )
    if kind is GPU:
        columns["meter_power_watts"] = _meter_power_w(node, lives, t_s)
    names, head = list(columns), f"node,node={node.name} cpu_count={kind.cpus}i,memory_total_bytes={kind.memory_bytes}i"
    rows = zip(ts_ms.tolist(), up_s.tolist(), memory.tolist(), *(columns[name].tolist() for name in names), strict=True)
    for ts, up, used, *values in rows:
        fields = ",".join(f"{name}={value:.3f}" for name, value in zip(names, values, strict=True))
        yield f"{head},epoch_id={node.epoch_id}i,monotonic_s={up:.3f},memory_used_bytes={int(used)}i,{fields} {ts}"


def _network(lives: list[Life], t_s: F64, up_s: F64) -> dict[str, F64]:
    moved = np.asarray(sum((x.network_bytes_per_s * x.work_s(t_s) for x in lives), np.zeros_like(t_s)))
    own = SYSTEM_BYTES_PER_S * up_s
    return {
        "network_received_bytes_total": own + INWARD * moved,
        "network_sent_bytes_total": own + (1 - INWARD) * moved,
    }


def _meter_power_w(node: SimulatedNode, lives: list[Life], t_s: F64) -> F64:
    kind = NODE_KIND[node.name]
    model = kind.model
    nothing = np.zeros_like(t_s)
    cpus = SYSTEM_CPUS + sum((life.joules_factor * life.cpu_rate * life.activity(t_s) for life in lives), nothing)
    per_cpu_w = (model.cpu_max_w - model.cpu_idle_w + model.dram_max_w - model.dram_idle_w) / kind.cpus
    gpu = (model.gpu_max_w - model.gpu_idle_w) * sum(
        (len(x.gpus) * x.gpu_share * x.activity(t_s) for x in lives), nothing
    )
    static = model.cpu_idle_w + model.dram_idle_w + kind.gpus * model.gpu_idle_w + model.rest_base_w
    return np.asarray(static + (1 + model.rest_ratio) * (per_cpu_w * cpus + gpu))


def _job_lines(node: SimulatedNode, life: Life, ts_ms: I64, t_s: F64) -> Iterator[str]:
    alive = (t_s >= life.begin_s) & (t_s < life.end_s)
    ts_ms, t_s = ts_ms[alive], t_s[alive]
    work_s, memory = life.work_s(t_s), life.memory_bytes(t_s)
    up_s = t_s - node.boot_ms / MS_PER_S
    columns = (ts_ms, up_s, life.cpu_rate * work_s, life.disk_bytes_per_s * work_s, memory)
    head = f"job,node={node.name},job_id={life.job_id} epoch_id={node.epoch_id}i"
    for ts, up, used, moved, resident in zip(*(column.tolist() for column in columns), strict=True):
        yield (
            f"{head},monotonic_s={up:.3f},cpu_seconds_total={used:.3f},cpu_system_seconds_total={used * 0.02:.3f},"
            f"memory_resident_bytes={int(resident)}i,disk_read_bytes_total={INWARD * moved:.0f},"
            f"disk_written_bytes_total={(1 - INWARD) * moved:.0f} {ts}"
        )


def _gpu_lines(node: SimulatedNode, gpu: int, lives: list[Life], ts_ms: I64, t_s: F64) -> Iterator[str]:
    model, up_s = NODE_KIND[node.name].model, t_s - node.boot_ms / MS_PER_S
    mine = [life for life in lives if gpu in life.gpus]
    span_w = model.gpu_max_w - model.gpu_idle_w
    energy_j = model.gpu_idle_w * up_s + span_w * sum(life.gpu_share * life.work_s(t_s) for life in mine)
    use = np.clip(sum((life.gpu_share * life.activity(t_s) for life in mine), np.zeros_like(t_s)), 0, 1)
    power_w = model.gpu_idle_w + span_w * use
    head = f"gpu,node={node.name},gpu={gpu},uuid=SIM-{node.name}-{gpu} epoch_id={node.epoch_id}i"
    columns = (ts_ms.tolist(), up_s.tolist(), np.asarray(energy_j).tolist(), power_w.tolist(), use.tolist())
    for ts, up, energy, power, share in zip(*columns, strict=True):
        yield (
            f"{head},monotonic_s={up:.3f},energy_joules_total={energy:.3f},power_watts={power:.1f},"
            f"utilisation_ratio={share:.2f},memory_used_bytes={int(share * 6e10)}i,memory_total_bytes=85899345920i {ts}"
        )
