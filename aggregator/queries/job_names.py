"""Whose and which jobs there are lately: what the filters of the job table offer."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, select

from aggregator.ledger.refresh import Site
from aggregator.ledger.tables import jobs, rollups
from aggregator.queries.expressions import visible_parts
from maxwatt.domain.energy import Account
from maxwatt.domain.periods import Period, start_of
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.units import DAY_MS
from maxwatt.domain.viewer import Viewer

NAMED: Final = ("user", "account", "partition", "qos")
LATELY_MS: Final = 30 * DAY_MS
NEWEST: Final = 1000
"""So many jobs of a viewer, and of each account that they coordinate, are looked at."""

_DIMENSIONS: Final = {Dimension[name.upper()]: name for name in NAMED}


def job_names(connection: Connection, viewer: Viewer, site: Site, now_ms: int) -> Mapping[str, tuple[str, ...]]:
    """Users, accounts, partitions and QOS of jobs that the viewer may see, by NAMED, in the order of the alphabet.

    Those of their newest jobs; who sees all gets also those with booked energy in the calendar months of LATELY_MS.
    """
    found: dict[str, set[str]] = {name: set() for name in NAMED}
    for part in visible_parts(viewer):
        for row in connection.execute(_newest(part)).mappings():
            for name, names in found.items():
                names.add(row[name])
    if viewer.sees_all:
        for dimension, name in connection.execute(_summed_up(site, now_ms)):
            found[_DIMENSIONS[Dimension(dimension)]].add(name)
    return {name: tuple(sorted(names - {""})) for name, names in found.items()}


def _newest(part: ColumnElement[bool]) -> Select[Any]:
    newest = select(*(jobs.c[name] for name in NAMED)).where(part).order_by(jobs.c.start_ms.desc()).limit(NEWEST)
    return select(newest.subquery()).distinct()


def _summed_up(site: Site, now_ms: int) -> Select[Any]:
    starts = {start_of(Period.MONTH, ms, site.zone) for ms in (now_ms - LATELY_MS, now_ms)}
    column = rollups.c
    return (
        select(column.dimension, column.name)
        .where(column.period == int(Period.MONTH), column.start_ms.in_(sorted(starts)))
        .where(column.dimension.in_([int(each) for each in _DIMENSIONS]), column.account == int(Account.JOB))
        .distinct()
    )
