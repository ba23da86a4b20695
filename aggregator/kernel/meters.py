"""Meter intervals laid on the timeline: which interval a segment belongs to, and which share of it."""

from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64, Bool
from aggregator.kernel.counters import Intervals
from aggregator.kernel.ragged import sums
from aggregator.kernel.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter per node on the timeline.

    Args:
        intervals: its intervals.
        interval: [s] interval of each segment; where nothing was metered 0, and `covered` is False.
        share: [s] the segment's share of its interval's time, 0 where not covered.
    """

    intervals: Intervals
    interval: I64
    covered: Bool
    share: F64

    def spread(self, amount: F64) -> F64:
        """A per-interval amount, linear in time, per segment."""
        return amount[self.interval] * self.share if len(amount) else np.zeros(len(self.share))

    def gather(self, per_segment: F64) -> F64:
        """Sums of a per-segment amount over each interval."""
        return sums(self.interval[self.covered], per_segment[self.covered], len(self.intervals))


def on_timeline(timeline: Timeline, intervals: Intervals) -> Meter:
    """Lay intervals of nodes (entity = node) on the segments. Their ends are knots, so no segment is cut."""
    count = len(timeline.start)
    if not len(intervals):
        return Meter(intervals, np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count))
    index = np.searchsorted(intervals.start, timeline.start, side="right") - 1
    covered = (index >= 0) & (intervals.end[index] >= timeline.end)
    index = np.where(covered, index, 0)
    span = (intervals.end - intervals.start).astype(np.float64)
    return Meter(intervals, index, covered, np.where(covered, timeline.length_ms / span[index], 0.0))
