"""Mean power of the accounts over time, from the bookings."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Select, func, select

from aggregator.ledger.tables import bookings
from aggregator.queries.accounts import ACCOUNT_NAMES, OF_USERS
from aggregator.queries.booked_time import folded_days, in_time, measured_seconds
from aggregator.queries.expressions import energy_of, own_bookings
from aggregator.queries.models import EnergySeries
from maxwatt.domain.errors import InputError
from maxwatt.domain.units import BUCKET_MS, DAY_MS
from maxwatt.domain.viewer import Viewer


def energy_series(
    connection: Connection, viewer: Viewer, since_ms: int, until_ms: int, max_points: int
) -> EnergySeries:
    """Mean power of each account in steps of whole buckets, at most `max_points` of them.

    Steps are whole UTC days as soon as one of the days is folded: when in the day it was, nobody knows any more.

    A step's mean is its energy over the time of its buckets that were measured; None where none was. The bucket under
    way counts up to the moment it was computed.
    """
    if max_points < 1:
        raise InputError(f"a series needs at least one point, not {max_points}")
    piece_ms = DAY_MS if folded_days(connection, since_ms, until_ms) else BUCKET_MS
    first_ms = -(-since_ms // piece_ms) * piece_ms
    pieces = max(0, -(-(until_ms - first_ms) // piece_ms))
    step_ms = max(1, -(-pieces // max_points)) * piece_ms
    energy_j: dict[tuple[int, int], float] = defaultdict(float)
    drawn = set[int]()
    for row in connection.execute(_bucket_statement(viewer, since_ms, until_ms)):
        energy_j[(row.bucket_ms - first_ms) // step_ms, row.account] += row.energy_j
        drawn |= {row.bucket_ms} if row.energy_j else set()
    step_s: dict[int, float] = defaultdict(float)
    for bucket_ms, booked_s in measured_seconds(connection, since_ms, until_ms, drawn).items():
        step_s[(bucket_ms - first_ms) // step_ms] += booked_s
    starts = tuple(range(first_ms, until_ms, step_ms))
    shown = {account: name for account, name in ACCOUNT_NAMES.items() if viewer.sees_all or account in OF_USERS}
    power_w = {
        name: tuple(
            energy_j.get((step, account), 0.0) / step_s[step] if step_s.get(step) else None
            for step in range(len(starts))
        )
        for account, name in shown.items()
    }
    return EnergySeries(starts, step_ms, power_w)


def _bucket_statement(viewer: Viewer, since_ms: int, until_ms: int) -> Select[Any]:
    statement = select(bookings.c.bucket_ms, bookings.c.account, func.sum(energy_of()).label("energy_j"))
    statement = statement.where(in_time(since_ms, until_ms), own_bookings(viewer))
    return statement.group_by(bookings.c.bucket_ms, bookings.c.account)
