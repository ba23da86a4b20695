"""Embodied carbon: what making a node emitted, over its lifetime, on those who held it. No part of energy's CO2."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, Bookings, Window
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.units import DAY_MS, MS_PER_S

YEAR_S: Final = 365.25 * 86400
"""A year of a lifetime [s]."""

_EPOCH: Final = date(1970, 1, 1)


def embodied_g(booked: Bookings, window: Window, models: Sequence[NodeModel]) -> F64:
    """`M = TE * (time / lifetime) * w` of each booking [g], NaN where nobody declared TE.

    The Software Carbon Intensity specification, ISO/IEC 21031: `M = TE * (TiR / EL) * (RR / ToR)`. Time times share is
    `share_s`; a node that is not in service yet, or past its lifetime, is charged to nobody.

    Args:
        models: of the nodes that `booked.node` counts.
    """
    rate = np.array([model.embodied_kg * 1000 / (model.lifetime_years * YEAR_S or np.nan) for model in models])
    spans = np.array([_service_ms(model) for model in models]).reshape(-1, 2)
    start_ms, (begin, end) = window.edges_ms[booked.bucket], spans[booked.node].T
    declared = np.where(rate > 0, rate, np.nan)[booked.node]
    return np.where((start_ms >= begin) & (start_ms < end) | np.isnan(declared), declared, 0.0) * booked.share_s


def _service_ms(model: NodeModel) -> tuple[float, float]:
    """From when to when a node is charged [epoch ms UTC]; without a date: always."""
    if model.in_service is None:
        return -np.inf, np.inf
    start_ms = (model.in_service - _EPOCH).days * DAY_MS
    return start_ms, start_ms + model.lifetime_years * YEAR_S * MS_PER_S
