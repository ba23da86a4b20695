"""CPU seconds of job cgroups that no job explains. Their energy is on `system`: nobody knows whose it is."""

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool, JobSamples, Lives
from aggregator.kernel.job_use import claimed_rows, in_order
from aggregator.kernel.ragged import sums


def unclaimed_use(job: JobSamples, lives: Lives, start_ms: int, end_ms: int) -> tuple[I64, I64, F64]:
    """What readings in [start_ms, end_ms) show beyond the one before, where no life claims them.

    A cgroup's first reading only begins the counting: when it began is not known. A counter that falls counts nothing.

    Args:
        job: rows of some nodes, those before `start_ms` to count from.
        lives: every job on these nodes around that time.
        start_ms, end_ms: epoch ms UTC.

    Returns:
        node [u] index, job id [u] and CPU seconds [u] of each such cgroup, in order of node and job id.
    """
    rows = in_order(job)
    free = ~claimed_rows(rows, lives) & (rows.ts_ms >= start_ms) & (rows.ts_ms < end_ms)
    known = np.flatnonzero(~np.isnan(rows.cpu_s))
    used = np.zeros(len(free))
    used[known[1:]] = np.where(_goes_on(rows, known), np.diff(rows.cpu_s[known]), 0.0)
    found = np.flatnonzero(free)
    cgroups, place = np.unique(np.stack([rows.node[found], rows.job_id[found]], axis=1), axis=0, return_inverse=True)
    seconds = sums(place.reshape(-1), np.maximum(used[found], 0.0), len(cgroups))
    return cgroups[:, 0].astype(np.int64), cgroups[:, 1].astype(np.int64), seconds


def _goes_on(rows: JobSamples, known: I64) -> Bool:
    """Whether each of the rows but the first is of the same cgroup as the one before."""
    before, after = known[:-1], known[1:]
    return np.asarray((rows.node[before] == rows.node[after]) & (rows.job_id[before] == rows.job_id[after]))
