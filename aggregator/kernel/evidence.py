"""How sure a booking is: declared uncertainties of each kind of evidence, and Slurm's whole seconds."""

from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64
from aggregator.kernel.ragged import ratio
from maxwatt.domain.energy import EVIDENCE, Evidence

RELATIVE: Final = {
    Evidence.COUNTED: 0.03,
    Evidence.INTEGRATED: 0.06,
    Evidence.INTERPOLATED: 0.15,
    Evidence.ACCOUNTED: 0.10,
    Evidence.MODELLED: 0.30,
}
"""Relative uncertainty of energy of each kind. Declared, not measured."""

EDGE_S: Final = 1.0
"""Slurm's start and end are whole seconds: each is known to this [s]."""


def uncertainty(evidence_j: F64, edges: I64, held_s: F64) -> F64:
    """Relative uncertainty of bookings: kinds add up linearly, edges in quadrature.

    `sqrt((sum of share_k * r_k)^2 + (edges * 1 s / held)^2)`, at most 1.

    Args:
        evidence_j: [n, kinds]; edges: [n] starts and ends of the job inside the booking; held_s: [n].
    """
    weights = np.array([RELATIVE[kind] for kind in EVIDENCE])
    size: F64 = np.abs(evidence_j)
    known: F64 = size.sum(axis=1)
    kinds = ratio(np.asarray(size @ weights, np.float64), known)
    return np.asarray(np.minimum(np.hypot(kinds, ratio(np.asarray(edges * EDGE_S, np.float64), held_s)), 1.0))
