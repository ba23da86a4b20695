"""What the tests of the laws share: what exact means, how many clusters are tried, and sums of bookings."""

import os
from typing import Any

import numpy as np
from clusters import MAX_GAP_MS, RUN_S, whole_window
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from aggregator.kernel.arrays import Bookings, Chunk, Measured
from maxwatt.domain.energy import COMPONENTS, Component, Part

CPU, DRAM, GPU, REST = map(COMPONENTS.index, (Component.CPU, Component.DRAM, Component.GPU, Component.REST))
STATIC, DYNAMIC = (list(Part).index(each) for each in (Part.STATIC, Part.DYNAMIC))
WHOLE = whole_window()
MARGIN_MS = 2 * MAX_GAP_MS

TIMES = int(os.environ.get("LAWS_TIMES", "1"))
"""How many times the usual number of clusters to try: `LAWS_TIMES=20 pytest tests/property` hunts."""

settings.register_profile(
    "laws", deadline=None, derandomize=True, max_examples=40 * TIMES, database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink), report_multiple_bugs=False,
)  # fmt: skip
settings.load_profile("laws")

moments = st.lists(st.one_of(st.floats(-50, RUN_S + 50), st.integers(0, RUN_S), st.just(900)), max_size=5)


def close(found: Any, wanted: Any, energy_j: float) -> None:
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9 * max(abs(energy_j), 1.0))


def same_as_measured(booked: Bookings, measured: Measured) -> None:
    """The accounts of each node, bucket and component sum to what was measured."""
    sums = np.zeros_like(measured.energy_j)
    np.add.at(sums, (booked.node, booked.bucket), booked.energy_j.sum(axis=2))
    close(sums, measured.energy_j, total_of(booked))


def total_of(booked: Bookings) -> float:
    return float(np.abs(booked.energy_j).sum())


def by_account(booked: Bookings, chunk: Chunk) -> dict[tuple[int, int, int, int], np.ndarray]:
    """Energy [components, parts] by account, the caller's job number, user number and node."""
    found: dict[tuple[int, int, int, int], np.ndarray] = {}
    for row in range(len(booked.account)):
        life = int(booked.life[row])
        job = int(chunk.lives.job[life]) if life >= 0 else -1
        key = (int(booked.account[row]), job, int(booked.uid[row]), int(booked.node[row]))
        found[key] = found.get(key, 0.0) + booked.energy_j[row]
    return found


def same_accounts(a: dict[Any, np.ndarray], b: dict[Any, np.ndarray], energy_j: float) -> None:
    for key in a.keys() | b.keys():
        close(a.get(key, np.zeros((4, 2))), b.get(key, np.zeros((4, 2))), energy_j)


def energy_of(booked: Bookings, chunk: Chunk, job: int) -> np.ndarray:
    lives = np.flatnonzero(chunk.lives.job == job)
    return np.asarray(booked.energy_j[np.isin(booked.life, lives)].sum(axis=0))
