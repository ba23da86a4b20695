"""Nodes as Slurm knows them and the history of their states, which nothing can bring back later."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, insert, select, update

from aggregator.ledger import facts
from aggregator.ledger.tables import node_states, nodes
from maxwatt.domain.jobs import NodeRecord, SlurmSnapshot
from maxwatt.domain.units import MS_PER_S

UNSEEN_MS: Final = 600 * MS_PER_S
"""When two polls are further apart [ms], what the nodes did in between is unknown, not assumed."""

_LAST_POLL: Final = "node_states_ms"


def upsert_nodes(connection: Connection, records: Iterable[NodeRecord], seen_ms: int) -> None:
    """Keep what Slurm can allocate of each node.

    Args:
        seen_ms: when the controller said so [epoch ms UTC].
    """
    known = set(connection.execute(select(nodes.c.node)).scalars())
    for record in records:
        values = {
            "cpus": record.cpus,
            "memory_bytes": record.memory_bytes,
            "gpus": record.gpus,
            "partitions": ",".join(record.partitions),
            "features": record.features,
            "seen_ms": seen_ms,
        }
        if record.name in known:
            connection.execute(update(nodes).where(nodes.c.node == record.name).values(**values))
        else:
            connection.execute(insert(nodes).values(node=record.name, first_seen_ms=seen_ms, **values))


def capacities(connection: Connection) -> dict[str, tuple[int, int]]:
    """CPUs and memory [B] that Slurm can allocate, per node."""
    found = connection.execute(select(nodes.c.node, nodes.c.cpus, nodes.c.memory_bytes))
    return {name: (int(cpus), int(memory)) for name, cpus, memory in found}


def record_states(connection: Connection, snapshot: SlurmSnapshot) -> None:
    """Carry the history on: one row per stretch in which a node's state and reason did not change."""
    last = facts.get(connection, _LAST_POLL)
    if last is not None and snapshot.taken_ms <= int(last):
        return  # an older poll says nothing that is not known
    if last is not None and snapshot.taken_ms - int(last) > UNSEEN_MS:
        _end(connection, None, int(last))
    states = node_states.c
    lasting = select(states.node, states.state, states.reason).where(states.end_ms.is_(None))
    before = {name: (state, reason) for name, state, reason in connection.execute(lasting)}
    now = {record.name: (record.state, record.reason) for record in snapshot.nodes}
    for name in before.keys() | now.keys():
        if before.get(name) != now.get(name):
            _turn(connection, name, now.get(name), snapshot.taken_ms)
    facts.put(connection, _LAST_POLL, str(snapshot.taken_ms))


def _turn(connection: Connection, node: str, state: tuple[str, str] | None, at_ms: int) -> None:
    _end(connection, node, at_ms)
    if state is not None:
        values = {"node": node, "start_ms": at_ms, "state": state[0][:64], "reason": state[1]}
        connection.execute(insert(node_states).values(**values))


def _end(connection: Connection, node: str | None, at_ms: int) -> None:
    lasting = update(node_states).where(node_states.c.end_ms.is_(None))
    if node is not None:
        lasting = lasting.where(node_states.c.node == node)
    connection.execute(lasting.values(end_ms=at_ms))
