"""Calibrating a UTC day: the idle power of nodes from their job-free time in the 7 days before it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from aggregator.kernel.arrays import F64, I64, NO_GPU_SHARES, NO_SUSPENSIONS, Chunk, Lives, NodeTraits
from aggregator.kernel.calibration import (
    AFTER_JOB_MS,
    CPU,
    DRAM,
    FIRST_GPU,
    REST,
    Powers,
    job_free_powers,
    joined,
    medians,
)
from aggregator.kernel.from_arrow import gpu_samples, job_samples, node_samples
from aggregator.kernel.idle import declared
from aggregator.kernel.job_use import later
from aggregator.ledger.idle import BOARDS, IdlePower, Origin
from aggregator.ledger.ledger import Ledger
from aggregator.pipeline.chunks import COLUMNS, window_of
from maxwatt.config import Settings
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.ports import Store
from maxwatt.domain.units import DAY_MS

BEFORE_MS: Final = 7 * DAY_MS
"""How far back [ms] calibration looks."""


def calibrated(store: Store, ledger: Ledger, settings: Settings, names: Sequence[str], day_ms: int) -> list[IdlePower]:
    """Idle powers of some nodes on one UTC day: calibrated, else the node model's, else not known.

    A node that never had a job is not calibrated: it may do something else, or its jobs are not known.

    Args:
        day_ms: start of the day [epoch ms UTC].

    Raises:
        SourceError: the store could not be read.
    """
    powers = _job_free(store, ledger, settings, names, day_ms)
    components = FIRST_GPU + max(int(powers.component.max(initial=0)) + 1 - FIRST_GPU, 0)
    power_w, intervals = medians(powers, len(names), components)
    found = []
    for index, name in enumerate(names):
        found += _of_node(name, day_ms, settings.model_of(name), power_w[index], intervals[index])
    return found


def _of_node(name: str, day_ms: int, model: NodeModel, power_w: F64, intervals: I64) -> list[IdlePower]:
    """One row for each component, one for all boards, and one for each board that is calibrated."""
    found = []
    for number, part, model_w in (
        (CPU, "cpu", model.cpu_idle_w),
        (DRAM, "dram", model.dram_idle_w),
        (REST, "rest", model.rest_base_w),
    ):
        count = int(intervals[number])
        if np.isnan(power_w[number]):
            found.append(_declared(name, day_ms, part, model_w, count))
        else:
            found.append(IdlePower(name, day_ms, part, float(power_w[number]), count, Origin.CALIBRATED))
    found.append(_declared(name, day_ms, BOARDS, model.gpu_idle_w, 0))
    for number in (FIRST_GPU + np.flatnonzero(~np.isnan(power_w[FIRST_GPU:]))).tolist():
        part, count = f"{BOARDS}{number - FIRST_GPU}", int(intervals[number])
        found.append(IdlePower(name, day_ms, part, float(power_w[number]), count, Origin.CALIBRATED))
    return found


def _declared(name: str, day_ms: int, part: str, model_w: float, count: int) -> IdlePower:
    if model_w > 0:
        return IdlePower(name, day_ms, part, model_w, count, Origin.MODEL)
    return IdlePower(name, day_ms, part, None, count, Origin.NONE)


def _job_free(store: Store, ledger: Ledger, settings: Settings, names: Sequence[str], day_ms: int) -> Powers:
    """Powers of all job-free intervals before a day; a read per day, of nodes that had no job for some of it."""
    oldest_ms, start_ms = store.oldest_ms(), day_ms - BEFORE_MS
    if not names or oldest_ms is None or oldest_ms >= day_ms:
        return joined([])
    lives = ledger.load_tenants(names, start_ms - AFTER_JOB_MS, day_ms, settings.model_of).lives
    worked = {names[index] for index in np.unique(lives.node).tolist()}
    worked |= ledger.had_jobs(set(names) - worked, start_ms)
    found = []
    for low_ms in range(max(start_ms, oldest_ms - oldest_ms % DAY_MS), day_ms, DAY_MS):
        span_ms = (low_ms, low_ms + DAY_MS)
        nodes = [n for n, name in enumerate(names) if name in worked and _has_free_time(_of(lives, [n]), *span_ms)]
        found.append(_of_day(store, settings, names, nodes, _of(lives, nodes), span_ms))
    return joined(found)


def _of(lives: Lives, nodes: Sequence[int]) -> Lives:
    """The lives on some nodes, whose `node` then counts over these."""
    number = np.full(int(max([-1, *lives.node.tolist(), *nodes])) + 1, -1)
    number[list(nodes)] = np.arange(len(nodes))
    keep = np.flatnonzero(number[lives.node] >= 0)
    columns: dict[str, Any] = {name: getattr(lives, name)[keep] for name in Lives.__dataclass_fields__}
    return replace(Lives(**columns), node=number[columns["node"]].astype(np.int32))


def _has_free_time(lives: Lives, low_ms: int, high_ms: int) -> bool:
    """Whether one node, whose lives are sorted by start, has any job-free time in [low, high) [epoch ms UTC]."""
    gone_ms = np.maximum.accumulate(np.append(low_ms, later(lives.end_ms, AFTER_JOB_MS)))
    return bool((np.append(np.minimum(lives.start_ms, high_ms), high_ms) > gone_ms).any())


def _of_day(
    store: Store,
    settings: Settings,
    names: Sequence[str],
    nodes: Sequence[int],
    lives: Lives,
    span_ms: tuple[int, int],
) -> Powers:
    """Powers of the job-free intervals within one day, of the nodes with these numbers in `names`."""
    if not nodes:
        return joined([])
    samples = store.read([names[index] for index in nodes], *span_ms, {name: COLUMNS[name] for name in ("node", "gpu")})
    traits = tuple(NodeTraits(name, settings.model_of(name), 0.0, 0.0) for name in samples.nodes)
    gpus = gpu_samples(samples.gpu)
    chunk = Chunk(
        nodes=traits,
        node=node_samples(samples.node),
        gpu=gpus,
        job=job_samples(samples.job),
        lives=lives,
        suspensions=NO_SUSPENSIONS,
        gpu_shares=NO_GPU_SHARES,
        idle=declared(traits, int(gpus.gpu.max(initial=0)) + 1),
    )
    powers = job_free_powers(chunk, window_of(np.array(span_ms, np.int64), settings))
    return replace(powers, node=np.array(nodes, np.int64)[powers.node])
