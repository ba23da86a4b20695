"""From samples and Slurm's records to the ledger, with a real store and a real ledger on disk."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isclose
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pipeline_cluster import JOBS, MINUTE, NODES, SETTINGS, T0, Slurm, buckets, samples
from sqlalchemy import select

from aggregator.ledger.ledger import Ledger
from aggregator.ledger.tables import bookings, faults, jobs, measured, users, windows
from aggregator.pipeline.attribute import attribute_range
from aggregator.pipeline.loop import SAMPLES, Aggregator, Round
from aggregator.store.duckdb import DuckDBStore
from maxwatt.config import Settings
from maxwatt.domain.energy import ENERGY_COLUMNS, Account
from maxwatt.domain.units import BUCKET_MS

END = T0 + 150 * MINUTE
STEP_MS = 2 * MINUTE

KEYS = [column.name for column in bookings.primary_key.columns]

Figures = dict[tuple[object, ...], tuple[object, ...]]


@dataclass
class Site:
    """A store, a ledger and a Slurm whose clock the test moves."""

    folder: Path
    store: DuckDBStore
    ledger: Ledger
    slurm: Slurm
    settings: Settings = SETTINGS

    def aggregator(self) -> Aggregator:
        return Aggregator(self.store, self.ledger, self.settings, self.slurm.live, self.slurm.accounting)

    def feed(self, start_ms: int, end_ms: int, nodes: tuple[str, ...] = NODES) -> None:
        read = [samples(node, start_ms, end_ms) for node in nodes]
        self.store.write(
            {
                name: pa.concat_tables([each[name] for each in read], promote_options="default")
                for name in ("node", "gpu", "job")
            }
        )

    def live_through(
        self, aggregator: Aggregator, start_ms: int, end_ms: int, nodes: tuple[str, ...] = NODES
    ) -> list[Round]:
        """Let time pass: samples come in as they are read, a round every two minutes."""
        rounds = []
        for now_ms in range(start_ms + STEP_MS, end_ms + 1, STEP_MS):
            self.feed(now_ms - STEP_MS, now_ms, nodes)
            aggregator.note_samples(now_ms - STEP_MS)
            self.slurm.now_ms = now_ms
            rounds.append(aggregator.run_once(now_ms))
        return rounds

    def rows(self, table: object, *columns: str) -> list[tuple[object, ...]]:
        with self.ledger.engine.begin() as connection:
            chosen = [table.c[name] for name in columns]  # type: ignore[attr-defined]
            return sorted(tuple(row) for row in connection.execute(select(*chosen)))

    def figures(self) -> Figures:
        """What is booked, by node, window, account and Slurm's job id; without the ledger's own numbers."""
        with self.ledger.engine.begin() as connection:
            names = {row.job_ref: (row.job_id, row.start_ms) for row in connection.execute(select(jobs))}
            rows = [row._mapping for row in connection.execute(select(bookings))]
        apart = {*KEYS, "factor_id", "revision"}
        return {
            (row["node"], row["bucket_ms"], row["account"], names.get(row["job_ref"])): tuple(
                value for name, value in row.items() if name not in apart
            )
            for row in rows
        }

    def closed(self) -> set[int]:
        return {bucket for bucket, state in self.rows(windows, "bucket_ms", "state") if state == "closed"}  # type: ignore[misc]


@pytest.fixture
def new_site(tmp_path: Path) -> Iterator[object]:
    opened: list[Site] = []

    def build(name: str = "site", settings: Settings = SETTINGS) -> Site:
        folder = tmp_path / name
        store = DuckDBStore(folder / "samples.duckdb")
        site = Site(folder, store, Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}"), Slurm(), settings)
        opened.append(site)
        return site

    yield build
    for site in opened:
        site.ledger.close()
        site.store.close()


@pytest.fixture
def site(new_site) -> Site:
    return new_site()


def know_everything(site: Site) -> None:
    """All samples in the store and all finished jobs in the ledger."""
    site.feed(T0, END)
    site.slurm.now_ms = END + 10 * MINUTE
    for record in JOBS:
        live = replace(record, total_cpu_s=None, source="scontrol")
        site.ledger.upsert_jobs([live], record.end_ms or 0)
    site.ledger.upsert_jobs(site.slurm.accounting.jobs(T0, END)[0], END)
    site.ledger.upsert_nodes(site.slurm.live.snapshot().nodes, END)


def book(site: Site, start_ms: int = T0, end_ms: int = END, nodes: tuple[str, ...] | None = None) -> object:
    return attribute_range(
        site.store, site.ledger, site.settings, start_ms, end_ms, nodes=nodes, now_ms=END + 10 * MINUTE
    )


FIGURES = [column.name for column in bookings.columns if column.name not in {*KEYS, "factor_id", "revision"}]


def assert_same(found: Figures, expected: Figures) -> None:
    assert found.keys() == expected.keys()
    different = {
        (key, name): (one, other)
        for key, values in expected.items()
        for name, one, other in zip(FIGURES, found[key], values, strict=True)
        if one != other and (one is None or other is None or not isclose(one, other, rel_tol=1e-9, abs_tol=1e-6))  # type: ignore[arg-type]
    }
    assert different == {}


@pytest.fixture
def reference(new_site) -> Figures:
    """The whole time booked at once, everything known."""
    whole = new_site("reference")
    know_everything(whole)
    book(whole)
    return whole.figures()


OUTSIDE = (Account.JOB, Account.SESSION, Account.SYSTEM, Account.UNATTRIBUTED)
"""Accounts of a node that is not Slurm's."""


