"""Nodes as Slurm knows them and the history of their states, which nothing can bring back later."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, insert, select, update

from aggregator.ledger import facts, windows
from aggregator.ledger.tables import node_states, nodes
from maxwatt.domain.energy import Account
from maxwatt.domain.jobs import NodeRecord, SlurmSnapshot
from maxwatt.domain.node_state import idle_account
from maxwatt.domain.units import MS_PER_S

UNSEEN_MS: Final = 600 * MS_PER_S
"""When two polls are further apart [ms], what the nodes did in between is unknown, not assumed."""

State = tuple[str, str]
"""A node's state and the reason that Slurm gives for it."""

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
    """Carry the history on: one row per stretch in which a node's state and reason did not change.

    What is booked beyond the moment of a change is marked: a state counts as lasting until a poll says otherwise.
    """
    last = facts.get(connection, _LAST_POLL)
    if last is not None and snapshot.taken_ms <= int(last):
        return  # an older poll says nothing that is not known
    if last is not None and snapshot.taken_ms - int(last) > UNSEEN_MS:
        before = _lasting(connection)
        _turn(connection, before, dict.fromkeys(before), int(last))
    before = _lasting(connection)
    now = {record.name: (record.state, record.reason) for record in snapshot.nodes}
    turned = {name: now.get(name) for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    _turn(connection, before, turned, snapshot.taken_ms)
    facts.put(connection, _LAST_POLL, str(snapshot.taken_ms))


def _lasting(connection: Connection) -> dict[str, State]:
    states = node_states.c
    found = select(states.node, states.state, states.reason).where(states.end_ms.is_(None))
    return {name: (state, reason) for name, state, reason in connection.execute(found)}


def _turn(connection: Connection, before: Mapping[str, State], to: Mapping[str, State | None], at_ms: int) -> None:
    """End the states of some nodes and begin the next ones; None is a state that nobody knows."""
    for node, state in to.items():
        lasting = update(node_states).where(node_states.c.node == node, node_states.c.end_ms.is_(None))
        connection.execute(lasting.values(end_ms=at_ms))
        if state is not None:
            values = {"node": node, "start_ms": at_ms, "state": state[0], "reason": state[1]}
            connection.execute(insert(node_states).values(**values))
    other = [node for node, state in to.items() if _idle(before.get(node)) is not _idle(state)]
    windows.mark(connection, [(node, at_ms, None) for node in other])


def _idle(state: State | None) -> Account:
    return Account.IDLE if state is None else idle_account(state[0])
