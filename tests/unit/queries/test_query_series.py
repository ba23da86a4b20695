"""The series of a job: the same kernel on the same samples as the ledger, only finer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from ledger_book import BUCKET, GIB, SETTINGS, T0, Book
from sqlalchemy import text

from aggregator.ledger.ledger import Ledger
from aggregator.queries.queries import Queries
from aggregator.store.duckdb import DuckDBStore
from maxwatt.domain.energy import COMPONENTS, PARTS
from maxwatt.domain.errors import InputError
from maxwatt.domain.node_model import NodeModel
from maxwatt.domain.viewer import ADMIN, Viewer

MINUTE = 60_000
STEP = 15_000
START, END = T0 + 5 * MINUTE, T0 + 50 * MINUTE
"""Job 101 holds n1 and n2 for this time; Bob's job 102 uses n1 from minute 20 to minute 40."""

MODEL = NodeModel(
    "small", ("n1", "n2"), cpu_idle_w=50.0, cpu_max_w=200.0, dram_idle_w=5.0, dram_max_w=10.0, threads_per_core=2
)


@dataclass
class Site:
    store: DuckDBStore
    ledger: Ledger
    queries: Queries


def cpus_in_use(node: str, ts_ms: int) -> tuple[float, float]:
    """CPUs that jobs 101 and 102 use on a node at a time."""
    first = (2.0 if node == "n1" else 3.0) if START <= ts_ms < END else 0.0
    return first, 1.0 if node == "n1" and T0 + 20 * MINUTE <= ts_ms < T0 + 40 * MINUTE else 0.0


def samples(node: str) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {"node": [], "job": []}
    busy, used, energy = 0.0, [0.0, 0.0], 0.0
    for ts_ms in range(T0, T0 + 60 * MINUTE + 1, STEP):
        clock = {"ts_ms": ts_ms, "node": node, "monotonic_s": (ts_ms - T0) / 1000, "epoch_id": 1}
        counters = {"cpu_busy_seconds_total": busy, "cpu_energy_joules_total": energy}
        counters |= {"network_received_bytes_total": 7000.0 * (ts_ms - T0) / 1000, "network_sent_bytes_total": 5.0}
        rows["node"].append({**clock, **counters, "cpu_count": 8, "dram_energy_joules_total": 0.1 * energy})
        for number, cpus in enumerate(cpus_in_use(node, ts_ms)):
            if cpus:
                memory = int((1 + number) * GIB + ts_ms - T0)
                figures = {"cpu_seconds_total": used[number], "memory_resident_bytes": memory}
                figures |= {"disk_read_bytes_total": 400 * used[number], "disk_written_bytes_total": None}
                rows["job"].append({**clock, "job_id": 101 + number, **figures})
        now = cpus_in_use(node, ts_ms)
        used = [before + cpus * STEP / 1000 for before, cpus in zip(used, now, strict=True)]
        busy += (sum(now) + 0.1) * STEP / 1000
        energy += (60.0 + 12.0 * sum(now)) * STEP / 1000
    return rows


@pytest.fixture
def site(tmp_path: Path, ledger: Ledger) -> Iterator[Site]:
    from aggregator.pipeline.attribute import attribute_range

    settings = replace(SETTINGS, node_models=(MODEL,))
    store = DuckDBStore(tmp_path / "samples.duckdb", "256MB")
    rows = [samples(node) for node in ("n1", "n2")]
    store.write({name: pa.Table.from_pylist([row for part in rows for row in part[name]]) for name in ("node", "job")})
    book = Book(ledger.engine)
    book.job(1, "alice", 0, 1, start_ms=START, end_ms=END, node_count=2, cpus=8)
    book.job(2, "bob", 0, 1, start_ms=T0 + 20 * MINUTE, end_ms=T0 + 40 * MINUTE)
    for ref, node, cpus in ((1, "n1", 4), (1, "n2", 4), (2, "n1", 2)):
        book.allocation(ref, node, cpus, 8)
    attribute_range(store, ledger, settings, T0, T0 + 4 * BUCKET)
    yield Site(store, ledger, Queries(ledger.engine, store, settings, now_ms=lambda: T0 + 60 * MINUTE))
    store.close()


def integral(values: tuple[float | None, ...], series: Any) -> float:
    """Σ value x length of step [s], nothing unknown among them."""
    spans = zip(values, series.start_ms, series.ts_ms, strict=True)
    assert None not in values
    return sum(value * (end - start) / 1000 for value, start, end in spans if value is not None)


@pytest.mark.parametrize("max_points", [1, 7, 100, 10_000])
def test_the_sums_are_the_ledgers(site: Site, max_points: int) -> None:
    detail = site.queries.job(ADMIN, 101)
    series = site.queries.job_series(ADMIN, 101, max_points=max_points)
    assert detail is not None
    assert detail.row.energy_j is not None
    assert detail.row.energy_j > 100_000
    for share, node in zip(detail.nodes, series, strict=True):
        assert node.node == share.node
        for component in COMPONENTS:
            for part in PARTS:
                booked_j = share.energy_j[f"{component}_{part}_j"]
                assert integral(node.power_w[f"{component}_{part}_w"], node) == pytest.approx(booked_j, rel=1e-9)
        assert integral(node.cpu_used, node) == pytest.approx(share.cpu_used_s, rel=1e-9)


