"""What every collector is given: where to read, for which node, and the cycle it reads in."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from collectors.state import State
from maxwatt.domain.node_model import UNKNOWN_MODEL, NodeModel
from maxwatt.domain.samples import Sample, Value
from maxwatt.domain.schema import Measurement

USER_HZ: Final = os.sysconf("SC_CLK_TCK")
"""Ticks per second of /proc/stat and cpuacct.stat."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a cycle was read.

    Args:
        ts_ms: wall clock, whole ms, UTC.
        monotonic_s: the node's monotonic clock [s].
    """

    ts_ms: int
    monotonic_s: float


def now() -> Stamp:
    """This moment on both clocks."""
    return Stamp(time.time_ns() // 1_000_000, time.monotonic())


@dataclass(slots=True)
class Context:
    """A node and its current cycle.

    Args:
        root: folder that stands for `/`.
        node: node name as Slurm knows it.
        state: the epoch, and what is kept over a restart.
        model: declared powers of this node.
        zone_interval_s: time between two rows of zone detail [s].
        stamp: when this cycle began.
        node_fields: what earlier collectors of this cycle put into the node row.
    """

    root: str
    node: str
    state: State
    model: NodeModel = UNKNOWN_MODEL
    zone_interval_s: float = 60.0
    stamp: Stamp = field(default_factory=now)
    node_fields: dict[str, Value] = field(default_factory=dict)

    def begin(self, stamp: Stamp) -> None:
        """Begin a cycle."""
        self.stamp, self.node_fields = stamp, {}

    def path(self, below: str) -> str:
        """A path below the root."""
        return f"{self.root.rstrip('/')}/{below}"

    def row(self, measurement: Measurement, fields: Mapping[str, Value], **tags: str | int) -> Sample:
        """A row of this node in this cycle; the runner adds the clock and the epoch."""
        return Sample(measurement.name, {"node": self.node, **tags}, fields, self.stamp.ts_ms)
