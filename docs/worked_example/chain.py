"""The whole way: files, collectors, line protocol, store, kernel, ledger."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import select

from aggregator.ingest.line_protocol import parse_lines
from aggregator.kernel import timeline
from aggregator.kernel.accounts import Energy
from aggregator.kernel.attribution import energy_of
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings, jobs, measured
from aggregator.pipeline.attribute import attribute_range
from aggregator.pipeline.chunks import COLUMNS, build_chunk, window_of
from aggregator.pipeline.idle_powers import idle_powers
from aggregator.store.duckdb import DuckDBStore
from collectors.context import Context, Stamp
from collectors.registry import build
from collectors.runner import Runner
from collectors.state import State, read_boot_id
from exporters.node.line_protocol import format_lines
from maxwatt.domain.energy import Account
from maxwatt.domain.samples import Sample
from maxwatt.domain.schema import COLLECTOR, NODE
from maxwatt.domain.units import bucket_start_ms
from worked_example import node

END_MS: Final = node.START_MS + 1000 * node.AT_S[-1]
_UW_PER_W: Final = 1e6
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Followed:
    """What came out at each station.

    Args:
        samples: what the agent sent, a list for each moment.
        energy: the kernel's view: prices, shares, rest.
        cells_s: length of each cell [s].
        booked: the ledger's rows by who they are of: `101`, `102`, `system`, `idle`, …
        measured: the ledger's row of the meters.
    """

    samples: tuple[Sequence[Sample], ...]
    energy: Energy
    cells_s: tuple[float, ...]
    booked: Mapping[str, Row]
    measured: Row


class Meter:
    """Stands in for a whole-node meter's collector: the board's power, as hwmon shows it [µW]."""

    name = "meter"

    def __init__(self, context: Context) -> None:
        self._context = context

    def collect(self) -> Sequence[Sample]:
        """One node row."""
        text = Path(self._context.path(node.METER)).read_text(encoding="ascii")
        return [self._context.row(NODE, {"meter_power_watts": int(text) / _UW_PER_W})]


def follow() -> Followed:
    """Go the whole way in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = read(folder / "root")
        store, ledger = DuckDBStore(folder / "samples.duckdb"), Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}")
        try:
            for each in samples:
                store.write(parse_lines(format_lines(each), now_ms=END_MS, precision="ms").tables)
            ledger.upsert_nodes([node.RECORD], node.START_MS)
            ledger.upsert_jobs(node.JOBS, END_MS)
            attribute_range(store, ledger, node.SETTINGS, node.START_MS, END_MS, now_ms=END_MS)
            energy, cells_s = _energy(store, ledger)
            return Followed(samples, energy, cells_s, *_read_ledger(ledger))
        finally:
            ledger.close()
            store.close()


def read(root: Path) -> tuple[Sequence[Sample], ...]:
    """What the agent reads at each moment, from files below `root`."""
    node.show(root, 0)
    stamps = [Stamp(node.START_MS + 1000 * at_s, node.UPTIME_S + at_s) for at_s in node.AT_S]
    clock = iter(stamps)
    state = State(read_boot_id(str(root)))
    context = Context(str(root), node.NAME, state, node.MODEL, zone_interval_s=1.0, stamp=stamps[0])
    runner = Runner(context, [*build((), context), Meter(context)], lambda: next(clock))
    found = []
    for moment in range(len(stamps)):
        node.show(root, moment)
        found.append([row for row in runner.cycle() if row.measurement != COLLECTOR.name])
    return tuple(found)


def _energy(store: DuckDBStore, ledger: Ledger) -> tuple[Energy, tuple[float, ...]]:
    """The kernel's view of what the store and the ledger hold, and the lengths of its cells [s]."""
    span = (node.START_MS - 1, END_MS + 1)
    samples = store.read([node.NAME], *span, COLUMNS)
    tenants = ledger.load_tenants([node.NAME], *span, node.SETTINGS.model_of)
    idle, _ = idle_powers(store, ledger, node.SETTINGS, samples)
    chunk = build_chunk(samples, tenants, ledger.node_capacities(), node.SETTINGS, idle)
    window = window_of(np.array([bucket_start_ms(node.START_MS), END_MS]), node.SETTINGS)
    line = timeline.build(chunk, window)
    return energy_of(chunk, line, window), tuple((line.cell_length_ms / 1000).tolist())


def _read_ledger(ledger: Ledger) -> tuple[dict[str, Row], Row]:
    with ledger.engine.begin() as connection:
        ids = {row.job_ref: row.job_id for row in connection.execute(select(jobs.c.job_ref, jobs.c.job_id))}
        rows = connection.execute(select(bookings)).mappings().all()
        (meters,) = connection.execute(select(measured)).mappings().all()
    names = [str(ids.get(row["job_ref"], Account(row["account"]).name.lower())) for row in rows]
    return dict(zip(names, rows, strict=True)), meters