def test_steps_cover_the_job_and_are_no_finer_than_the_samples(site: Site) -> None:
    for max_points, points in ((10, 10), (10_000, 180)):  # 45 minutes hold 180 readings
        for node in site.queries.job_series(ADMIN, 101, max_points=max_points):
            assert (node.start_ms[0], node.ts_ms[-1], len(node.ts_ms)) == (START, END, points)
            assert node.start_ms[1:] == node.ts_ms[:-1]
            assert {len(values) for values in (node.cpu_used, node.memory_bytes, *node.power_w.values())} == {points}


def test_use_and_memory_are_the_jobs_own(site: Site) -> None:
    first, second = site.queries.job_series(ADMIN, 101, max_points=45)
    assert first.cpu_used[5:40] == pytest.approx([2.0] * 35)  # also while Bob's job runs beside it
    assert second.cpu_used[5:40] == pytest.approx([3.0] * 35)
    assert first.memory_bytes[10] == GIB + 16 * MINUTE  # the last sample of (15 min, 16 min]
    assert (first.cpus, first.memory_allocated_bytes) == (4.0, 8 * GIB)


def test_a_running_job_reaches_up_to_the_newest_sample(site: Site) -> None:
    Book(site.ledger.engine).job(3, "alice", 0, None, start_ms=T0 + 55 * MINUTE, state="RUNNING")
    Book(site.ledger.engine).allocation(3, "n2", 2, 1)
    (node,) = site.queries.job_series(ADMIN, 103)
    assert (node.start_ms[0], node.ts_ms[-1]) == (T0 + 55 * MINUTE, T0 + 60 * MINUTE)
    assert all(power is not None and power > 0 for power in node.power_w["cpu_static_w"])


def test_nothing_sampled_is_unknown(site: Site) -> None:
    Book(site.ledger.engine).job(4, "alice", 0, None, start_ms=T0 + 20 * MINUTE, end_ms=T0 + 22 * MINUTE)
    Book(site.ledger.engine).allocation(4, "n9", 2, 1)
    (node,) = site.queries.job_series(ADMIN, 104, max_points=4)
    unknown = (None,) * 4
    assert (node.cpu_used, node.memory_bytes, node.power_w["cpu_dynamic_w"]) == (unknown, unknown, unknown)


def test_only_the_owner_sees_it_and_only_with_samples(site: Site) -> None:
    assert len(site.queries.job_series(Viewer("alice"), 101)) == 2
    assert site.queries.job_series(Viewer("bob"), 101) == ()
    assert site.queries.job_series(ADMIN, 999) == ()
    assert Queries(site.ledger.engine, None, SETTINGS).job_series(ADMIN, 101) == ()


def test_less_than_a_point_is_refused(site: Site) -> None:
    with pytest.raises(InputError):
        site.queries.job_series(ADMIN, 101, max_points=0)


def test_only_the_nodes_that_are_asked_for(site: Site) -> None:
    whole = site.queries.job_series(ADMIN, 101, max_points=45)
    assert site.queries.job_series(ADMIN, 101, max_points=45, nodes=["n2", "n9"]) == (whole[1],)
    assert site.queries.job_series(ADMIN, 101, max_points=45, nodes=[]) == ()


def test_boards_and_threads_come_with_the_node(site: Site) -> None:
    board = {"node": "n2", "gpu": 3, "uuid": "a", "memory_used_bytes": int(GIB), "memory_total_bytes": int(4 * GIB)}
    rows = [{**board, "ts_ms": START + s * STEP, "utilisation_ratio": 0.25} for s in range(1, 181)]
    site.store.write({"gpu": pa.Table.from_pylist(rows)})
    Book(site.ledger.engine).job(5, "alice", 0, 1, start_ms=START, end_ms=END, gpu_count=1)
    Book(site.ledger.engine).allocation(5, "n2", 1, 1, "3")
    (node,) = site.queries.job_series(ADMIN, 105, max_points=9)
    (found,) = node.gpus
    assert (found.gpu, found.utilisation, found.memory_total_bytes) == (3, (0.25,) * 9, 4 * GIB)
    assert node.threads_per_core == 2
    assert site.queries.job_series(ADMIN, 101)[1].gpus == ()  # nobody else's board
    use = site.queries.job_gpus(Viewer("alice"), 105)
    assert use is not None
    assert (use.utilisation, use.held, use.memory_peak_bytes) == (0.25, 1, GIB)
    assert site.queries.job_gpus(Viewer("bob"), 105) is None


def test_disks_are_the_jobs_own_and_a_shared_network_is_nobodys(site: Site) -> None:
    for job_id, cpus in ((101, 2.0), (102, 1.0)):
        first = site.queries.job_series(ADMIN, job_id, max_points=5)[0]
        assert set(first.traffic_bytes_per_s) == {"disk_read"}  # written was never read; others use the node
        assert first.traffic_bytes_per_s["disk_read"] == pytest.approx([400 * cpus] * 5)


def test_a_job_that_has_its_node_for_itself_has_its_network(site: Site) -> None:
    with site.ledger.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET exclusive = :yes"), {"yes": True})
    first = site.queries.job_series(ADMIN, 101, max_points=5)[0]
    assert first.traffic_bytes_per_s["network_received"] == pytest.approx([7000.0] * 5)
    assert first.traffic_bytes_per_s["network_sent"] == (0.0,) * 5
