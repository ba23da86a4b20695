"""The sums of bookings as SQL: how each column of a rollup comes from booked rows, and from finer rollups."""

import operator
from functools import reduce
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, case, func

from aggregator.ledger.tables import bookings
from maxwatt.domain.energy import ENERGY_COLUMNS, EVIDENCE_COLUMNS, Account
from maxwatt.domain.rollups import SUMS

Expression = ColumnElement[Any]

_BOOKED: Any = bookings.c


def sums_of_bookings() -> list[Expression]:
    """Labelled sums over a group of bookings, in the order of SUMS."""
    return list(_OF_BOOKINGS)


def energy_j() -> Expression:
    """Energy of a booking [J]."""
    return reduce(operator.add, (_BOOKED[column] for column in ENERGY_COLUMNS))


def sums_of(table: Table | Any) -> list[Expression]:
    """Labelled sums over a group of rows that are sums themselves, in the order of SUMS."""
    return [func.sum(table.c[name]).label(name) for name in SUMS]


def _amounts() -> dict[str, Expression]:
    """What one booking adds to each sum that is more than its column."""
    booked_j = energy_j()
    by_evidence_j = reduce(operator.add, (_BOOKED[column] for column in EVIDENCE_COLUMNS))
    of_job = _BOOKED.account == int(Account.JOB)
    return {
        "spread_j": func.abs(by_evidence_j) * _BOOKED.uncertainty,
        "cpu_used_s": func.coalesce(_BOOKED.cpu_used_s, 0.0),
        "cpu_unknown_s": case((_BOOKED.cpu_used_s.is_(None), _BOOKED.cpu_reserved_s), else_=0.0),
        "waste_j": func.coalesce(_BOOKED.waste_j, 0.0),
        "waste_unknown_j": case((_BOOKED.waste_j.is_(None) & of_job, booked_j), else_=0.0),
        **{name: func.coalesce(_BOOKED[name], 0.0) for name in ("co2_g", "co2_market_g", "cost", "embodied_g")},
        "co2_unknown_j": case((_BOOKED.co2_g.is_(None), booked_j), else_=0.0),
        "co2_market_unknown_j": case((_BOOKED.co2_market_g.is_(None), booked_j), else_=0.0),
        "share_s": func.coalesce(_BOOKED.share_s, 0.0),
        "embodied_unknown_s": case((_BOOKED.embodied_g.is_(None), func.coalesce(_BOOKED.share_s, 0.0)), else_=0.0),
        "cost_unknown_j": case((_BOOKED.cost.is_(None), booked_j), else_=0.0),
    }


def _of_bookings() -> tuple[Expression, ...]:
    amounts = _amounts()
    return tuple(func.sum(amounts.get(name, _BOOKED.get(name))).label(name) for name in SUMS)


_OF_BOOKINGS: Final = _of_bookings()
