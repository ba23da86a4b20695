"""CPU seconds of each job over time: increments of its counter between its start, its samples and its end."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, FOREVER, I64, Bool, Chunk, JobSamples, Lives
from aggregator.kernel.ragged import expand
from aggregator.kernel.resized import carried
from aggregator.kernel.timeline import OVERTIME_MS, Timeline

EARLY_MS: Final = 5_000
"""A sample up to this long before a job's recorded start still belongs to it: clocks differ a little."""
LATE_MS: Final = 60_000
"""A cgroup may outlive its job by this long, through epilogs; its last value is the job's."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """Job samples given to their lives, in order of life and time, within each life's own time.

    Args:
        life: [r]; position: [r] on the chunk's axis; cpu_s: [r] without NaN; row: [r] row in the job samples.
    """

    life: I64
    position: I64
    cpu_s: F64
    row: I64


def in_order(rows: JobSamples) -> JobSamples:
    """The rows sorted by node, job id and time, the first of equal ones only."""
    if _ascend(rows).all():
        return rows
    rows = _taken(rows, np.lexsort((rows.ts_ms, rows.job_id, rows.node)))
    return _taken(rows, np.flatnonzero(np.append(True, _ascend(rows))))


def _ascend(rows: JobSamples) -> Bool:
    """Whether each row but the first comes after the one before it."""
    node, job_id, ts = np.diff(rows.node), np.diff(rows.job_id), np.diff(rows.ts_ms)
    return np.asarray((node > 0) | (node == 0) & ((job_id > 0) | (job_id == 0) & (ts > 0)))


def _taken(rows: JobSamples, keep: I64) -> JobSamples:
    return JobSamples(*(getattr(rows, name)[keep] for name in JobSamples.__dataclass_fields__))


@dataclass(frozen=True, slots=True)
class Increments:
    """CPU seconds that a life used between two positions; linear in between.

    Args:
        life, start, end: [i]; cpu_s: [i].
    """

    life: I64
    start: I64
    end: I64
    cpu_s: F64


def samples_of_lives(chunk: Chunk, timeline: Timeline) -> Sampled:
    """Give each job row to the life it belongs to: same node and job id, and within its time."""
    lives, first, count = chunk.lives, *_row_ranges(chunk.job, chunk.lives)
    life, row = expand(first, count)
    known = ~np.isnan(chunk.job.cpu_s[row])
    life, row = life[known], row[known]
    position = timeline.axis.at(lives.node[life], chunk.job.ts_ms[row])
    low, high = life_bounds(lives, timeline)
    return Sampled(life, np.clip(position, low[life], high[life]), chunk.job.cpu_s[row], row)


def claimed_rows(rows: JobSamples, lives: Lives) -> Bool:
    """Which of the sorted rows belong to a life."""
    _, row = expand(*_row_ranges(rows, lives))
    claimed = np.zeros(len(rows.node), np.bool_)
    claimed[row] = True
    return claimed


def life_bounds(lives: Lives, timeline: Timeline) -> tuple[I64, I64]:
    """Positions between which each life can have used CPU: its start, and its end with the cut-off second."""
    end_ms = later(lives.end_ms, OVERTIME_MS)
    return timeline.axis.at(lives.node, lives.start_ms), timeline.axis.at(lives.node, end_ms)


def later(end_ms: I64, by_ms: int) -> I64:
    """Ends moved by `by_ms`; what never ends still never does, instead of overflowing."""
    return np.asarray(np.minimum(end_ms, FOREVER - by_ms) + by_ms)


def _row_ranges(job: JobSamples, lives: Lives) -> tuple[I64, I64]:
    """First row and number of rows of each life in the job samples, which are sorted by node, job id and time."""
    if not len(job.node):
        return np.zeros(len(lives.node), np.int64), np.zeros(len(lives.node), np.int64)
    opens = np.append(True, (job.node[1:] != job.node[:-1]) | (job.job_id[1:] != job.job_id[:-1]))
    run, first = np.cumsum(opens) - 1, np.flatnonzero(opens)
    ids = np.unique(np.concatenate([job.job_id[first], lives.job_id]))
    known, wanted = (
        node.astype(np.int64) * len(ids) + np.searchsorted(ids, job_id)
        for node, job_id in ((job.node[first], job.job_id[first]), (lives.node, lives.job_id))
    )
    own = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    # Rows behind each other on one axis, a stretch for each run: one search finds all of them.
    origin, stride = job.ts_ms.min(), job.ts_ms.max() - job.ts_ms.min() + 2
    place = run * stride + (job.ts_ms - origin)
    claims = (np.clip(ms - origin, 0, stride - 1) for ms in _claims(lives))
    low, high = (np.searchsorted(place, own * stride + ms) for ms in claims)
    return low, np.where(known[own] == wanted, high - low, 0)


def _claims(lives: Lives) -> tuple[I64, I64]:
    """Time in which rows of a job id belong to a life: a little around it, never into the next life of that id."""
    low, high = lives.start_ms - EARLY_MS, later(lives.end_ms, LATE_MS)
    order = np.lexsort((lives.start_ms, lives.job_id, lives.node))
    a, b = order[:-1], order[1:]
    again = (lives.node[a] == lives.node[b]) & (lives.job_id[a] == lives.job_id[b])
    a, b = a[again], b[again]
    high[a] = np.minimum(high[a], lives.start_ms[b])
    low[b] = np.maximum(low[b], lives.start_ms[b])
    return low, high


def increments(sampled: Sampled, lives: Lives, timeline: Timeline, max_gap_ms: int) -> Increments:
    """Differences between consecutive samples of a life, and from its start, where the counter is 0, to the first.

    A counter that falls or a gap beyond `max_gap_ms` gives none: that use is unread. So is what a life used before
    the chunk's first time, where its start lies before it. What several samples after a life's end show belongs to
    its last ms. Where a job was resized the counter goes on: what it rose from the last sample of one stretch to the
    first of the next is theirs by time.
    """
    life, position, cpu_s = sampled.life, sampled.position, sampled.cpu_s
    opens = np.flatnonzero(np.append(True, life[1:] != life[:-1])[: len(life)])
    low, _ = life_bounds(lives, timeline)
    start, used, begun = np.empty_like(position), cpu_s.copy(), np.ones(len(life), np.bool_)
    start[1:], start[opens] = position[:-1], low[life[opens]]
    used[1:] -= cpu_s[:-1]
    used[opens] = cpu_s[opens]
    begun[opens] = lives.start_ms[life[opens]] >= timeline.axis.origin_ms
    same = np.flatnonzero(start >= position)
    start[same] = np.where(position[same] > low[life[same]], position[same] - 1, start[same])
    begun, closing = _over_resizes(sampled, lives, timeline, used, begun)
    keep = (used >= 0) & (position - start <= max_gap_ms) & begun
    found = Increments(life[keep], start[keep], position[keep], used[keep])
    return _with(found, _taken_increments(closing, closing.end - closing.start <= max_gap_ms))


def _over_resizes(
    sampled: Sampled, lives: Lives, timeline: Timeline, used: F64, begun: Bool
) -> tuple[Bool, Increments]:
    """Correct what was used before the first sample of a stretch that goes on; returns what closes the one before."""
    on = carried(lives, sampled.life, sampled.cpu_s)
    low, high = life_bounds(lives, timeline)
    begin, end = sampled.position[on.last], sampled.position[on.first]
    rate = (sampled.cpu_s[on.first] - sampled.cpu_s[on.last]) / np.maximum(end - begin, 1)
    edge = low[sampled.life[on.first]]
    used[on.first] = rate * (end - np.maximum(edge, begin))
    begun[on.first] = True
    until = np.clip(edge, begin, np.maximum(high[on.before], begin))
    return begun, Increments(on.before, begin, until, rate * (until - begin))


def _taken_increments(rows: Increments, keep: Bool) -> Increments:
    return Increments(rows.life[keep], rows.start[keep], rows.end[keep], rows.cpu_s[keep])


def _with(found: Increments, more: Increments) -> Increments:
    """Both in order of life and time."""
    if not len(more.life):
        return found
    names = Increments.__dataclass_fields__
    both = Increments(*(np.concatenate([getattr(each, name) for each in (found, more)]) for name in names))
    order = np.lexsort((both.start, both.life))
    return Increments(*(getattr(both, name)[order] for name in names))
