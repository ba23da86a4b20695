"""Mean, highest and 95th percentile of a job's use, of each node and over all, by time. Pure."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

import numpy as np

from aggregator.kernel.arrays import F64
from aggregator.queries.job_models import NodeStatistic, Track, UseStatistic

_P95 = 0.95


def use_statistic(tracks: Iterable[Track]) -> UseStatistic | None:
    """Statistics of some nodes; None where nothing is known of any.

    Imbalance is `highest mean / mean of means - 1`: 0 where all nodes do the same; the share of time that the others
    wait where the nodes go in step (DeRose, Homer, Johnson: Detecting Application Load Imbalance on High End Massively
    Parallel Systems, Euro-Par 2007, there divided by the highest; the form here is that of Pearce et al., ICS 2012).
    """
    told = list(tracks)
    if not told:
        return None
    length_s, value = _rows([lengths for _, lengths, _ in told]), _rows([values for _, _, values in told])
    length_s = np.where((length_s > 0) & ~np.isnan(value), length_s, 0.0)
    known = np.flatnonzero(length_s.any(axis=1))
    if not len(known):
        return None
    length_s, value = length_s[known], np.where(length_s > 0, value, 0.0)[known]
    means = ((value * length_s).sum(axis=1) / length_s.sum(axis=1)).tolist()
    highest = np.where(length_s > 0, value, -np.inf).max(axis=1).tolist()
    p95 = _percentiles(value, length_s, _P95).tolist()
    nodes = tuple(map(NodeStatistic, [told[row][0] for row in known], means, highest, p95))
    ranked = sorted(nodes, key=lambda one: one.mean)
    mean = sum(means) / len(nodes)
    return UseStatistic(
        mean=mean,
        highest=max(highest),
        p95=percentile(np.column_stack([value.ravel(), length_s.ravel()]), _P95),
        nodes=nodes,
        lowest_node=ranked[0],
        highest_node=ranked[-1],
        imbalance=ranked[-1].mean / mean - 1 if mean > 0 else None,
    )


Pairs = Sequence[tuple[float, float]] | F64
"""Values, each with its length of time [s]."""


def percentile(pairs: Pairs, share: float) -> float:
    """The lowest of the values that are not exceeded in at least this share of the time."""
    value, length_s = np.asarray(pairs, np.float64).T
    return float(_percentiles(value[None], length_s[None], share)[0])


def _percentiles(value: F64, length_s: F64, share: float) -> F64:
    """The percentile of each row; what has no length does not count."""
    order = np.argsort(value, axis=1)
    passed_s = np.take_along_axis(length_s, order, axis=1).cumsum(axis=1)
    enough_s = share * passed_s[:, -1:] * (1 - 1e-12)  # sums of floats
    place = np.argmax(passed_s >= enough_s, axis=1)[:, None]
    found: F64 = np.take_along_axis(value, np.take_along_axis(order, place, axis=1), axis=1)[:, 0]
    return found


def _rows(tracks: Sequence[Sequence[float | None]]) -> F64:
    """One row each, NaN for what is None and behind the end of the shorter ones."""
    return np.array(list(zip_longest(*tracks, fillvalue=None)), np.float64).reshape(-1, len(tracks)).T
