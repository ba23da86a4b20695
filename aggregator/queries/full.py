"""`full = direct * F`, `F = E_ref / sum of direct` per cluster and UTC day: for who must account for the whole meter.

Told of whole UTC days whose windows are all closed, and additive over days only. A day on which nobody used anything
stays idle: it has no factor.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection, select

from aggregator.ledger import stale
from aggregator.ledger.tables import rollups
from aggregator.queries.factor_days import FactorDay
from maxwatt.domain.energy import ENERGY_COLUMNS, Account
from maxwatt.domain.periods import Period
from maxwatt.domain.rollups import Dimension

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


def full_of_job(connection: Connection, days: Iterable[FactorDay]) -> float | None:
    """Full energy of a job [J], None while one of its days is not closed."""
    by_day: dict[int, float] = defaultdict(float)
    for day in days:
        by_day[day.day_ms] += day.energy_j
    factor = full_factors(connection, list(by_day))
    if not by_day or any(amount_j and day_ms not in factor for day_ms, amount_j in by_day.items()):
        return None
    return float(sum(amount_j * factor.get(day_ms, 0.0) for day_ms, amount_j in by_day.items()))