def logins(node: str, ts_ms: np.ndarray, user: str) -> pa.Table:
    """One user at work with 0.05 CPUs."""
    count, seconds = len(ts_ms), (ts_ms - T0) / 1000
    common = {"ts_ms": ts_ms, "node": [node] * count, "monotonic_s": seconds + 50, "epoch_id": np.full(count, 7)}
    tags = {"uid": np.full(count, 1001), "user": [user] * count}
    return pa.table({**common, **tags, "cpu_seconds_total": 0.05 * seconds})


class TestBookingATime:
    def test_the_accounts_sum_to_the_meters(self, site: Site) -> None:
        know_everything(site)
        assert book(site).closure_error <= 1e-9
        assert site.rows(faults, "message") == []
        booked, meters = {}, {}
        energies = ("node", "bucket_ms", *ENERGY_COLUMNS)
        for node, bucket, *parts in site.rows(bookings, *energies):
            booked[node, bucket] = booked.get((node, bucket), 0.0) + sum(parts)
        for node, bucket, *parts in site.rows(measured, "node", "bucket_ms", "cpu_j", "dram_j", "gpu_j", "rest_j"):
            meters[node, bucket] = sum(parts)
        assert meters.keys() == {(node, bucket) for node in NODES for bucket in buckets(0, 10)}
        assert booked == pytest.approx(meters, rel=1e-9)

    def test_what_the_counters_counted_is_what_is_booked(self, site: Site) -> None:
        know_everything(site)
        book(site)
        rows = samples("wn1", T0, END)["node"]
        counted = rows["cpu_energy_joules_total"][-1].as_py() - rows["cpu_energy_joules_total"][0].as_py()
        found = sum(energy for node, energy in site.rows(measured, "node", "cpu_j") if node == "wn1")  # type: ignore[misc]
        assert found == pytest.approx(counted, rel=1e-9)

    def test_every_job_is_on_its_nodes_and_the_short_one_is_billed(self, site: Site) -> None:
        know_everything(site)
        book(site)
        found = {(job[0], node) for node, _, account, job in site.figures() if account == Account.JOB}
        assert found == {(record.key.job_id, held.node) for record in JOBS for held in record.allocations}

    def test_co2_is_energy_times_pue_times_intensity(self, site: Site) -> None:
        know_everything(site)
        book(site)
        for *energies, co2_g in site.rows(bookings, *ENERGY_COLUMNS, "co2_g"):
            assert co2_g == pytest.approx(sum(energies) / 3.6e6 * 1.25 * 400.0, rel=1e-12)

    def test_booking_again_changes_nothing(self, site: Site) -> None:
        know_everything(site)
        book(site)
        site.ledger.close_windows(site.ledger.open_windows())
        everything = [column.name for column in bookings.columns]
        before = site.rows(bookings, *everything[:-1])
        assert book(site).changed == 0
        assert site.rows(bookings, *everything[:-1]) == before
        assert {revision for _, revision in site.rows(windows, "bucket_ms", "revision")} == {1}

    @pytest.mark.parametrize("cuts", [(0, 10), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (0, 7, 10), (0, 2, 3, 10)])
    def test_any_cut_into_windows_books_the_same(self, site: Site, reference: Figures, cuts: tuple[int, ...]) -> None:
        know_everything(site)
        pieces = list(pairwise(cuts))
        for first, last in reversed(pieces):  # nor does the order matter
            book(site, T0 + first * BUCKET_MS, T0 + last * BUCKET_MS)
        assert_same(site.figures(), reference)

    def test_nodes_one_by_one_are_the_nodes_together(self, site: Site, reference: Figures) -> None:
        know_everything(site)
        for node in NODES:
            book(site, nodes=(node,))
        assert_same(site.figures(), reference)

    @pytest.mark.parametrize(("size", "workers"), [(1, 1), (1, 4), (3, 2)])
    def test_neither_the_size_of_chunks_nor_their_workers_change_anything(
        self, site: Site, reference: Figures, size: int, workers: int
    ) -> None:
        cut = replace(SETTINGS.attribution, nodes_per_chunk=size, workers=workers)
        site.settings = replace(SETTINGS, attribution=cut)
        know_everything(site)
        book(site)
        assert_same(site.figures(), reference)


