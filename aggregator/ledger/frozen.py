"""Up to where nothing is booked again: days are folded there, or their samples are gone."""

from typing import Final

from sqlalchemy import Connection

from aggregator.ledger import facts
from maxwatt.domain.clock import now_ms
from maxwatt.domain.formatting import iso_time
from maxwatt.domain.units import MS_PER_S, S_PER_H

SOURCE: Final = "retention"
"""Name of what is frozen among the sources of faults."""

_KEY: Final = "frozen_until_ms"


def until(connection: Connection) -> int:
    """What lies before this [epoch ms UTC] stays as it is; 0: nothing does."""
    return int(facts.get(connection, _KEY) or 0)


def freeze(connection: Connection, until_ms: int) -> None:
    """Let nothing before this [epoch ms UTC] be booked again."""
    facts.put(connection, _KEY, str(max(until_ms, until(connection))))


def note_late(connection: Connection, node: str, start_ms: int, end_ms: int) -> None:
    """Say how much came too late: a stretch [epoch ms UTC] of frozen time that would have to be booked again.

    Args:
        node: host name, empty for every node.
    """
    hours = (end_ms - start_ms) / MS_PER_S / S_PER_H
    message = (
        f"{node or 'every node'}: what came late for {hours:g} h from {iso_time(start_ms, 'UTC')} on is not booked: "
        "these days are folded or their samples are gone"
    )
    facts.add_fault(connection, SOURCE, message, now_ms())
