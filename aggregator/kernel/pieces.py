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


@dataclass(frozen=True, slots=True)
class Cuts:
    """Spans cut at the knots. Most lie within one segment, so those that do not are kept apart.

    Args:
        last: [n] segment in which each span ends; share: [n] of the span's time in it.
        owner: [m] span of each further piece; segment: [m]; part: [m] of the span's time in it.
    """

    last: I64
    share: F64
    owner: I64
    segment: I64
    part: F64

    @property
    def segments(self) -> I64:
        """Segment of every piece: the last ones of all spans, then the further ones."""
        return np.concatenate([self.last, self.segment])

    def of(self, values: I64) -> I64:
        """A value of each span [n], for every piece."""
        return np.concatenate([values, values[self.owner]])

    def shared(self, amounts: F64) -> F64:
        """An amount of each span [n], linear in its time, for every piece."""
        return np.concatenate([amounts * self.share, amounts[self.owner] * self.part])


def cuts(timeline: Timeline, start: I64, end: I64) -> Cuts:
    """Spans between two positions each, cut at the knots. A span without length lies wholly in one segment."""
    nothing = np.zeros(0, np.int64)
    if not len(timeline.start):
        return Cuts(nothing, np.zeros(0), nothing, nothing, np.zeros(0))
    last = np.clip(timeline.last_segment(np.maximum(end, start + 1)), 0, len(timeline.start) - 1)
    longer = np.flatnonzero(start < timeline.start[last])
    share = np.ones(len(start))
    share[longer] = _part(timeline, last[longer], start[longer], end[longer])
    first = np.clip(timeline.first_segment(start[longer]), 0, last[longer])
    index, segment = expand(first, last[longer] - first)
    owner = longer[index]
    return Cuts(last, share, owner, segment, _part(timeline, segment, start[owner], end[owner]))


def _part(timeline: Timeline, segment: I64, start: I64, end: I64) -> F64:
    """Share of a span's time that lies in a segment."""
    inner = np.minimum(timeline.end[segment], end) - np.maximum(timeline.start[segment], start)
    return np.asarray(np.maximum(inner, 0) / np.maximum(end - start, 1))


def overlaps(timeline: Timeline, start: I64, end: I64) -> tuple[I64, I64, F64]:
    """Segments between two positions: owner, segment and the share of the owner's time in it."""
    found = cuts(timeline, start, end)
    count = len(found.last)
    return found.of(np.arange(count)), found.segments, found.shared(np.ones(count))


def cut(timeline: Timeline, use: Increments, evidence: int) -> Pieces:
    """The increments as pieces, linear in time."""
    found = cuts(timeline, use.start, use.end)
    if not len(found.last):
        return Pieces(use.life[:0], found.last, use.cpu_s[:0], evidence)
    return Pieces(found.of(use.life), found.segments, found.shared(use.cpu_s), evidence)
