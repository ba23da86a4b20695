"""What the kernel needs of some nodes in some time, gathered from store and ledger."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from aggregator.kernel.arrays import (
    I64,
    NO_STATES,
    Chunk,
    GpuShares,
    IdlePowers,
    Lives,
    NodeTraits,
    States,
    Suspensions,
    Tenants,
    Window,
)
from aggregator.kernel.from_arrow import gpu_samples, job_samples, node_samples, session_samples
from aggregator.kernel.rest import SLOT_MS
from maxwatt.config import Settings
from maxwatt.domain.ports import SampleWindow
from maxwatt.domain.units import DAY_MS, MS_PER_S

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "node": (
        "monotonic_s",
        "epoch_id",
        "cpu_busy_seconds_total",
        "cpu_count",
        "memory_total_bytes",
        "cpu_energy_joules_total",
        "dram_energy_joules_total",
        "cpu_estimated_joules_total",
        "dram_estimated_joules_total",
        "cpu_modelled_energy_joules_total",
        "meter_energy_joules_total",
        "meter_power_watts",
    ),
    "gpu": ("monotonic_s", "epoch_id", "energy_joules_total", "power_watts", "utilisation_ratio"),
    "job": ("cpu_seconds_total", "memory_resident_bytes"),
    "session": ("user", "monotonic_s", "epoch_id", "cpu_seconds_total"),
}
"""Columns of each measurement that attribution reads; the others stay on disk."""


def reach_ms(settings: Settings) -> int:
    """How far [ms] beyond a window's edges its samples lie: the longest interval, or the slots of rest."""
    return max(int(settings.attribution.max_gap_s * MS_PER_S), 2 * SLOT_MS)


def margin_ms(settings: Settings) -> int:
    """How far [ms] beyond the windows samples are read: an interval that reaches in is priced with those it touches."""
    return 2 * reach_ms(settings)


def settle_ms(settings: Settings) -> int:
    """How far [ms] everything must be known beyond a window's end: rest is settled once the slot behind it is over."""
    return max(int(settings.attribution.settle_s * MS_PER_S), SLOT_MS)


def window_of(edges_ms: I64, settings: Settings) -> Window:
    """The kernel's window with the settings' gaps."""
    attribution = settings.attribution
    return Window(edges_ms, int(attribution.max_gap_s * MS_PER_S), int(attribution.power_gap_s * MS_PER_S))


Capacities = Mapping[str, tuple[int, int]]
"""CPUs and memory [B] that Slurm can allocate, per node."""


def build_chunk(
    samples: SampleWindow,
    tenants: Tenants,
    capacities: Capacities,
    settings: Settings,
    idle: IdlePowers,
    states: States = NO_STATES,
) -> Chunk:
    """The kernel's input.

    Args:
        samples: of the chunk's nodes.
        tenants: jobs on these nodes; `node` of their lives is an index into them.
        idle: of these nodes.
        states: of these nodes; they change nothing for jobs.
    """
    return Chunk(
        nodes=_traits(samples, capacities, settings),
        node=node_samples(samples.node),
        gpu=gpu_samples(samples.gpu),
        job=job_samples(samples.job),
        lives=tenants.lives,
        suspensions=tenants.suspensions,
        gpu_shares=tenants.gpu_shares,
        idle=idle,
        states=states,
        session=session_samples(samples.session),
    )


def tenants_of(tenants: Tenants, first: int, last: int) -> Tenants:
    """The jobs on nodes first..last-1 with indices counted from `first`. All is sorted, so it is slices."""
    lives = tenants.lives
    low, high = np.searchsorted(lives.node, [first, last]).tolist()
    columns: dict[str, Any] = {name: getattr(lives, name)[low:high] for name in Lives.__dataclass_fields__}
    columns["node"] = (columns["node"] - first).astype(np.int32)
    spans, shares = (_of_lives(each, low, high) for each in (tenants.suspensions, tenants.gpu_shares))
    return Tenants(Lives(**columns), Suspensions(**spans), GpuShares(**shares))


def _of_lives(rows: Suspensions | GpuShares, low: int, high: int) -> dict[str, Any]:
    """Columns of what belongs to lives low..high-1, counted from `low`."""
    begin, end = np.searchsorted(rows.life, [low, high]).tolist()
    columns: dict[str, Any] = {name: getattr(rows, name)[begin:end] for name in rows.__dataclass_fields__}
    return columns | {"life": columns["life"] - low}


def states_of(states: States, first: int, last: int) -> States:
    """The states of nodes first..last-1 with indices counted from `first`. They are sorted, so it is a slice."""
    low, high = np.searchsorted(states.node, [first, last]).tolist()
    node = (states.node[low:high] - first).astype(np.int32)
    return States(node, states.start_ms[low:high], states.end_ms[low:high], states.account[low:high])


def _traits(samples: SampleWindow, capacities: Capacities, settings: Settings) -> tuple[NodeTraits, ...]:
    told = [capacities.get(name, (0, 0)) for name in samples.nodes]
    seen = {} if all(map(all, told)) else _seen_capacities(samples)
    outside = settings.cluster.nodes_outside
    return tuple(
        NodeTraits(name, settings.model_of(name), *_first_known(slurm, seen.get(index, (0, 0))), name in outside)
        for index, (name, slurm) in enumerate(zip(samples.nodes, told, strict=True))
    )


def _first_known(slurm: tuple[int, int], seen: tuple[int, int]) -> tuple[float, float]:
    return float(slurm[0] or seen[0]), float(slurm[1] or seen[1])


def _seen_capacities(samples: SampleWindow) -> dict[int, tuple[int, int]]:
    """What the nodes' kernels say they have, where Slurm did not tell."""
    table = samples.node.group_by("node").aggregate([("cpu_count", "max"), ("memory_total_bytes", "max")])
    counts = pc.fill_null(table["cpu_count_max"], 0).to_pylist()
    memory = pc.fill_null(table["memory_total_bytes_max"], 0).to_pylist()
    return dict(zip(table["node"].to_pylist(), zip(counts, memory, strict=True), strict=True))


def nodes_at_once(settings: Settings, length_ms: int) -> int:
    """How many nodes are attributed together over a time [ms]: as many samples as a day of `nodes_per_chunk` has."""
    beyond_ms = 2 * margin_ms(settings)
    return settings.attribution.nodes_per_chunk * max(1, (DAY_MS + beyond_ms) // (length_ms + beyond_ms))


def node_chunks(nodes: Sequence[str], size: int) -> list[tuple[int, int]]:
    """Where each piece of at most `size` nodes begins and ends."""
    return [(first, min(first + size, len(nodes))) for first in range(0, len(nodes), size)]
