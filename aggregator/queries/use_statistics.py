"""Mean, highest and 95th percentile of a job's use, of each node and over all, by time. Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from aggregator.queries.job_models import NodeStatistic, Track, UseStatistic

_P95 = 0.95


def use_statistic(tracks: Iterable[Track]) -> UseStatistic | None:
    """Statistics of some nodes; None where nothing is known of any.

    Imbalance is `highest mean / mean of means - 1`: 0 where all nodes do the same; the share of time that the others
    wait where the nodes go in step (DeRose, Homer, Johnson: Detecting Application Load Imbalance on High End Massively
    Parallel Systems, Euro-Par 2007, there divided by the highest; the form here is that of Pearce et al., ICS 2012).
    """
    known = [(node, pairs) for node, lengths_s, values in tracks if (pairs := _known(lengths_s, values))]
    if not known:
        return None
    nodes = tuple(NodeStatistic(node, _mean(pairs), _highest(pairs), percentile(pairs, _P95)) for node, pairs in known)
    ranked = sorted(nodes, key=lambda one: one.mean)
    mean = sum(one.mean for one in nodes) / len(nodes)
    return UseStatistic(
        mean=mean,
        highest=max(one.highest for one in nodes),
        p95=percentile([pair for _, pairs in known for pair in pairs], _P95),
        nodes=nodes,
        lowest_node=ranked[0],
        highest_node=ranked[-1],
        imbalance=ranked[-1].mean / mean - 1 if mean > 0 else None,
    )


Pairs = Sequence[tuple[float, float]]
"""Values, each with its length of time [s]."""


def percentile(pairs: Pairs, share: float) -> float:
    """The lowest of the values that are not exceeded in at least this share of the time."""
    values, lengths_s = zip(*sorted(pairs), strict=True)
    passed_s = list(accumulate(lengths_s))
    enough_s = share * passed_s[-1] * (1 - 1e-12)  # sums of floats
    return float(values[bisect_left(passed_s, enough_s)])


def _known(lengths_s: Sequence[float], values: Sequence[float | None]) -> Pairs:
    pairs = zip(values, lengths_s, strict=True)
    return [(value, length_s) for value, length_s in pairs if value is not None and length_s > 0]


def _mean(pairs: Pairs) -> float:
    return sum(value * length_s for value, length_s in pairs) / sum(length_s for _, length_s in pairs)


def _highest(pairs: Pairs) -> float:
    return max(value for value, _ in pairs)
