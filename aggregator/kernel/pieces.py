"""CPU seconds of jobs cut at the knots of the timeline: one piece per life and segment."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64
from aggregator.kernel.job_use import Increments
from aggregator.kernel.ragged import expand
from aggregator.kernel.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Pieces:
    """CPU seconds of lives within segments, and how all of them became known.

    Args:
        life, segment: [p]; cpu_s: [p]; evidence: index into EVIDENCE.
    """

    life: I64
    segment: I64
    cpu_s: F64
    evidence: int


def overlaps(timeline: Timeline, start: I64, end: I64) -> tuple[I64, I64, F64]:
    """Segments between two positions: owner, segment and the share of the owner's time in it.

    A span without length lies wholly in one segment.
    """
    if not len(timeline.start):
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, np.zeros(0)
    last_index = len(timeline.start) - 1
    last = np.clip(timeline.last_segment(np.maximum(end, start + 1)), 0, last_index)
    longer = np.flatnonzero(start < timeline.start[last])
    if not len(longer):  # almost always: jobs are read together with their node
        return np.arange(len(start)), last, np.ones(len(start))
    first = last.copy()
    first[longer] = np.clip(timeline.first_segment(start[longer]), 0, last[longer])
    owner, segment = expand(first, last - first + 1)
    inner = np.minimum(timeline.end[segment], end[owner]) - np.maximum(timeline.start[segment], start[owner])
    span = (end - start)[owner]
    return owner, segment, np.where(span > 0, np.maximum(inner, 0) / np.maximum(span, 1), 1.0)


def cut(timeline: Timeline, use: Increments, evidence: int) -> Pieces:
    """The increments as pieces, linear in time."""
    owner, segment, share = overlaps(timeline, use.start, use.end)
    return Pieces(use.life[owner], segment, use.cpu_s[owner] * share, evidence)
