"""All CPU seconds of the chunk's nodes, on segments: those of each job, and those of the system."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, Chunk
from aggregator.kernel.counters import COUNTED, Readings, counted
from aggregator.kernel.holdings import Holdings
from aggregator.kernel.job_use import Sampled, increments, samples_of_lives
from aggregator.kernel.meters import on_timeline
from aggregator.kernel.pieces import Pieces, cut, joined
from aggregator.kernel.ragged import sums
from aggregator.kernel.timeline import Timeline
from aggregator.kernel.unsampled import tails, unread


@dataclass(frozen=True, slots=True)
class CpuTime:
    """CPU seconds on the timeline.

    Args:
        jobs: pieces of all lives.
        jobs_s, system_s: [s] of all jobs and of the system, per segment.
        sampled: the job rows with their lives.
    """

    jobs: Pieces
    jobs_s: F64
    system_s: F64
    sampled: Sampled


def cpu_time(
    chunk: Chunk, timeline: Timeline, readings: Readings, busy_s: F64, held: Holdings, max_gap_ms: int
) -> CpuTime:
    """Cut the jobs' CPU seconds at the knots; what remains of the node's busy time is the system's.

    `U = max(busy, sum of u)` and `u_sys = U - sum of u`, per interval of the busy counter. Where the busy counter
    could not be read the system's part is unknown and left out.

    Args:
        busy_s: busy CPU seconds counter of each reading.
    """
    busy = on_timeline(timeline, counted(readings, busy_s, max_gap_ms))
    sampled = samples_of_lives(chunk, timeline)
    known = increments(sampled, chunk.lives, timeline, max_gap_ms)
    parts = [cut(timeline, known, COUNTED)]
    count = len(timeline.start)
    free_s = np.maximum(busy.intervals.amount - busy.gather(sums(parts[0].segment, parts[0].cpu_s, count)), 0.0)
    parts.append(tails(chunk, timeline, sampled, busy, free_s, max_gap_ms))
    free_s = np.maximum(free_s - busy.gather(sums(parts[1].segment, parts[1].cpu_s, count)), 0.0)
    parts.append(unread(chunk, timeline, held, known, sampled, busy, free_s, max_gap_ms))
    free_s = np.maximum(free_s - busy.gather(sums(parts[2].segment, parts[2].cpu_s, count)), 0.0)
    jobs = joined([part for part in parts if len(part.life)] or parts[:1])
    return CpuTime(jobs, sums(jobs.segment, jobs.cpu_s, count), busy.spread(free_s), sampled)
