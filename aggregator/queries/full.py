"""`full = direct * F`, `F = E_ref / sum of direct` per cluster and UTC day: for who must account for the whole meter.

Told of whole UTC days whose windows are all closed, and additive over days only. A day on which nobody used anything
stays idle: it has no factor.
"""

from collections import defaultdict
from typing import Any, Final

from sqlalchemy import Connection, func, select

from aggregator.ledger import stale
from aggregator.ledger.tables import bookings, rollups
from aggregator.queries.expressions import energy_of
from maxwatt.domain.energy import ENERGY_COLUMNS, Account
from maxwatt.domain.periods import Period
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.units import DAY_MS

USERS: Final = (Account.JOB, Account.SESSION)
"""Accounts that somebody answers for: among them the rest of the meter is shared out."""


def full_factors(connection: Connection, days_ms: list[int]) -> dict[int, float]:
    """`F` of each of these UTC days [epoch ms] that is closed and on which somebody used energy."""
    column = rollups.c
    energy_j: Any = sum((column[name] for name in ENERGY_COLUMNS[1:]), column[ENERGY_COLUMNS[0]])
    wanted = select(column.start_ms, column.account, energy_j).where(
        column.period == int(Period.UTC_DAY),
        column.dimension == int(Dimension.CLUSTER),
        column.start_ms.in_(days_ms),
    )
    total_j: dict[int, float] = defaultdict(float)
    direct_j: dict[int, float] = defaultdict(float)
    for day_ms, account, amount_j in connection.execute(wanted):
        total_j[day_ms] += amount_j
        direct_j[day_ms] += amount_j if account in USERS else 0.0
    moving = set(stale.marked(connection, Period.UTC_DAY))
    return {day: total_j[day] / direct_j[day] for day in total_j if direct_j[day] > 0 and day not in moving}


def full_of_job(connection: Connection, job_ref: int) -> float | None:
    """Full energy of a job [J], None while one of its days is not closed."""
    day_ms = bookings.c.bucket_ms - bookings.c.bucket_ms % DAY_MS
    booked = (
        select(day_ms.label("day_ms"), func.sum(energy_of()).label("energy_j"))
        .where(bookings.c.job_ref == job_ref, bookings.c.account == int(Account.JOB))
        .group_by(day_ms)
    )
    by_day = {row.day_ms: row.energy_j for row in connection.execute(booked)}
    factor = full_factors(connection, list(by_day))
    if not by_day or any(amount_j and day not in factor for day, amount_j in by_day.items()):
        return None
    return float(sum(amount_j * factor.get(day, 0.0) for day, amount_j in by_day.items()))
