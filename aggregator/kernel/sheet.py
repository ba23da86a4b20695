"""A sheet to book on: one row per account, four components by two parts, and how the energy became known."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64
from maxwatt.domain.energy import COMPONENTS, EVIDENCE, PARTS, Component, Part

CPU: Final = COMPONENTS.index(Component.CPU)
DRAM: Final = COMPONENTS.index(Component.DRAM)
GPU: Final = COMPONENTS.index(Component.GPU)
REST: Final = COMPONENTS.index(Component.REST)
STATIC: Final = PARTS.index(Part.STATIC)
DYNAMIC: Final = PARTS.index(Part.DYNAMIC)


@dataclass(frozen=True, slots=True)
class Sheet:
    """energy_j [rows, components, parts] and evidence_j [rows, evidence], filled by `book`."""

    energy_j: F64
    evidence_j: F64

    @staticmethod
    def empty(rows: int) -> "Sheet":
        """A sheet without energy."""
        return Sheet(np.zeros((rows, len(COMPONENTS), len(PARTS))), np.zeros((rows, len(EVIDENCE))))

    def book(self, row: I64, amount_j: F64, component: int, part: int, evidence: I64 | int) -> None:
        """Add amounts to rows.

        Args:
            row, amount_j: [n]; evidence: index into EVIDENCE, one for all or [n].
        """
        count = len(self.energy_j)
        added_j = np.bincount(row, amount_j, count)
        self.energy_j[:, component, part] += added_j
        kinds = [evidence] if isinstance(evidence, int) else kinds_of(evidence)
        if len(kinds) == 1:
            self.evidence_j[:, kinds[0]] += added_j
            return
        for kind in kinds:
            mine = evidence == kind
            self.evidence_j[:, kind] += np.bincount(row[mine], amount_j[mine], count)


def kinds_of(evidence: I64) -> list[int]:
    """Kinds of evidence that occur, best first."""
    if len(evidence) and evidence.min() == evidence.max():
        return [int(evidence[0])]
    found: list[int] = np.flatnonzero(np.bincount(evidence, minlength=len(EVIDENCE))).tolist()
    return found
