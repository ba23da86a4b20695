"""The law above all others: what is booked sums to what was measured, per node, bucket and component."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, Bookings, Measured, Window
from maxwatt.domain.energy import COMPONENTS
from maxwatt.domain.units import MS_PER_S

LIMIT: Final = 1e-9
"""Largest gap allowed, relative to `max(E, 1 J)`."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Accounts that do not sum to the meter."""

    node: str
    bucket_ms: int
    component: str
    relative: float

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.bucket_ms / MS_PER_S, UTC).strftime("%Y-%m-%d %H:%M UTC")
        return f"{self.node}, window of {when}: the accounts of {self.component} miss the meter by {self.relative:.1e}"


def closure_gaps(booked: Bookings, measured: Measured) -> F64:
    """`|Σ accounts - E| / max(E, 1 J)` as [nodes, buckets, components]; infinite where a figure is no number."""
    summed = np.zeros_like(measured.energy_j)
    np.add.at(summed, (booked.node, booked.bucket), booked.energy_j.sum(axis=2))
    gaps: F64 = np.abs(summed - measured.energy_j) / np.maximum(np.abs(measured.energy_j), 1.0)
    return np.where(np.isfinite(gaps), gaps, np.inf)


def beyond_limit(gaps: F64, nodes: Sequence[str], window: Window) -> list[Gap]:
    """Every gap above the limit, the largest first."""
    found = [
        Gap(nodes[node], int(window.edges_ms[bucket]), COMPONENTS[component], float(gaps[node, bucket, component]))
        for node, bucket, component in np.argwhere(gaps > LIMIT).tolist()
    ]
    return sorted(found, key=lambda gap: -gap.relative)
