"""What a job moved over network and disks: counters as mean rates over the steps of a series."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aggregator.kernel.arrays import F64, I64
from aggregator.queries.boards import optional
from maxwatt.domain.ports import SampleWindow
from maxwatt.domain.units import MS_PER_S

COLUMNS: Final = {
    "node": ("network_received_bytes_total", "network_sent_bytes_total"),
    "job": ("disk_read_bytes_total", "disk_written_bytes_total"),
}
"""Counters of each measurement; their rates are called as they are, but for the ending: `network_received` [B/s]."""

_ENDING: Final = "_bytes_total"


@dataclass(frozen=True, slots=True)
class Counter:
    """Readings of one counter in order of time [epoch ms UTC], NaN where it was not read."""

    ts_ms: I64
    value: F64


def traffic(
    samples: SampleWindow, index: int, job_id: int, edges_ms: I64, max_gap_ms: int, *, exclusive: bool
) -> dict[str, tuple[float | None, ...]]:
    """Mean rates [B/s] of a job on one node in each step, None where unknown; only those known at all.

    Of the node's network nobody can tell whose it was, but where the job has the node for itself.

    Args:
        samples: with `COLUMNS`; `node` is an index.
        index: of the node in `samples`.
        job_id: Slurm's.
        edges_ms: of the steps [epoch ms UTC].
        max_gap_ms: readings further apart say nothing of the time between.
        exclusive: the job has the node for itself.
    """
    of_job = (_whole(samples.job, "node") == index) & (_whole(samples.job, "job_id") == job_id)
    counters = list(_counters(samples.job, COLUMNS["job"], of_job))
    if exclusive:
        counters += _counters(samples.node, COLUMNS["node"], _whole(samples.node, "node") == index)
    rates = {name: mean_rates(counter, edges_ms, max_gap_ms) for name, counter in counters}
    return {name: optional(rate) for name, rate in rates.items() if not np.isnan(rate).all()}


def mean_rates(counter: Counter, edges_ms: I64, max_gap_ms: int) -> F64:
    """Mean rate [1/s] of a counter over each step; NaN where no interval between two readings lies in it.

    An interval that a step's edge cuts is shared out by time. One in which the counter fell (a reboot), or which is
    longer than `max_gap_ms`, is unknown.
    """
    known = ~np.isnan(counter.value)
    ts_ms, value = counter.ts_ms[known], counter.value[known]
    if len(ts_ms) < 2:
        return np.full(len(edges_ms) - 1, np.nan)
    grown, length_ms = np.diff(value), np.diff(ts_ms)
    good = (grown >= 0) & (length_ms <= max_gap_ms)
    moved, known_s = (
        np.diff(np.interp(edges_ms, ts_ms, np.append(0.0, np.cumsum(np.where(good, part, 0)))))
        for part in (grown, length_ms / MS_PER_S)
    )
    found: F64 = np.divide(moved, known_s, out=np.full(len(known_s), np.nan), where=known_s > 0)
    return found


def _counters(table: pa.Table, names: tuple[str, ...], mine: Any) -> Iterator[tuple[str, Counter]]:
    ts_ms = _whole(table, "ts_ms")[mine]
    for name in names:
        value = np.asarray(pc.cast(table[name], pa.float64()).to_numpy(), np.float64)
        yield name.removesuffix(_ENDING), Counter(ts_ms, value[mine])


def _whole(table: pa.Table, name: str) -> I64:
    found: I64 = np.asarray(table[name].to_numpy())
    return found
