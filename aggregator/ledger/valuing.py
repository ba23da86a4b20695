"""CO2 and cost computed again from the booked energy, which stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Null, Update, bindparam, func, null, or_, select, update

from aggregator.ledger import stale, windows
from aggregator.ledger.rows import TOLERANCE, Row, chunks
from aggregator.ledger.sums import energy_j
from aggregator.ledger.tables import bookings
from maxwatt.domain.units import BUCKET_MS

KEY_COLUMNS: Final = tuple(bookings.primary_key.columns)


@dataclass(frozen=True, slots=True)
class BucketRates:
    """What a joule weighs and costs in a bucket [epoch ms UTC]: [g/J], [g/J], [1/J]; None: no contract, no tariff."""

    bucket_ms: int
    factor_id: int
    g_per_j: float
    market_g_per_j: float | None
    price_per_j: float | None


@dataclass(frozen=True, slots=True)
class RowRates:
    """The same for one booking, where a factor changes inside its bucket."""

    node: str
    account: int
    job_ref: int
    rates: BucketRates


def value_buckets(connection: Connection, rates: Sequence[BucketRates]) -> int:
    """Value all bookings of some buckets with the rates of each; returns how many changed."""
    return _value(connection, [(each, {}) for each in rates])


def value_rows(connection: Connection, rows: Sequence[RowRates]) -> int:
    """Value single bookings; returns how many changed."""
    keys = [{"key_node": row.node, "key_account": row.account, "key_job": row.job_ref} for row in rows]
    return _value(connection, [(row.rates, key) for row, key in zip(rows, keys, strict=True)])


def booked_keys(connection: Connection, bucket_ms: int) -> list[Row]:
    """Node, account and job number of the bookings of a bucket."""
    found = select(bookings.c.node, bookings.c.account, bookings.c.job_ref).where(bookings.c.bucket_ms == bucket_ms)
    return [tuple(row) for row in connection.execute(found)]


def _value(connection: Connection, wanted: Sequence[tuple[BucketRates, dict[str, Any]]]) -> int:
    """Each change of a closed window raises its revision once, and what was summed from it is stale."""
    if not wanted:
        return 0
    times = [rates.bucket_ms for rates, _ in wanted]
    before = windows.revisions(connection, min(times), max(times) + BUCKET_MS)
    changed: dict[int, int] = {}
    for rates, key in wanted:
        count = connection.execute(
            _statement(rates.market_g_per_j is None, rates.price_per_j is None, one=bool(key)),
            _parameters(rates, before.get(rates.bucket_ms, 0) + 1) | key,
        ).rowcount
        if count:
            changed[rates.bucket_ms] = changed.get(rates.bucket_ms, 0) + count
    windows.raise_revisions(connection, {ms: before[ms] + 1 for ms in changed if before.get(ms, 0) > 0})
    stale.mark(connection, changed, _jobs(connection, sorted(changed)))
    return sum(changed.values())


def _parameters(rates: BucketRates, revision: int) -> dict[str, Any]:
    amounts = {"g": rates.g_per_j, "market": rates.market_g_per_j, "price": rates.price_per_j}
    known = {name: amount for name, amount in amounts.items() if amount is not None}
    return {"key_bucket": rates.bucket_ms, "new_factor": rates.factor_id, "new_revision": revision, **known}


@cache
def _statement(no_market: bool, no_price: bool, *, one: bool) -> Update:
    """The update of a bucket, or of one booking; only what differs is touched."""
    column, energy = bookings.c, energy_j()
    wanted: dict[str, ColumnElement[Any]] = {
        "co2_g": energy * bindparam("g"),
        "co2_market_g": null() if no_market else energy * bindparam("market"),
        "cost": null() if no_price else energy * bindparam("price"),
    }
    other = column.factor_id.is_(None) | (column.factor_id != bindparam("new_factor"))
    conditions = [column.bucket_ms == bindparam("key_bucket")]
    if one:
        conditions += [column.node == bindparam("key_node"), column.account == bindparam("key_account")]
        conditions.append(column.job_ref == bindparam("key_job"))
    differs = or_(other, *(_differs(column[name], value) for name, value in wanted.items()))
    new = {**wanted, "factor_id": bindparam("new_factor"), "revision": bindparam("new_revision")}
    return update(bookings).where(*conditions, differs).values(**new)


def _differs(column: ColumnElement[Any], wanted: ColumnElement[Any]) -> ColumnElement[bool]:
    """By more than sums taken in another order do."""
    if isinstance(wanted, Null):
        return column.is_not(None)
    return column.is_(None) | (func.abs(column - wanted) > TOLERANCE * (func.abs(wanted) + 1.0))


def _jobs(connection: Connection, buckets: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for some in chunks(buckets):
        mine = select(bookings.c.job_ref).where(bookings.c.bucket_ms.in_(some)).distinct()
        found |= set(connection.execute(mine).scalars())
    return found
