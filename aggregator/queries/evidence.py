"""What a sum of bookings says about itself."""

from collections.abc import Mapping
from typing import Any, Final

from aggregator.queries.models import Evidence
from maxwatt.domain.energy import EVIDENCE, EVIDENCE_COLUMNS

_KINDS: Final = tuple(zip(map(str, EVIDENCE), EVIDENCE_COLUMNS, strict=True))


def evidence_of(sums: Mapping[str, Any], spread_j: float, provisional: bool) -> Evidence:
    """Evidence of a figure from the summed columns of its bookings.

    Shares are energy-weighted: Σ kind / Σ all kinds. Coverage is time-weighted: Σ covered_s / Σ held_s.
    The relative uncertainty is `Σ|E|·u / |ΣE|` over the bookings. Errors add linearly, between jobs as well: jobs share
    meters and node models, and what these have wrong does not cancel out, however many jobs there are.

    Args:
        sums: `energy_j`, the evidence columns, `held_s`, `covered_s`, `method_version` (the oldest that took part).
        spread_j: absolute uncertainty of the energy [J].
        provisional: some window of it may still change.
    """
    kinds = {kind: float(sums[column]) for kind, column in _KINDS}
    total_j = sum(kinds.values())
    energy_j, held_s = float(sums["energy_j"]), float(sums["held_s"])
    return Evidence(
        shares={kind: part_j / total_j if total_j else 0.0 for kind, part_j in kinds.items()},
        coverage=float(sums["covered_s"]) / held_s if held_s else 0.0,
        uncertainty=spread_j / abs(energy_j) if energy_j else 0.0,
        method_version=int(sums["method_version"]),
        provisional=provisional,
    )
