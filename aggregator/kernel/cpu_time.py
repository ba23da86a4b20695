"""All CPU seconds of the chunk's nodes, on segments: those of each job and session, and those of the system."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, Chunk
from aggregator.kernel.counters import COUNTED, Readings, counted
from aggregator.kernel.holdings import Holdings
from aggregator.kernel.job_use import Sampled, increments, samples_of_lives
from aggregator.kernel.meters import Meter, on_timeline
from aggregator.kernel.pieces import Pieces, cut
from aggregator.kernel.ragged import sums
from aggregator.kernel.sessions import Sessions, sessions
from aggregator.kernel.timeline import Timeline
from aggregator.kernel.unsampled import tails, unread

DUST: Final = 1e-12
"""Less than this part of what was there is what rounding left of nothing: it would differ from run to run."""


@dataclass(frozen=True, slots=True)
class CpuTime:
    """CPU seconds on the timeline.

    Args:
        jobs: pieces of all lives: sampled, accounted and modelled ones.
        sessions: pieces of the logins.
        users_s, system_s: [s] of all jobs and sessions and of the system, per segment.
        sampled: the job rows with their lives.
    """

    jobs: tuple[Pieces, ...]
    sessions: Sessions
    users_s: F64
    system_s: F64
    sampled: Sampled


def cpu_time(
    chunk: Chunk, timeline: Timeline, readings: Readings, busy_s: F64, held: Holdings, max_gap_ms: int
) -> CpuTime:
    """Cut the CPU seconds of jobs and sessions at the knots; what remains of the node's busy time is the system's.

    `U = max(busy, sum of u)` and `u_sys = U - sum of u`, per interval of the busy counter. Where the busy counter
    could not be read the system's part is unknown and left out.

    Args:
        busy_s: busy CPU seconds counter of each reading.
    """
    busy = on_timeline(timeline, counted(readings, busy_s, max_gap_ms))
    sampled = samples_of_lives(chunk, timeline)
    known = increments(sampled, chunk.lives, timeline, max_gap_ms)
    read = cut(timeline, known, COUNTED)
    read_s, free_s = _taken(busy, read, busy.intervals.amount)
    logins = sessions(chunk, timeline, max_gap_ms)
    logins_s, free_s = _taken(busy, logins, free_s)
    after = tails(chunk, timeline, sampled, busy, free_s, max_gap_ms)
    after_s, free_s = _taken(busy, after, free_s)
    blind = unread(chunk, timeline, held, known, sampled, busy, free_s, max_gap_ms)
    blind_s, free_s = _taken(busy, blind, free_s)
    users_s = read_s + logins_s + after_s + blind_s
    return CpuTime((read, after, blind), logins, users_s, busy.spread(free_s), sampled)


def _taken(busy: Meter, pieces: Pieces | Sessions, free_s: F64) -> tuple[F64, F64]:
    """CPU seconds of the pieces per segment, and what they leave of each interval."""
    used_s = sums(pieces.segment, pieces.cpu_s, len(busy.share))
    left_s = free_s - busy.gather(used_s)
    return used_s, np.where(left_s > DUST * free_s, left_s, 0.0)
