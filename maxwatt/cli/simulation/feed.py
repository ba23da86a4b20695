"""Brings the simulated samples in: the past at once, the present every few seconds, both through the real ingest."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from aggregator.ingest.committer import Committer
from aggregator.ingest.line_protocol import parse_lines
from aggregator.pipeline.repeating import Repeating
from maxwatt.cli.simulation.cluster import STEP_MS
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import SourceError
from maxwatt.domain.units import DAY_MS, MS_PER_S

LINES_PER_BATCH = 50_000

Progress = Callable[[float], None]
"""Told the share of the work that is done, 0..1."""


class Sampled(Protocol):
    """A node that an agent would read."""

    @property
    def name(self) -> str:
        """Its host name."""
        ...

    def lines(self, start_ms: int, end_ms: int) -> Iterator[str]:
        """Line protocol of its sampling times in [start_ms, end_ms)."""
        ...


def load(committer: Committer, nodes: Sequence[Sampled], start_ms: int, end_ms: int, progress: Progress) -> None:
    """Push every sample of [start_ms, end_ms), day by day."""
    for day_ms in range(start_ms, end_ms, DAY_MS):
        until_ms = min(day_ms + DAY_MS, end_ms)
        rows = (line for node in nodes for line in node.lines(day_ms, until_ms))
        for batch in _batches(rows):
            push(committer, batch)
        progress((until_ms - start_ms) / (end_ms - start_ms))


def push(committer: Committer, batch: list[str]) -> None:
    """One batch through parser and committer, as the HTTP handler does it.

    Raises:
        SourceError: the simulation made a line that the ingest refuses.
    """
    parsed = parse_lines("\n".join(batch).encode(), now_ms=now_ms(), precision="ms")
    if parsed.faults:
        raise SourceError(f"simulated samples were refused: {parsed.faults[0]}")
    committer.submit(parsed.tables)


def _batches(rows: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(rows, LINES_PER_BATCH)):
        yield batch


class LiveFeed:
    """A thread that goes on where the past ended, as so many agents would.

    Args:
        since_ms: the past ended here [epoch ms UTC].
        tell: called with a name and a sentence when samples could not be stored; they are tried again.
    """

    def __init__(
        self, committer: Committer, nodes: Sequence[Sampled], since_ms: int, tell: Callable[[str, str], None]
    ) -> None:
        self._committer, self._nodes, self._since_ms = committer, nodes, since_ms
        self._repeating = Repeating("simulated agents", self._feed, STEP_MS / (4 * MS_PER_S), tell)

    def stop(self) -> None:
        """End after the batch at hand."""
        self._repeating.stop()

    def _feed(self, until_ms: int) -> None:
        if until_ms > self._since_ms:
            load(self._committer, self._nodes, self._since_ms, until_ms, lambda _: None)
            self._since_ms = until_ms
