"""The states of some nodes in some time as the kernel wants them: only those that make idle something else."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, func, select

from aggregator.kernel.arrays import FOREVER, States
from aggregator.ledger.tables import node_states, nodes
from maxwatt.domain.energy import Account
from maxwatt.domain.node_state import idle_account

_COLUMNS = (node_states.c.node, node_states.c.start_ms, node_states.c.end_ms, node_states.c.state)


def load(connection: Connection, names: Sequence[str], start_ms: int, end_ms: int) -> States:
    """States of `names` at any time in [start_ms, end_ms) that are not plain idle, sorted by node and start.

    Args:
        names: host names; `States.node` is an index into it.
        start_ms, end_ms: epoch ms UTC.
    """
    index = {name: number for number, name in enumerate(names)}
    begun = (nodes.c.node == node_states.c.node) & (node_states.c.start_ms >= start_ms)
    within = select(*_COLUMNS).select_from(nodes.join(node_states, begun & (node_states.c.start_ms < end_ms)))
    spans = [
        (index[name], start, FOREVER if end is None else end, idle_account(state))
        for statement in (_before(start_ms), within)
        for name, start, end, state in connection.execute(statement)
        if name in index and (end is None or end > start_ms)
    ]
    return _states(sorted(span for span in spans if span[3] is not Account.IDLE))


def _before(start_ms: int) -> Select[Any]:
    """The last state of each node that began before: found by one step of the index, however long the history is."""
    earlier = node_states.alias()
    latest = select(func.max(earlier.c.start_ms)).where(earlier.c.node == nodes.c.node, earlier.c.start_ms < start_ms)
    same = (nodes.c.node == node_states.c.node) & (node_states.c.start_ms == latest.scalar_subquery())
    return select(*_COLUMNS).select_from(nodes.join(node_states, same))


def _states(spans: Iterable[tuple[int, int, int, int]]) -> States:
    node, start, end, account = np.array(list(spans), np.int64).reshape(-1, 4).T
    return States(node.astype(np.int32), start, end, account.astype(np.int32))
