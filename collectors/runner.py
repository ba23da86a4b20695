"""One cycle: every collector once, their rows under one stamp, and a row about each of them."""

import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from collectors.context import Context, Stamp, now
from collectors.partial import PartialReadingError
from collectors.registry import build
from collectors.state import State, load, read_boot_id
from maxwatt.config import Settings
from maxwatt.domain.errors import NoData, SourceError
from maxwatt.domain.ports import Collector
from maxwatt.domain.samples import Sample, Value
from maxwatt.domain.schema import COLLECTOR, MEASUREMENTS, MONOTONIC, NODE

_LOG = logging.getLogger(__name__)


class Runner:
    """Runs the collectors. One that fails stops no other; hardware that is absent is passed over in silence.

    Args:
        context: shared by the collectors.
        collectors: in the order of reading.
        clock: gives the stamp of a cycle.
    """

    def __init__(self, context: Context, collectors: Sequence[Collector], clock: Callable[[], Stamp] = now) -> None:
        self._context, self._collectors, self._clock = context, collectors, clock
        self._told: dict[str, str] = {}

    def cycle(self) -> list[Sample]:
        """Rows of one reading: all with one ts_ms, monotonic_s and epoch_id, at most one of them a node row."""
        self._context.begin(self._clock())
        rows: list[Sample] = []
        about: list[Sample] = []
        for collector in self._collectors:
            started_s = time.perf_counter()
            found, success = self._read(collector)
            duration_s = time.perf_counter() - started_s
            rows += self._without_node_rows(found)
            if success is not None:
                fields: dict[str, Value] = {"success": int(success), "duration_seconds": duration_s}
                about.append(self._context.row(COLLECTOR, fields, collector=collector.name))
        self._keep_state()
        if self._context.node_fields:
            rows.insert(0, self._context.row(NODE, self._context.node_fields))
        return [*self._stamped(rows), *about]

    def _read(self, collector: Collector) -> tuple[Sequence[Sample], bool | None]:
        """Rows, and whether the reading succeeded: None when there is nothing to read."""
        try:
            rows = collector.collect()
        except NoData as error:
            self._tell(collector.name, "", f"has nothing to read: {error}")
            return (), None
        except PartialReadingError as error:
            self._tell(collector.name, f"in part: {error}")
            return error.rows, False
        except SourceError as error:
            self._tell(collector.name, str(error))
            return (), False
        except Exception as error:  # noqa: BLE001  a fault in one collector must not silence the node
            self._tell(collector.name, f"fault in the program: {error!r}", trace=True)
            return (), False
        self._tell(collector.name, "")
        return rows, True

    def _without_node_rows(self, rows: Sequence[Sample]) -> list[Sample]:
        """Rows of other measurements; node rows go into the cycle's one wide row."""
        for row in rows:
            if row.measurement == NODE.name:
                self._context.node_fields.update(row.fields)
        return [row for row in rows if row.measurement != NODE.name]

    def _stamped(self, rows: Sequence[Sample]) -> list[Sample]:
        """With clock and epoch: the epoch is known only now, any collector may have opened a new one."""
        clock: dict[str, Value] = {
            "monotonic_s": self._context.stamp.monotonic_s,
            "epoch_id": self._context.state.epoch_id,
        }
        return [
            Sample(row.measurement, row.tags, clock | dict(row.fields), row.ts_ms)
            if MONOTONIC in MEASUREMENTS[row.measurement].fields
            else row
            for row in rows
        ]

    def _keep_state(self) -> None:
        try:
            self._context.state.save()
            self._tell("state", "")
        except SourceError as error:
            self._tell("state", str(error))

    def _tell(self, name: str, problem: str, aside: str = "", *, trace: bool = False) -> None:
        """Log a problem when it is new, and its end; the same one in every cycle would fill the disk."""
        before = self._told.get(name)
        if before == problem + aside:
            return
        self._told[name] = problem + aside
        if problem:
            _LOG.warning("%s: %s", name, problem, exc_info=trace)
        elif aside:
            _LOG.info("%s %s", name, aside)
        elif before:
            _LOG.info("%s: is read again", name)


def runner_for(settings: Settings, state_path: Path | None) -> Runner:
    """The runner of this node.

    Args:
        settings: `agent` says which node, where and what to read, `node_models` its powers.
        state_path: file that keeps counters over a restart; None: nothing is kept.

    Raises:
        ConfigError: an unknown collector is named.
        SourceError: the boot id is there and cannot be read.
    """
    agent = settings.agent
    boot_id = read_boot_id(agent.root)
    state = load(state_path, boot_id) if state_path else State(boot_id)
    node = node_name(settings)
    context = Context(agent.root, node, state, settings.model_of(node), agent.zone_interval_s)
    return Runner(context, build(agent.collectors, context))


def node_name(settings: Settings) -> str:
    """Node name of the settings, else the short host name."""
    return settings.agent.node or os.uname().nodename.partition(".")[0]
