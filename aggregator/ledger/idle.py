"""Idle powers by node and UTC day: found once, frozen, and what every booking of that day was made with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, exists, select, update

from aggregator.ledger.rows import Row, as_mapping, chunks, delete_rows, insert_rows
from aggregator.ledger.tables import allocations, idle_powers, jobs

BOARDS = "gpu"
"""Component of all boards that have no value of their own."""


class Origin(StrEnum):
    """Where an idle power comes from."""

    CALIBRATED = "calibrated"
    MODEL = "model"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class IdlePower:
    """Idle power of a component of a node on a UTC day.

    Args:
        day_ms: start of the day [epoch ms UTC].
        component: `cpu`, `dram`, `rest`, `gpu0`, `gpu1`, …, or `gpu` for all boards without a value of their own.
        power_w: None where it is not known.
        intervals: how many job-free intervals of the 7 days before there were.
        revision: 1, and one more with every recalibration.
    """

    node: str
    day_ms: int
    component: str
    power_w: float | None
    intervals: int
    origin: Origin
    revision: int = 1


_FROZEN: Final = (
    select(*(idle_powers.c[name] for name in IdlePower.__dataclass_fields__))
    .where(idle_powers.c.day_ms.between(bindparam("first_ms"), bindparam("last_ms")), idle_powers.c.frozen)
    .where(idle_powers.c.node.in_(bindparam("names", expanding=True)))
)
"""Made once: that takes longer than to ask it for a few nodes."""


def load(connection: Connection, names: Sequence[str], first_ms: int, last_ms: int) -> list[IdlePower]:
    """The frozen values of the days that begin in [first_ms, last_ms] [epoch ms UTC]."""
    span = {"first_ms": first_ms, "last_ms": last_ms}
    rows = [row for some in chunks(names) for row in connection.execute(_FROZEN, span | {"names": some})]
    return [IdlePower(**{**as_mapping(row), "origin": Origin(row.origin)}) for row in rows]


def freeze(connection: Connection, found: Sequence[IdlePower]) -> None:
    """Put down the values of days; what is frozen already stays, of what was thawed these are a new revision."""
    there = [row for some in chunks(found) for row in _there(connection, some)]
    revisions, frozen = {row[:3]: row[3] for row in there}, {row[:2] for row in there if row[4]}
    new = {(each.day_ms, each.node, each.component): each for each in found if (each.day_ms, each.node) not in frozen}
    delete_rows(connection, idle_powers, [key for key in new if key in revisions])
    rows = [
        (*key, each.power_w, each.intervals, each.origin.value, revisions.get(key, 0) + 1, True)
        for key, each in new.items()
    ]
    insert_rows(connection, idle_powers, rows)


def _there(connection: Connection, found: Sequence[IdlePower]) -> list[Row]:
    """Key, revision and whether frozen of what is there of these nodes and days."""
    table = idle_powers.c
    same = table.node.in_({each.node for each in found}) & table.day_ms.in_({each.day_ms for each in found})
    columns = (*idle_powers.primary_key.columns, table.revision, table.frozen)
    return [tuple(row) for row in connection.execute(select(*columns).where(same))]


def thaw(connection: Connection, start_ms: int, end_ms: int, names: Sequence[str] | None) -> None:
    """Let the days that begin in [start_ms, end_ms) [epoch ms UTC] be calibrated anew; `names` None: of all nodes."""
    inside = (idle_powers.c.day_ms >= start_ms) & (idle_powers.c.day_ms < end_ms)
    again = update(idle_powers).values(frozen=False)
    if names is None:
        connection.execute(again.where(inside))
        return
    for some in chunks(names):
        connection.execute(again.where(inside, idle_powers.c.node.in_(some)))


def had_jobs(connection: Connection, names: Iterable[str], before_ms: int) -> set[str]:
    """Which of these nodes ever had a job that ended before a moment [epoch ms UTC]."""
    ended = select(jobs.c.job_ref).join(allocations, allocations.c.job_ref == jobs.c.job_ref)
    return {
        name
        for name in names
        if connection.execute(
            select(exists(ended.where(allocations.c.node == name, jobs.c.end_ms <= before_ms)))
        ).scalar()
    }
