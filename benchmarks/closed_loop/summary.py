"""Outcomes of several scenes as the numbers that table and picture show."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.closed_loop.compare import LENGTHS_S, weighted_error
from benchmarks.closed_loop.generator.activity import F64
from benchmarks.closed_loop.outcome import OURS, Outcome

LENGTH_NAMES = ("1-10 s", "10-60 s", "1-10 min", "10-60 min", "1-10 h", "all")


@dataclass(frozen=True, slots=True)
class Summary:
    """All jobs of some scenes, by length and together: one entry per LENGTH_NAMES.

    Args:
        jobs: how many.
        median, p95: by the rule's name: relative error `|charged - true| / true` of single jobs.
        weighted: by the rule's name: energy-weighted error.
        stated: median of our stated uncertainty; held: share of jobs whose truth it holds.
    """

    jobs: list[int]
    median: dict[str, list[float]]
    p95: dict[str, list[float]]
    weighted: dict[str, list[float]]
    stated: list[float]
    held: list[float]


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """The jobs of several scenes as if they were one."""
    return Outcome(
        length_s=np.concatenate([each.length_s for each in outcomes]),
        truth_j=np.concatenate([each.truth_j for each in outcomes]),
        charged_j={name: np.concatenate([each.charged_j[name] for each in outcomes]) for name in outcomes[0].charged_j},
        stated=np.concatenate([each.stated for each in outcomes]),
        held=np.concatenate([each.held for each in outcomes]),
    )


def summary(of: Outcome) -> Summary:
    """The numbers of an outcome."""
    groups = [(of.length_s >= low) & (of.length_s < high) for low, high in [*pairwise(LENGTHS_S), (0, np.inf)]]
    errors = {name: np.abs(charged_j - of.truth_j) / of.truth_j for name, charged_j in of.charged_j.items()}
    return Summary(
        jobs=[int(group.sum()) for group in groups],
        median={name: [_quantile(error[group], 0.5) for group in groups] for name, error in errors.items()},
        p95={name: [_quantile(error[group], 0.95) for group in groups] for name, error in errors.items()},
        weighted={
            name: [weighted_error(of.truth_j[group], charged_j[group]) for group in groups]
            for name, charged_j in of.charged_j.items()
        },
        stated=[_quantile(of.stated[group], 0.5) for group in groups],
        held=[float(of.held[group].mean()) for group in groups],
    )


def ratio_to_best(found: Summary) -> float:
    """Our energy-weighted error beside that of the best of the other rules."""
    others = [errors[-1] for name, errors in found.weighted.items() if name != OURS]
    return found.weighted[OURS][-1] / min(others)


def _quantile(values: F64, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else float("nan")
