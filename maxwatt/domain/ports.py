"""What the parts promise each other. A part is written against these, never against another part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the domain itself needs the standard library only
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from maxwatt.domain.jobs import JobRecord, SlurmSnapshot
    from maxwatt.domain.samples import Sample


class Collector(Protocol):
    """Reads one source on a node."""

    @property
    def name(self) -> str:
        """How the registry, logs and pages call it."""
        ...

    def collect(self) -> Sequence[Sample]:
        """Rows of one reading.

        Raises:
            NoData: the hardware is not here; quiet.
            SourceError: it is here but could not be read; the runner reports it and goes on.
        """
        ...


@dataclass(frozen=True)
class SampleWindow:
    """Samples of some nodes in some time: four sorted Arrow tables and nothing computed.

    Args:
        nodes: host names; the `node` column (int32) of each table is an index into it.
        node: columns of schema.NODE, sorted by (node, ts_ms).
        gpu: columns of schema.GPU, sorted by (node, gpu, ts_ms).
        job: columns of schema.JOB, sorted by (node, job_id, ts_ms).
        session: columns of schema.SESSION, sorted by (node, uid, ts_ms).

    A value that was not read is null. `ts_ms` is int64, epoch ms UTC.
    """

    nodes: tuple[str, ...]
    node: pa.Table
    gpu: pa.Table
    job: pa.Table
    session: pa.Table


class Store(Protocol):
    """Keeps samples; computes no energy."""

    def write(self, tables: Mapping[str, pa.Table]) -> int:
        """Add rows, one table per measurement name with the columns of its schema (`node` as string), in one
        commit that is atomic across tables. Rows already there (same entity and ts_ms) are dropped. Returns rows added.
        """
        ...

    def read(
        self, nodes: Sequence[str], start_ms: int, end_ms: int, columns: Mapping[str, Sequence[str]] | None = None
    ) -> SampleWindow:
        """All samples of `nodes` with `start_ms <= ts_ms < end_ms`.

        `columns` names the fields wanted per measurement, besides those that rows are sorted by; None: everything.
        """
        ...

    def newest_ms(self) -> dict[str, int]:
        """Time of the newest node row per node."""
        ...

    def oldest_ms(self) -> int | None:
        """Time of the oldest node row of all, None while the store is empty."""
        ...

    def rename_user(self, uid: int, new_uid: int, new_name: str, before_ms: int) -> int:
        """Give a user's session rows with `ts_ms < before_ms` another number and name; returns how many those were."""
        ...

    def forget_before(self, before_ms: int) -> int:
        """Remove all samples with `ts_ms < before_ms`; returns how many node rows that were."""
        ...

    def arrange(self, before_ms: int) -> int | None:
        """Lay one UTC day that ends before in the order in which it is read, where the store keeps another; returns its
        start, None where there is none left.
        """
        ...

    def stop_arranging(self) -> None:
        """End an arrangement that another thread has under way."""
        ...

    def close(self) -> None:
        """Let go of the file or connection."""
        ...


class LiveSource(Protocol):
    """Slurm's controller, polled every few seconds."""

    @property
    def name(self) -> str:
        """How the registry, logs and pages call it."""
        ...

    def snapshot(self) -> SlurmSnapshot:
        """Jobs and nodes as they are now.

        Raises:
            SourceError: the controller did not answer.
        """
        ...


class AccountingSource(Protocol):
    """Slurm's accounting, or a file exported from it."""

    @property
    def name(self) -> str:
        """How the registry, logs and pages call it."""
        ...

    def jobs(self, start_ms: int, end_ms: int) -> tuple[list[JobRecord], list[str]]:
        """Jobs that ran at any time in [start_ms, end_ms), and a sentence for every row that could not be read.

        Raises:
            SourceError: accounting did not answer.
        """
        ...
