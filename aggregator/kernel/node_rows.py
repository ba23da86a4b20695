"""The accounts of nodes: system, unattributed, and idle by the state that the node was in."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from aggregator.kernel.arrays import F64, I64, Chunk, Window
from aggregator.kernel.ragged import sums
from aggregator.kernel.timeline import Timeline
from maxwatt.domain.energy import IDLE_ACCOUNTS, Account

NODE_ACCOUNTS: Final = (Account.SYSTEM, Account.UNATTRIBUTED, *IDLE_ACCOUNTS)

_PLACE: Final = np.array([NODE_ACCOUNTS.index(each) if each in NODE_ACCOUNTS else -1 for each in Account], np.int64)
"""Place in NODE_ACCOUNTS of each account."""


@dataclass(frozen=True, slots=True)
class NodeRows:
    """Rows of the sheet of nodes: by account as in NODE_ACCOUNTS, then node, then bucket.

    Args:
        size: rows of one account.
        segment: [s] place of each segment within the rows of an account, -1 outside the window.
        unheld: [c] row of what nobody holds in each cell, -1 outside the window.
    """

    size: int
    segment: I64
    unheld: I64

    @property
    def count(self) -> int:
        """Rows of all accounts."""
        return len(NODE_ACCOUNTS) * self.size

    def of(self, account: Account) -> I64:
        """Row of each segment [s] on an account, -1 outside the window."""
        first = NODE_ACCOUNTS.index(account) * self.size
        return np.where(self.segment >= 0, self.segment + first, -1)

    def held_s(self, line: Timeline, covered_s: F64) -> F64:
        """Covered seconds of each row: all of the node's, but of idle those in its state.

        Args:
            covered_s: [s] seconds of each segment in which energy was known.
        """
        inside, cells = self.segment >= 0, self.unheld >= 0
        whole = sums(self.segment[inside], covered_s[inside], self.size)
        held = sums(self.unheld[cells], line.per_cell(covered_s)[cells], self.count)
        states = len(NODE_ACCOUNTS) - len(IDLE_ACCOUNTS)
        return np.concatenate([np.tile(whole, states), held[states * self.size :]])

    def unheld_s(self, line: Timeline, covered_s: F64, free: F64) -> F64:
        """Covered seconds of each row times the part of the node that nobody held, 0 where that is no idle.

        Args:
            covered_s: [s] as above; free: [c].
        """
        cells = self.unheld >= 0
        return sums(self.unheld[cells], (line.per_cell(covered_s) * free)[cells], self.count)


def node_rows(chunk: Chunk, window: Window, line: Timeline) -> NodeRows:
    """Where everything is booked that is no job's."""
    buckets = len(window.edges_ms) - 1
    size = len(chunk.nodes) * buckets
    cell = line.cell_node * buckets + line.cell_bucket + _PLACE[_unheld_account(chunk, line)] * size
    return NodeRows(
        size=size,
        segment=np.where(line.bucket >= 0, line.node * buckets + line.bucket, -1),
        unheld=np.where(line.cell_bucket >= 0, cell, -1),
    )


def _unheld_account(chunk: Chunk, line: Timeline) -> I64:
    """Account [c] that pays for what nobody holds: idle, or what the state of the node makes of it.

    Outside Slurm nothing can be reserved: it all is the system's.
    """
    found, states = np.full(line.cell_count, int(Account.IDLE), np.int64), chunk.states
    span, cell = line.cells(line.axis.at(states.node, states.start_ms), line.axis.at(states.node, states.end_ms))
    found[cell] = states.account[span]  # pairs are in order of the spans: of two the later holds
    found[np.array([node.outside for node in chunk.nodes], np.bool_)[line.cell_node]] = Account.SYSTEM
    return found
