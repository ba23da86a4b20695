"""Generated clusters through the real path: lines, ingest, store, ledger. Booked or sent again, nothing changes."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from clusters import FOREVER, MODELS, NODE_CPUS, NODE_MEMORY, RUN_S, T0, Cluster, clusters
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import TIMES
from sqlalchemy import select

from aggregator.ingest.committer import Committer
from aggregator.ingest.line_protocol import parse_lines
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings, measured, windows
from aggregator.pipeline.attribute import attribute_range
from aggregator.pipeline.loop import Aggregator
from aggregator.store.duckdb import DuckDBStore
from exporters.node.line_protocol import format_line
from maxwatt.config import AttributionSettings, ClusterSettings, Settings
from maxwatt.domain.gpus import Gpu, GpuPart, Sharing
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState, NodeRecord
from maxwatt.domain.samples import Sample

END = T0 + RUN_S * 1000
LATER = END + 6 * 3_600_000
"""Long after the last sample: every window is closed."""

NODE_FIELDS = {
    "monotonic_s": "monotonic_s", "epoch_id": "epoch_id", "cpu_busy_s": "cpu_busy_seconds_total",
    "cpu_energy_j": "cpu_energy_joules_total", "dram_energy_j": "dram_energy_joules_total",
    "cpu_estimated_j": "cpu_estimated_joules_total", "dram_estimated_j": "dram_estimated_joules_total",
    "cpu_modelled_j": "cpu_modelled_energy_joules_total", "meter_energy_j": "meter_energy_joules_total",
    "meter_power_w": "meter_power_watts",
}  # fmt: skip
GPU_FIELDS = {
    "monotonic_s": "monotonic_s", "epoch_id": "epoch_id", "energy_j": "energy_joules_total",
    "power_w": "power_watts", "utilisation": "utilisation_ratio",
}  # fmt: skip
JOB_FIELDS = {"cpu_s": "cpu_seconds_total", "memory_bytes": "memory_resident_bytes"}
SESSION_FIELDS = {"monotonic_s": "monotonic_s", "epoch_id": "epoch_id", "cpu_s": "cpu_seconds_total"}


@dataclass
class Site:
    """A server's insides: what agents send goes through its ingest, what they said is booked by its aggregator."""

    store: DuckDBStore
    ledger: Ledger
    settings: Settings
    aggregator: Aggregator
    committer: Committer

    def send(self, lines: list[str], rng: np.random.Generator) -> None:
        """All lines in any order, in requests of any size, some of them twice."""
        again = [line for line in lines if rng.random() < 0.1]
        mixed = [(lines + again)[index] for index in rng.permutation(len(lines) + len(again)).tolist()]
        cuts = sorted(rng.integers(0, len(mixed) + 1, 4).tolist())
        for low, high in zip([0, *cuts], [*cuts, len(mixed)], strict=True):
            batch = parse_lines("\n".join(mixed[low:high]).encode(), now_ms=END, precision="ms")
            assert batch.fault_count == 0
            if batch.row_count:
                self.committer.submit(batch.tables)

    def figures(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is booked, revisions included; of the windows all but when they were computed."""
        with self.ledger.engine.begin() as connection:
            return {
                table.name: sorted((tuple(row) for row in connection.execute(select(*_lasting(table)))), key=str)
                for table in (bookings, measured, windows)
            }


def _lasting(table: Any) -> list[Any]:
    return [column for column in table.columns if column.name not in {"computed_ms", "closed_ms"}]


@contextmanager
def site(world: Cluster) -> Iterator[Site]:
    models = tuple(
        replace(MODELS[how.model], name=f"m{number}", nodes=(f"n{number}",))
        for number, how in enumerate(world.metering)
    )
    outside = ",".join(f"n{number}" for number, how in enumerate(world.metering) if how.outside)
    told = Settings(
        cluster=ClusterSettings("tiny", outside_slurm=outside),
        attribution=AttributionSettings(max_gap_s=600.0, nodes_per_chunk=1),
        node_models=models,
    )
    with tempfile.TemporaryDirectory() as folder:
        store, ledger = DuckDBStore(Path(folder) / "s.duckdb"), Ledger.open(f"sqlite:///{folder}/l.sqlite")
        aggregator = Aggregator(store, ledger, told)
        committer = Committer(store, interval_ms=1, on_commit=aggregator.note_samples)
        ledger.upsert_nodes(
            [
                NodeRecord(node.name, "IDLE", int(NODE_CPUS), int(NODE_MEMORY))
                for node, how in zip(world.chunk.nodes, world.metering, strict=True)
                if how.cpus_known
            ],
            T0,
        )
        ledger.upsert_jobs(records(world), LATER)
        try:
            yield Site(store, ledger, told, aggregator, committer)
        finally:
            committer.close()
            ledger.close()
            store.close()


def records(world: Cluster) -> list[JobRecord]:
    """The jobs as Slurm would tell them."""
    lives, shares, spans = world.chunk.lives, world.chunk.gpu_shares, world.chunk.suspensions
    found = []
    for job in np.unique(lives.job).tolist():
        mine = np.flatnonzero(lives.job == job).tolist()
        one = mine[0]
        end_ms = None if lives.end_ms[one] == FOREVER else int(lives.end_ms[one])
        held = tuple(
            Allocation(
                f"n{lives.node[life]}", float(lives.cpus[life]), float(lives.memory_bytes[life]),
                tuple(_gpu(shares, row) for row in np.flatnonzero(shares.life == life).tolist()),
                bool(lives.modelled[life]),
            )
            for life in mine
        )  # fmt: skip
        total = float(lives.total_cpu_s[one])
        found.append(
            JobRecord(
                JobKey("tiny", int(lives.job_id[one]), int(lives.start_ms[one])),
                JobState.RUNNING if end_ms is None else JobState.COMPLETED,
                user="u", end_ms=end_ms, cpus=int(lives.cpus[mine].sum()), node_count=len(mine), allocations=held,
                suspensions=tuple(
                    (int(spans.start_ms[row]), None if spans.end_ms[row] == FOREVER else int(spans.end_ms[row]))
                    for row in np.flatnonzero(spans.life == one).tolist()
                ),
                exclusive=bool(lives.exclusive[one]), total_cpu_s=None if np.isnan(total) else total, source="sacct",
            )
        )  # fmt: skip
    return found


def _gpu(shares: Any, row: int) -> Gpu:
    board, share = int(shares.gpu[row]), Fraction(float(shares.share[row])).limit_denominator(100)
    return board if share == 1 else GpuPart(Sharing.SHARD, board, share.numerator, share.denominator)


def lines_of(world: Cluster) -> list[str]:
    """What the agents send."""
    chunk = world.chunk
    gpu_tags = [{"gpu": int(gpu), "uuid": f"G{gpu}"} for gpu in chunk.gpu.gpu]
    user_tags = [{"uid": int(uid), "user": f"u{uid}"} for uid in chunk.session.uid]
    return [
        *_lines("node", chunk.node, NODE_FIELDS, [{}] * len(chunk.node.ts_ms)),
        *_lines("gpu", chunk.gpu, GPU_FIELDS, gpu_tags),
        *_lines("job", chunk.job, JOB_FIELDS, [{"job_id": int(job)} for job in chunk.job.job_id]),
        *_lines("session", chunk.session, SESSION_FIELDS, user_tags),
    ]


def _lines(name: str, rows: Any, names: dict[str, str], tags: list[dict[str, Any]]) -> Iterator[str]:
    columns = {told: getattr(rows, own).tolist() for own, told in names.items()}
    for row, (node, ts) in enumerate(zip(rows.node.tolist(), rows.ts_ms.tolist(), strict=True)):
        given = {told: column[row] for told, column in columns.items()}
        line = format_line(Sample(name, {"node": f"n{node}", **tags[row]}, given, ts))
        if line:
            yield line


@settings(max_examples=10 * TIMES)
@given(clusters(), st.integers(0, 2**31))
def test_booked_or_sent_again_every_row_is_the_same_and_none_is_revised(world: Cluster, seed: int) -> None:
    rng, lines = np.random.default_rng(seed), lines_of(world)
    with site(world) as found:
        found.send(lines, rng)
        found.aggregator.run_once(END)
        found.aggregator.run_once(LATER)
        first = found.figures()
        assert first["bookings"]
        assert {row[windows.columns.keys().index("state")] for row in first["windows"]} == {"closed"}
        assert attribute_range(found.store, found.ledger, found.settings, T0, END, now_ms=LATER).changed == 0
        assert found.figures() == first
        found.send(lines, rng)
        assert {state for _, state in _states(found)} == {"dirty"}, "what came late is booked again"
        found.aggregator.run_once(LATER + 60_000)
        assert found.figures() == first


def _states(found: Site) -> list[tuple[int, str]]:
    with found.ledger.engine.begin() as connection:
        return [tuple(row) for row in connection.execute(select(windows.c.bucket_ms, windows.c.state))]