class TestTheLoop:
    def test_hours_lived_through_are_the_hours_booked_at_once(self, site: Site, reference: Figures) -> None:
        site.live_through(site.aggregator(), T0, END)
        assert_same(site.figures(), reference)
        assert site.closed() == set(buckets(0, 9))
        assert {revision for _, revision in site.rows(windows, "bucket_ms", "revision")} <= {0, 1}

    def test_a_restart_changes_nothing(self, site: Site, reference: Figures) -> None:
        middle = T0 + 70 * MINUTE
        site.live_through(site.aggregator(), T0, middle)
        site.ledger.close()
        site.ledger = Ledger.open(f"sqlite:///{site.folder / 'ledger.sqlite'}")
        down_until = middle + 4 * MINUTE
        site.feed(middle, down_until)  # the agents kept these and send them when the server is back
        site.live_through(site.aggregator(), down_until, END)
        assert_same(site.figures(), reference)
        assert {revision for _, revision in site.rows(windows, "bucket_ms", "revision")} <= {0, 1}

    def test_a_window_is_provisional_until_everything_is_in(self, site: Site) -> None:
        aggregator = site.aggregator()
        site.live_through(aggregator, T0, T0 + 16 * MINUTE)
        assert dict(site.rows(windows, "bucket_ms", "state")) == {T0: "open", T0 + BUCKET_MS: "open"}
        site.live_through(aggregator, T0 + 16 * MINUTE, T0 + 26 * MINUTE)
        assert dict(site.rows(windows, "bucket_ms", "state")) == {T0: "closed", T0 + BUCKET_MS: "open"}

    def test_a_running_job_holds_nothing_in_the_future(self, site: Site) -> None:
        site.live_through(site.aggregator(), T0, T0 + 20 * MINUTE)
        booked = site.rows(bookings, "bucket_ms", "account", "held_s", "covered_s", "cpu_used_s", "cpu_reserved_s")
        for bucket, account, held_s, covered_s, used_s, reserved_s in booked:
            if bucket == T0 + BUCKET_MS and account == Account.JOB:
                assert held_s <= 300  # type: ignore[operator]  # 5 of the window's 15 minutes are over
                assert covered_s == pytest.approx(held_s, abs=15)  # the nodes are not read at one instant
                assert used_s / reserved_s > 0.4  # type: ignore[operator]  # each job uses more than this share

    @pytest.mark.parametrize("which", ["accounting_down", "controller_down"])
    def test_a_source_that_is_down_delays_and_never_skips(self, site: Site, reference: Figures, which: str) -> None:
        aggregator = site.aggregator()
        site.live_through(aggregator, T0, T0 + 40 * MINUTE)
        setattr(site.slurm, which, True)
        site.live_through(aggregator, T0 + 40 * MINUTE, T0 + 44 * MINUTE)
        closed = site.closed()
        site.live_through(aggregator, T0 + 44 * MINUTE, T0 + 46 * MINUTE)
        state = site.ledger.sources()["sacct" if which == "accounting_down" else "scontrol"]
        assert "does not answer" in state.error
        assert state.success_ms == T0 + 40 * MINUTE
        assert site.closed() == closed
        setattr(site.slurm, which, False)
        site.live_through(aggregator, T0 + 46 * MINUTE, END)
        assert_same(site.figures(), reference)
        assert site.closed() == set(buckets(0, 9))

    def test_an_hour_without_accounting_closes_nothing(self, site: Site) -> None:
        aggregator = site.aggregator()
        site.live_through(aggregator, T0, T0 + 30 * MINUTE)
        site.slurm.accounting_down = True
        site.live_through(aggregator, T0 + 30 * MINUTE, T0 + 120 * MINUTE)
        assert site.closed() == set(buckets(0, 1))
        site.slurm.accounting_down = False
        site.live_through(aggregator, T0 + 120 * MINUTE, T0 + 126 * MINUTE)
        assert site.closed() == set(buckets(0, 8))
        assert min(start for start, _ in site.slurm.asked[-10:]) <= T0 + 30 * MINUTE

    def test_a_job_that_accounting_never_knows_is_waited_for_and_then_told(self, site: Site) -> None:
        site.slurm.forgotten = {3}  # ended in the second window
        aggregator = site.aggregator()
        site.live_through(aggregator, T0, T0 + 76 * MINUTE)
        assert site.closed() == set(buckets(0, 1))
        site.live_through(aggregator, T0 + 76 * MINUTE, T0 + 96 * MINUTE)
        assert site.closed() >= set(buckets(0, 4))
        assert [text for (text,) in site.rows(faults, "message") if "job 3" in str(text)] != []
        assert site.rows(faults, "count") == [(1,)]

    def test_logins_are_booked_by_user_and_a_node_outside_slurm_is_never_idle(self, site: Site) -> None:
        """A login on wn3 uses 0.05 CPUs, which are a quarter of what the node does beside jobs."""
        site.settings = replace(SETTINGS, cluster=replace(SETTINGS.cluster, outside_slurm="wn3"))
        ts = samples("wn3", T0, END)["node"]["ts_ms"].to_numpy()
        site.store.write({"node": pa.table({"ts_ms": [T0], "node": ["strange"]})})
        parts = ((T0, T0 + 40 * MINUTE, "1001"), (T0 + 40 * MINUTE, END, "ada"))  # the name is found later
        for start_ms, end_ms, name in parts:
            site.store.write({"session": logins("wn3", ts[(ts >= start_ms) & (ts < end_ms)], name)})
            site.live_through(site.aggregator(), start_ms, end_ms)
        rows = site.rows(bookings, "node", "account", "job_ref", "cpu_used_s", "cpu_static_j", "cpu_dynamic_j")
        used_s = sum(seconds for _, account, _, seconds, *_ in rows if account == Account.SESSION)
        assert used_s == pytest.approx(0.05 * (int(ts[-1]) - int(ts[0])) / 1000, rel=1e-3)
        assert {(node, ref) for node, account, ref, *_ in rows if account == Account.SESSION} == {("wn3", 1001)}
        assert {account for node, account, *_ in rows if node == "wn3"} <= {*OUTSIDE}
        assert {account for node, account, *_ in rows if node == "wn1"} >= {Account.IDLE}
        assert site.rows(users, "uid", "name") == [(1001, "ada")]
        told = [str(text) for (text,) in site.rows(faults, "message") if "Slurm does not know them" in str(text)]
        assert [text.split(":")[0] for text in told] == ["strange"]
        assert site.rows(faults, "message", "count") == [(told[0], 1)]
        assert book(site).changed == 0

    def test_a_drained_node_has_no_plain_idle(self, site: Site) -> None:
        site.slurm.drained = {"wn2": (T0 + 80 * MINUTE, T0 + 110 * MINUTE)}
        site.live_through(site.aggregator(), T0, END)
        rows = site.rows(bookings, "node", "account", "bucket_ms", "held_s")
        drained_s = {(node, bucket): held for node, account, bucket, held in rows if account == Account.DRAINED}
        assert drained_s.keys() == {("wn2", bucket) for bucket in buckets(5, 8)}
        assert sum(drained_s.values()) == pytest.approx(30 * 60)  # polls are at whole even minutes
        idle = {(node, bucket) for node, account, bucket, _ in rows if account == Account.IDLE}
        assert ("wn2", T0 + 6 * BUCKET_MS) not in idle
        assert book(site).changed == 0

    def test_a_state_that_nobody_saw_end_lasts_until_the_last_poll(self, site: Site) -> None:
        site.slurm.drained = {"wn2": (T0, T0 + 60 * MINUTE)}
        aggregator = site.aggregator()
        site.live_through(aggregator, T0, T0 + 30 * MINUTE)
        site.slurm.controller_down = True
        site.live_through(aggregator, T0 + 30 * MINUTE, T0 + 70 * MINUTE)
        assert self.drained_s(site) > 60 * 60  # as far as is known it still is
        site.slurm.controller_down = False
        site.live_through(aggregator, T0 + 70 * MINUTE, END)
        assert self.drained_s(site) == pytest.approx(28 * 60)  # from the first poll to the last
        assert book(site).changed == 0

    def drained_s(self, site: Site) -> float:
        found = site.rows(bookings, "account", "held_s")
        return sum(held for account, held in found if account == Account.DRAINED)  # type: ignore[misc]

    def test_late_samples_of_a_silent_node_are_booked_again(self, site: Site, reference: Figures) -> None:
        aggregator, others = site.aggregator(), ("wn1", "wn2")
        site.live_through(aggregator, T0, T0 + 32 * MINUTE)
        site.live_through(aggregator, T0 + 32 * MINUTE, T0 + 90 * MINUTE, others)
        assert site.closed() == set(buckets(0, 5))  # the silent node does not hold the cluster back
        site.feed(T0 + 32 * MINUTE, T0 + 90 * MINUTE, ("wn3",))
        aggregator.note_samples(T0 + 32 * MINUTE)
        assert site.closed() < set(buckets(0, 5))
        site.live_through(aggregator, T0 + 90 * MINUTE, END)
        assert_same(site.figures(), reference)
        revised = {bucket for bucket, revision in site.rows(windows, "bucket_ms", "revision") if revision == 2}  # type: ignore[misc]
        assert revised == set(buckets(1, 5))  # the rest of the second one was formed up to a reading at 32 min

    def test_late_samples_noted_before_a_restart_are_not_forgotten(self, site: Site, reference: Figures) -> None:
        aggregator = site.aggregator()
        site.live_through(aggregator, T0, T0 + 32 * MINUTE)
        site.live_through(aggregator, T0 + 32 * MINUTE, T0 + 120 * MINUTE, ("wn1", "wn2"))
        site.feed(T0 + 32 * MINUTE, T0 + 120 * MINUTE, ("wn3",))
        aggregator.note_samples(T0 + 32 * MINUTE)
        site.live_through(site.aggregator(), T0 + 120 * MINUTE, END)
        assert_same(site.figures(), reference)

    def test_an_older_history_brought_in_is_booked(self, site: Site, reference: Figures) -> None:
        later = T0 + 60 * MINUTE
        know_everything(site)
        whole = site.store
        site.store = DuckDBStore(site.folder / "other.duckdb")
        aggregator = site.aggregator()
        site.feed(later, END)
        aggregator.run_once(END)
        assert site.ledger.booked_from() == later
        site.feed(T0, later)
        aggregator.run_once(END + MINUTE)
        assert_same(site.figures(), reference)
        site.store.close()
        site.store = whole

    def test_a_job_that_vanished_ends_when_it_was_last_seen(self, new_site) -> None:
        settings = replace(SETTINGS, slurm=replace(SETTINGS.slurm, accounting="none"))
        site = new_site("live only", settings)
        aggregator = Aggregator(site.store, site.ledger, settings, site.slurm.live, None)
        site.live_through(aggregator, T0, T0 + 40 * MINUTE)
        site.slurm.controller_down = True  # for longer than the controller remembers the end of jobs 1 and 2
        site.live_through(aggregator, T0 + 40 * MINUTE, T0 + 60 * MINUTE)
        site.slurm.controller_down = False
        site.live_through(aggregator, T0 + 60 * MINUTE, T0 + 70 * MINUTE)
        ends = {job_id: end for job_id, end in site.rows(jobs, "job_id", "end_ms") if job_id in (1, 2)}
        assert ends == {1: T0 + 40 * MINUTE, 2: T0 + 40 * MINUTE}
        assert len([1 for (text,) in site.rows(faults, "message") if "no longer known" in str(text)]) == 2

    def test_the_samples_are_a_source_too(self, site: Site) -> None:
        site.live_through(site.aggregator(), T0, T0 + 2 * MINUTE)
        state = site.ledger.sources()[SAMPLES]
        assert T0 + 105_000 < (state.success_ms or 0) < T0 + 120_000
        assert state.error == ""

    def test_an_empty_store_is_no_fault(self, site: Site) -> None:
        assert site.aggregator().run_once(T0).closed == ()
        assert site.rows(windows, "bucket_ms") == []

    def test_threads_start_work_and_stop(self, site: Site) -> None:
        import threading

        settings = replace(SETTINGS, attribution=replace(SETTINGS.attribution, interval_s=0.05))
        know_everything(site)
        aggregator = Aggregator(site.store, site.ledger, settings, site.slurm.live, site.slurm.accounting)
        aggregator.start()
        done = threading.Event()
        for _ in range(200):
            if done.wait(0.05) or site.ledger.booked_until() == T0 + 10 * BUCKET_MS:
                break
        aggregator.stop()
        assert site.ledger.booked_until() == T0 + 10 * BUCKET_MS
        assert site.rows(faults, "message") == []
