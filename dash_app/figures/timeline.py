"""Intervals to points of a step line, with gaps left open: what is missing is not drawn, least of all as zero."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from dash_app.figures.plain import known_or_nan, packed
from maxwatt.domain.formatting import local_time
from maxwatt.domain.units import MS_PER_S

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Clock:
    """The site's clock for one chart: plotly knows no zones, so times are shifted by the offset at the chart's end.

    Args:
        offset_ms: to add to epoch ms UTC [ms].
        label: name of the zone at that time, such as `CEST`.
    """

    offset_ms: int
    label: str

    def shift(self, ts_ms: int) -> int:
        """A moment [epoch ms] as plotly has to see it."""
        return ts_ms + self.offset_ms


def clock_at(ts_ms: int, zone: str) -> Clock:
    """The clock of `zone` at a moment [epoch ms]."""
    moment = local_time(ts_ms, zone)
    offset = ZoneInfo(zone).utcoffset(moment.replace(tzinfo=None))
    seconds = 0.0 if offset is None else offset.total_seconds()
    return Clock(int(seconds) * MS_PER_S, moment.strftime("%Z"))


@dataclass(frozen=True, slots=True)
class Intervals:
    """The time axis of a chart: intervals [start_ms, end_ms) in epoch ms, in order, and the clock to show them on."""

    start_ms: Sequence[int]
    end_ms: Sequence[int]
    clock: Clock


def weighted_mean(start_ms: Sequence[int], end_ms: Sequence[int], values: Values) -> float | None:
    """Mean of interval values by length of interval; intervals without value do not count; None when none has."""
    spans = zip(start_ms, end_ms, values, strict=True)
    known = [(end - start, value) for start, end, value in spans if value is not None]
    total_ms = sum(length for length, _ in known)
    return sum(length * value for length, value in known) / total_ms if total_ms > 0 else None


def runs(intervals: Intervals, known: Sequence[bool]) -> list[range]:
    """Index ranges of neighbouring intervals that are known and touch each other."""
    found: list[range] = []
    for i, is_known in enumerate(known):
        if not is_known:
            continue
        joins = found and found[-1].stop == i and intervals.start_ms[i] <= intervals.end_ms[i - 1]
        if joins:
            found[-1] = range(found[-1].start, i + 1)
        else:
            found.append(range(i, i + 1))
    return found


def steps(intervals: Intervals, values: Values) -> tuple[list[int], list[float | None]]:
    """Points of a step line (shape `hv`): each run closed at its end, an empty point between runs."""
    xs: list[int] = []
    ys: list[float | None] = []
    for run in runs(intervals, [value is not None for value in values]):
        run_xs = step_xs(intervals, run)
        xs += [*run_xs, run_xs[-1]]
        ys += [*(values[i] for i in run), values[run.stop - 1], None]
    return xs[:-1], ys[:-1]


def step_xs(intervals: Intervals, run: range) -> list[int]:
    """Places of a run's steps on the chart's clock: the start of each interval and the end of the last."""
    shift = intervals.clock.shift
    return [*(shift(intervals.start_ms[i]) for i in run), shift(intervals.end_ms[run.stop - 1])]


def scaled(values: Values, size: float) -> list[float | None]:
    """Values in another unit; unknown stays unknown."""
    return [None if value is None else value / size for value in values]


def step_line(intervals: Intervals, values: Values) -> dict[str, Any]:
    """A step line (shape `hv`) as plotly takes it, in as few bytes as its gaps allow.

    On even steps only the first place and the distance are told; each run ends with its value once more, which stands
    where the gap begins. A gap of a single step has no room for that: then every place is told.
    """
    found = runs(intervals, [value is not None for value in values])
    even = _even(intervals, range(len(values)))
    if even is None or any(after.start - run.stop < 2 for run, after in pairwise(found)):
        xs, ys = steps(intervals, values)
        return {"x": packed(np.asarray(xs, np.float64)), "y": packed(known_or_nan(ys))}
    closed = [*values, None]
    for run in found:
        closed[run.stop] = values[run.stop - 1]
    return {**even, "y": packed(known_or_nan(closed))}


def places(intervals: Intervals, run: range) -> dict[str, Any]:
    """Where the steps of a run stand, its end among them, as plotly takes it."""
    return _even(intervals, run) or {"x": packed(np.asarray(step_xs(intervals, run), np.float64))}


def _even(intervals: Intervals, part: range) -> dict[str, Any] | None:
    """First place and distance of steps that follow each other and are equally long; None where they are not.

    The last may be shorter: what sticks out then lies beyond the chart's end.
    """
    starts, ends = (list(each[part.start : part.stop]) for each in (intervals.start_ms, intervals.end_ms))
    lengths = {end - start for start, end in zip(starts[:-1], ends[:-1], strict=True)}
    if len(lengths) != 1 or starts[1:] != ends[:-1] or ends[-1] - starts[-1] > min(lengths):
        return None
    return {"x0": intervals.clock.shift(starts[0]), "dx": lengths.pop()}
