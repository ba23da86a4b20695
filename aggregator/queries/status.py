"""What every page says about its own data: how far it is booked, how old each source is, what went wrong."""

from typing import Final

from sqlalchemy import Connection, select

from aggregator.ledger.tables import about, faults, sources, windows
from aggregator.queries.booked_time import open_windows
from aggregator.queries.models import SourceAge, Status
from maxwatt.config import Settings
from maxwatt.domain.ports import Store
from maxwatt.domain.units import BUCKET_MS, MS_PER_S
from maxwatt.domain.viewer import Viewer

MAX_FAULTS: Final = 20
"""Newest faults shown."""


def data_status(connection: Connection, viewer: Viewer, store: Store | None, settings: Settings, now_ms: int) -> Status:
    """The state of the data. Messages may name other people's jobs: only who sees all gets them."""
    facts = {row.key: row.value for row in connection.execute(select(about))}
    newest = store.newest_ms() if store is not None else {}
    return Status(
        cluster=facts.get("cluster") or settings.cluster.name,
        timezone=settings.cluster.timezone,
        simulated=facts.get("simulated") == "1" or settings.cluster.simulated,
        booked_until_ms=_booked_until_ms(connection),
        closed_until_ms=_closed_until_ms(connection),
        newest_ms=max(newest.values(), default=None),
        sources=_ages(connection, viewer, now_ms),
        currency=settings.cost.currency,
        faults=_faults(connection) if viewer.sees_all else (),
    )


def _booked_until_ms(connection: Connection) -> int | None:
    """End of the newest computed bucket; of the one under way, when it was computed."""
    newest = connection.execute(select(windows).order_by(windows.c.bucket_ms.desc()).limit(1)).first()
    return None if newest is None else int(min(newest.bucket_ms + BUCKET_MS, newest.computed_ms))


def _closed_until_ms(connection: Connection) -> int | None:
    """Up to here nothing will change: the first window not closed, else the end of the last."""
    found = open_windows(connection)
    if found.open_ms:
        return found.open_ms[0]
    return None if found.newest_ms is None else int(found.newest_ms) + BUCKET_MS


def _ages(connection: Connection, viewer: Viewer, now_ms: int) -> tuple[SourceAge, ...]:
    return tuple(
        SourceAge(
            name=row.name,
            success_ms=row.success_ms,
            age_s=None if row.success_ms is None else (now_ms - row.success_ms) / MS_PER_S,
            error=row.error if viewer.sees_all or not row.error else "the last attempt failed",
        )
        for row in connection.execute(select(sources).order_by(sources.c.name))
    )


def _faults(connection: Connection) -> tuple[str, ...]:
    newest = select(faults).order_by(faults.c.seen_ms.desc()).limit(MAX_FAULTS)
    return tuple(
        f"{row['source']}: {row['message']}" + (f" ({row['count']} times)" if row["count"] > 1 else "")
        for row in connection.execute(newest).mappings()
    )
