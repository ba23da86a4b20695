"""What an agent would have sent, as the store's tables: counters unwrapped by the agent's own arithmetic."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from benchmarks.closed_loop.generator.activity import F64, I64
from benchmarks.closed_loop.generator.meters import RANGE_UJ
from benchmarks.closed_loop.generator.scene import Node, Read, Scene
from collectors.unwrap import Limits, advance, first, modulus_uj


def sent(world: Scene, readings: Sequence[Read]) -> list[dict[str, pa.Table]]:
    """What the agents of all nodes sent."""
    return [_of_node(world, number, read) for number, read in enumerate(readings)]


def _of_node(world: Scene, number: int, read: Read) -> dict[str, pa.Table]:
    """Rows of one node, without those that got lost on their way."""
    node, when, what = world.nodes[number], read.when, read.what
    cpu_j, cpu_epoch = unwrapped_j(what.cpu_uj, read, node.machine.cpu_max_w)
    dram_j, dram_epoch = unwrapped_j(what.dram_uj, read, node.machine.dram_max_w)
    clock = {"ts_ms": when.ts_ms, "monotonic_s": when.monotonic_s, "epoch_id": 1_000 * cpu_epoch + dram_epoch}
    count = len(when.at_s)
    nodes = {
        **clock, "node": [node.machine.name] * count, "cpu_busy_seconds_total": what.busy_s,
        "cpu_count": np.full(count, node.machine.cpus), "memory_total_bytes": np.full(count, node.machine.memory_bytes),
        "cpu_energy_joules_total": cpu_j, "dram_energy_joules_total": dram_j,
    }  # fmt: skip
    if what.meter_j is not None:
        nodes["meter_energy_joules_total"] = what.meter_j
    if what.meter_w is not None:
        nodes["meter_power_watts"] = what.meter_w
    kept = np.flatnonzero(~when.lost)
    found = {"node": pa.table(nodes).take(kept), "job": _job_rows(world, node, clock, read)}
    if len(what.gpu_j):
        found["gpu"] = _gpu_rows(node, clock, read, kept)
    return found


def unwrapped_j(raw_uj: I64, read: Read, p_max_w: float) -> tuple[F64, I64]:
    """Sum of some zones [J] at each reading, and a number that grows where the energy in between is not known."""
    total_uj, epoch = np.zeros(raw_uj.shape[1]), np.zeros(raw_uj.shape[1], np.int64)
    boots, at_s = read.when.boot.tolist(), read.when.monotonic_s.tolist()
    for zone in raw_uj.tolist():
        limits, before, lost = Limits(modulus_uj(RANGE_UJ), p_max_w), first(zone[0], at_s[0]), 0
        for row, raw in enumerate(zone):
            after = advance(before, raw, at_s[row], limits) if row == 0 or boots[row] == boots[row - 1] else None
            lost += after is None
            before = after or first(raw, at_s[row])
            total_uj[row] += before.total_uj
            epoch[row] += lost
    return total_uj / 1e6, epoch


def _job_rows(world: Scene, node: Node, clock: dict[str, object], read: Read) -> pa.Table:
    parts = read.what.jobs
    row = np.concatenate([part.row for part in parts])
    rows = pa.table({**clock, "node": [node.machine.name] * len(read.when.at_s)}).take(row)
    job_id = np.concatenate([np.full(len(part.row), world.jobs[part.job].number) for part in parts])
    columns = {
        "job_id": job_id,
        "cpu_seconds_total": np.concatenate([part.cpu_s for part in parts]),
        "memory_resident_bytes": np.concatenate([part.memory_bytes for part in parts]),
    }
    for name, values in columns.items():
        rows = rows.append_column(name, pa.array(values))
    return rows.filter(pa.array(~read.when.lost[row]))


def _gpu_rows(node: Node, clock: dict[str, object], read: Read, kept: I64) -> pa.Table:
    count = len(read.when.at_s)
    parts = [
        pa.table(
            {
                **clock, "node": [node.machine.name] * count, "gpu": np.full(count, gpu),
                "uuid": [f"GPU-{node.machine.name}-{gpu}"] * count, "energy_joules_total": energy_j,
            }
        ).take(kept)
        for gpu, energy_j in enumerate(read.what.gpu_j)
    ]  # fmt: skip
    return pa.concat_tables(parts)
