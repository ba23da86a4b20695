"""The carbon factor of every bucket, numbered by the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aggregator.kernel.arrays import F64, I64
from aggregator.ledger.ledger import Ledger
from maxwatt.domain.carbon import Factor


@dataclass(frozen=True, slots=True)
class FactorHistory:
    """Factors by the time from which they hold, one entry each: [epoch ms UTC], the ledger's number, [g/J]."""

    valid_from_ms: I64
    factor_id: I64
    g_per_j: F64

    def at(self, times_ms: I64) -> tuple[I64, F64]:
        """Number and [g/J] of the factor that holds at each time; before the first, the first."""
        place = np.maximum(np.searchsorted(self.valid_from_ms, times_ms, side="right") - 1, 0)
        return self.factor_id[place], self.g_per_j[place]


def factor_history(ledger: Ledger, factors: Sequence[Factor]) -> FactorHistory:
    """The factors with their numbers; those the ledger has not seen get one."""
    ordered = sorted(factors, key=lambda factor: factor.valid_from_ms)
    return FactorHistory(
        np.array([factor.valid_from_ms for factor in ordered], np.int64),
        np.array([ledger.factor_id(factor) for factor in ordered], np.int64),
        np.array([factor.g_per_j for factor in ordered], np.float64),
    )
