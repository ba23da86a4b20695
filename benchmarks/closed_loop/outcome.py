"""A scene, booked, and every rule's figures beside its truth."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.closed_loop.compare import facts
from benchmarks.closed_loop.fast_path import book
from benchmarks.closed_loop.generator.activity import F64
from benchmarks.closed_loop.generator.scene import Scene, read
from benchmarks.closed_loop.rules import foreign_j
from benchmarks.closed_loop.tables import sent

OURS = "maxwatt"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One entry per job of a scene.

    Args:
        charged_j: by the name of the rule, ours first; stated: our relative uncertainty.
        held: whether the truth lies within it.
    """

    length_s: F64
    truth_j: F64
    charged_j: dict[str, F64]
    stated: F64
    held: NDArray[np.bool_]


def outcome(world: Scene, interval_s: float, folder: Path) -> Outcome:
    """Book a scene sampled every `interval_s`, in an empty folder."""
    rows, true = sent(world, read(world, interval_s)), facts(world)
    booked = book(world, rows, folder)
    ours_j = booked.job_j.sum(axis=(1, 2))
    return Outcome(
        length_s=true.length_s,
        truth_j=true.truth_j,
        charged_j={OURS: ours_j, **foreign_j(world, rows)},
        stated=booked.spread_j / np.maximum(ours_j, 1e-9),
        held=np.abs(ours_j - true.truth_j) <= booked.spread_j,
    )
