"""Days whose rows lie in the order in which they are read.

Samples come in the order of time, all nodes between each other: to read some nodes of a past day, all of the day would
be decompressed and sorted, each time. A day that is over is therefore laid anew, once, by node, entity and time.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from aggregator.store import tables as sql
from maxwatt.domain.schema import MEASUREMENTS
from maxwatt.domain.units import DAY_MS


def days_of(batches: Iterable[pa.Table]) -> set[int]:
    """The UTC days [epoch ms] to which rows belong."""
    return {day * DAY_MS for batch in batches for day in np.unique(batch["ts_ms"].to_numpy() // DAY_MS).tolist()}


def arranged_days(cursor: Any, after_ms: int, before_ms: int) -> list[int]:
    """The arranged days that start after and before [epoch ms UTC], as the cursor's transaction sees them."""
    found = f"SELECT day_ms FROM {sql.ARRANGED} WHERE day_ms > ? AND day_ms < ?"  # noqa: S608  our own name
    return [day for (day,) in cursor.execute(found, [after_ms, before_ms]).fetchall()]


def forget(cursor: Any, days: Iterable[int]) -> None:
    """Note that these days [epoch ms UTC] do not lie in order any more."""
    for day_ms in days:
        cursor.execute(f"DELETE FROM {sql.ARRANGED} WHERE day_ms = ?", [day_ms])  # noqa: S608  our own name


def note(cursor: Any, day_ms: int) -> None:
    """Note that a day [epoch ms UTC] lies in order."""
    cursor.execute(f"INSERT INTO {sql.ARRANGED} VALUES (?)", [day_ms])  # noqa: S608  our own name


def lay_anew(cursor: Any, day_ms: int) -> None:
    """Write a day's rows once more, in order, and delete those that were there; in the cursor's transaction."""
    span = [day_ms, day_ms + DAY_MS]
    for measurement in MEASUREMENTS.values():
        newest = cursor.execute(sql.newest_row_sql(measurement), span).fetchone()[0]
        if newest is not None:
            cursor.execute(sql.copy_in_order_sql(measurement), span)
            cursor.execute(sql.delete_rows_sql(measurement), [*span, newest])
