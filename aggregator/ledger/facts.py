"""Single facts, the health of the sources, and faults."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select, update

from aggregator.ledger.tables import about, faults, sources
from maxwatt.domain.errors import ConfigError

CLUSTER: Final = "cluster"
"""Fact that names the cluster whose ledger this is."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source: up to when it is known to be complete [epoch ms UTC], when it was last asked, what went wrong."""

    name: str
    success_ms: int | None
    attempt_ms: int | None
    error: str


def get(connection: Connection, key: str) -> str | None:
    """A single fact, None when it was never put down."""
    value: str | None = connection.execute(select(about.c.value).where(about.c.key == key)).scalar()
    return value


def put(connection: Connection, key: str, value: str) -> None:
    """Put down a single fact."""
    if get(connection, key) is None:
        connection.execute(insert(about).values(key=key, value=value))
    else:
        connection.execute(update(about).where(about.c.key == key).values(value=value))


def claim(connection: Connection, cluster: str) -> None:
    """Put down whose ledger this is, or see that it is this cluster's.

    Raises:
        ConfigError: it is another cluster's.
    """
    known = get(connection, CLUSTER)
    if known not in {None, cluster}:
        raise ConfigError(
            f"cluster.name is {cluster!r}, but the ledger is that of {known!r}, and every job would be booked a "
            f"second time. Set cluster.name = {known!r}, or begin a new ledger with another --data-dir"
        )
    put(connection, CLUSTER, cluster)


def source_states(connection: Connection) -> dict[str, SourceState]:
    """Every source by name."""
    return {row[0]: SourceState(*row) for row in connection.execute(select(sources))}


def record_source(connection: Connection, name: str, attempt_ms: int, success_ms: int | None, error: str) -> None:
    """Put down how asking a source went; a failure leaves its last success as it is."""
    values: dict[str, object] = {"attempt_ms": attempt_ms, "error": error}
    if success_ms is not None:
        values["success_ms"] = success_ms
    if name in source_states(connection):
        connection.execute(update(sources).where(sources.c.name == name).values(**values))
    else:
        connection.execute(insert(sources).values(name=name, **values))


def add_fault(connection: Connection, source: str, message: str, seen_ms: int) -> None:
    """Note a fault; the same one again only counts up."""
    same = (faults.c.source == source) & (faults.c.message == message)
    again = update(faults).where(same).values(seen_ms=seen_ms, count=faults.c.count + 1)
    if connection.execute(again).rowcount == 0:
        connection.execute(insert(faults).values(source=source, message=message, seen_ms=seen_ms, count=1))
