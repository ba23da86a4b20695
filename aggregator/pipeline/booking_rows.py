"""The kernel's arrays as rows of the ledger."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from aggregator.kernel.arrays import F64, Bookings, Lives, Measured, Window
from aggregator.ledger.columns import Columns
from aggregator.pipeline.values import Values
from maxwatt.domain.energy import ENERGY_COLUMNS, METHOD_VERSION

NO_JOB = 0
"""Number in place of a job's where the account is no job."""


def booking_rows(booked: Bookings, lives: Lives, nodes: Sequence[str], window: Window, values: Values) -> Columns:
    """Rows in the order of `ledger.bookings.BOOKING_COLUMNS` and of their key."""
    booked, values = _by_time(booked, values)
    bucket_ms = window.edges_ms[booked.bucket]
    energy_j = booked.energy_j.reshape(len(booked.account), len(ENERGY_COLUMNS))
    columns: list[list[Any]] = [
        bucket_ms.tolist(),
        [nodes[index] for index in booked.node.tolist()],
        booked.account.tolist(),
        job_refs(booked, lives),
        *_plain(energy_j),
        *_plain(booked.evidence_j),
        _nullable(booked.cpu_used_s),
        booked.cpu_reserved_s.tolist(),
        booked.held_s.tolist(),
        booked.covered_s.tolist(),
        booked.share_s.tolist(),
        _nullable(booked.waste_j),
        _nullable(booked.memory_peak_bytes),
        booked.uncertainty.tolist(),
        values.co2_g.tolist(),
        _nullable(values.co2_market_g),
        _nullable(values.cost),
        _nullable(values.embodied_g),
        values.factor_id.tolist(),
        [METHOD_VERSION] * len(booked.account),
    ]
    return Columns(columns)


def _by_time(booked: Bookings, values: Values) -> tuple[Bookings, Values]:
    """Rows by bucket, then in the kernel's order: as the ledger keeps them, which is quick to write."""
    order = np.argsort(booked.bucket, kind="stable")
    rows = Bookings(*(getattr(booked, name)[order] for name in Bookings.__dataclass_fields__))
    return rows, Values(*(getattr(values, name)[order] for name in Values.__dataclass_fields__))


def measured_rows(measured: Measured, nodes: Sequence[str], window: Window) -> Columns:
    """Rows in the order of `ledger.bookings.MEASURED_COLUMNS`, for buckets in which something was measured."""
    bucket, node = np.nonzero(((measured.covered_s > 0) | (measured.energy_j != 0).any(axis=2)).T)
    columns: list[list[Any]] = [
        window.edges_ms[bucket].tolist(),
        [nodes[index] for index in node.tolist()],
        *_plain(measured.energy_j[node, bucket]),
        measured.covered_s[node, bucket].tolist(),
    ]
    return Columns(columns)


def job_refs(booked: Bookings, lives: Lives) -> list[int]:
    """The ledger's number of each booking's job, the user number of a session, NO_JOB for accounts of nodes."""
    refs = np.where(booked.uid >= 0, booked.uid, NO_JOB)
    of_jobs = booked.life >= 0
    refs[of_jobs] = lives.job[booked.life[of_jobs]]
    found: list[int] = refs.tolist()
    return found


def _plain(values: F64) -> list[list[float]]:
    found: list[list[float]] = np.ascontiguousarray(values.T).tolist()
    return found


def _nullable(values: F64) -> list[float | None]:
    """Unknown is null in the ledger."""
    found = values.astype(object)
    found[np.isnan(values)] = None
    plain: list[float | None] = found.tolist()
    return plain
