"""A job's energy by UTC day and factor: once through its bookings for all that is made of it."""

from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from aggregator.ledger.rows import plain_rows
from aggregator.ledger.tables import bookings
from aggregator.queries.expressions import energy_by_evidence
from maxwatt.domain.energy import Account
from maxwatt.domain.units import DAY_MS


class FactorDay(NamedTuple):
    """Energy of a job on a UTC day [epoch ms] booked with one factor [J]; `absolute_j` counts what is negative too."""

    day_ms: int
    factor_id: int | None
    energy_j: float
    absolute_j: float


_DAY_MS: Final = bookings.c.bucket_ms - bookings.c.bucket_ms % DAY_MS
_BOOKED: Final = (
    select(_DAY_MS, bookings.c.factor_id, func.sum(energy_by_evidence()), func.sum(func.abs(energy_by_evidence())))
    .where(bookings.c.job_ref == bindparam("job_ref"), bookings.c.account == int(Account.JOB))
    .group_by(_DAY_MS, bookings.c.factor_id)
)


def factor_days(connection: Connection, job_ref: int) -> list[FactorDay]:
    """What is booked of a job, by day and factor."""
    return [FactorDay(*row) for row in plain_rows(connection, _BOOKED, {"job_ref": job_ref})]
