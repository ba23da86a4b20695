"""The scene through store, attribution and ledger, without agents: seconds instead of hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import select

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings, jobs, measured
from aggregator.pipeline.attribute import Report, attribute_range
from aggregator.store.duckdb import DuckDBStore
from benchmarks.closed_loop import records
from benchmarks.closed_loop.generator.scene import START_MS, Scene
from maxwatt.domain.energy import COMPONENTS, ENERGY_COLUMNS, EVIDENCE_COLUMNS
from maxwatt.domain.jobs import JobKey
from maxwatt.domain.ports import Store

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Row = Mapping[str, Any]

FACTS: Final = ("uncertainty", "held_s", "covered_s")


@dataclass(frozen=True, slots=True)
class Booked:
    """What the ledger says of a scene.

    Args:
        job_j: [jobs, 4 components, 2 parts] over all nodes and windows.
        spread_j: [jobs] stated uncertainty [J], added up over a job's bookings as its page does.
        coverage: [jobs] share of the held time with samples.
        nodes_j: [nodes, 4] all accounts of each node; measured_j: [nodes, 4] what its meters said.
    """

    job_j: F64
    spread_j: F64
    coverage: F64
    nodes_j: F64
    measured_j: F64
    report: Report


def book(world: Scene, sent: Sequence[Mapping[str, pa.Table]], folder: Path) -> Booked:
    """Store the samples, write the jobs down, attribute, and read the ledger.

    Args:
        sent: what each node's agent sent.
        folder: an empty one, for store and ledger.
    """
    store = DuckDBStore(folder / "samples.duckdb")
    try:
        for each in sent:
            store.write(each)
        return attributed(world, store, folder)
    finally:
        store.close()


def attributed(world: Scene, store: Store, folder: Path) -> Booked:
    """The ledger's word on the samples in `store`."""
    ledger = Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}")
    try:
        ledger.upsert_nodes(records.node_records(world), START_MS)
        end_ms = START_MS + world.seconds * 1000
        ledger.upsert_jobs([records.job_record(world, number) for number in range(len(world.jobs))], end_ms)
        report = attribute_range(store, ledger, records.settings(world), START_MS, end_ms, now_ms=end_ms + 3_600_000)
        return _read(world, ledger, report)
    finally:
        ledger.close()


def _read(world: Scene, ledger: Ledger, report: Report) -> Booked:
    with ledger.engine.begin() as connection:
        known = [row._mapping for row in connection.execute(select(jobs))]
        rows = [row._mapping for row in connection.execute(select(bookings))]
        meters = [row._mapping for row in connection.execute(select(measured))]
    energy_j = _columns(rows, ENERGY_COLUMNS).reshape(-1, 4, 2)
    kinds_j, (uncertainty, held_s, covered_s) = _columns(rows, EVIDENCE_COLUMNS), _columns(rows, FACTS).T
    job, count = _job_indices(world, known, rows), len(world.jobs) + 1
    names = {node.machine.name: index for index, node in enumerate(world.nodes)}
    node = np.array([names[row["node"]] for row in rows])
    metered = np.array([names[row["node"]] for row in meters])
    held = np.bincount(job, held_s, count)[:-1]
    return Booked(
        job_j=_summed(energy_j, job, count)[:-1],
        spread_j=np.bincount(job, np.abs(kinds_j.sum(axis=1)) * uncertainty, count)[:-1],
        coverage=np.bincount(job, covered_s, count)[:-1] / np.maximum(held, 1e-9),
        nodes_j=_summed(energy_j.sum(axis=2), node, len(names)),
        measured_j=_summed(_columns(meters, [f"{name}_j" for name in COMPONENTS]), metered, len(names)),
        report=report,
    )


def _job_indices(world: Scene, known: Sequence[Row], rows: Sequence[Row]) -> I64:
    """Index of each booking's job in the scene; one behind the last where the account is no job."""
    number = {records.key_of(world, index): index for index in range(len(world.jobs))}
    index = {row["job_ref"]: number[JobKey(row["cluster"], row["job_id"], row["start_ms"])] for row in known}
    return np.array([index.get(row["job_ref"], len(number)) for row in rows], np.int64)


def _columns(rows: Sequence[Row], names: Sequence[str]) -> F64:
    return np.array([[row[name] for name in names] for row in rows], np.float64).reshape(-1, len(names))


def _summed(energy_j: F64, group: I64, count: int) -> F64:
    found = np.zeros((count, *energy_j.shape[1:]))
    np.add.at(found, group, energy_j)
    return found
