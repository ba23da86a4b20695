"""What every ledger promises, on a real SQLite file and a real PostgreSQL server."""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, select

from aggregator.kernel.arrays import FOREVER, Tenants
from aggregator.ledger.bookings import BOOKING_COLUMNS
from aggregator.ledger.idle import IdlePower, Origin
from aggregator.ledger.ledger import Ledger
from aggregator.ledger.refresh import Site, refresh
from aggregator.ledger.tables import about, bookings, measured, node_states, redo, rollups, users, waiting, windows
from aggregator.ledger.transactions import writing
from aggregator.ledger.users import User
from maxwatt.domain.carbon import Factor, Figure, Quantity, State
from maxwatt.domain.energy import Account
from maxwatt.domain.errors import ConfigError, SourceError
from maxwatt.domain.gpus import GpuPart, Sharing
from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState, NodeRecord, SlurmSnapshot, WaitingJob
from maxwatt.domain.node_model import UNKNOWN_MODEL, NodeModel
from maxwatt.domain.periods import Period
from maxwatt.domain.rollups import Dimension
from maxwatt.domain.units import BUCKET_MS

T0 = 1_780_272_000_000  # a UTC midnight
HOUR = 4 * BUCKET_MS


def running(job_id: int = 1, start_ms: int = T0, node: str = "n1") -> JobRecord:
    held = (Allocation(node, 4.0, 8e9, (0, 2)),)
    key = JobKey("c", job_id, start_ms)
    return JobRecord(key, JobState.RUNNING, user="u", cpus=4, node_count=1, allocations=held, source="scontrol")


def ended(job: JobRecord, end_ms: int) -> JobRecord:
    return replace(job, state=JobState.COMPLETED, end_ms=end_ms, exit_code=0)


def accounted(job: JobRecord, end_ms: int, total_cpu_s: float) -> JobRecord:
    even = tuple(replace(held, gpus=(), modelled=True) for held in job.allocations)
    return replace(ended(job, end_ms), total_cpu_s=total_cpu_s, allocations=even, source="sacct")


def booking(
    bucket_ms: int, energy_j: float = 10.0, node: str = "n1", job_ref: int = 1, account: int = 0
) -> tuple[object, ...]:
    values = dict.fromkeys(BOOKING_COLUMNS, 0.0)
    keys = {"bucket_ms": bucket_ms, "node": node, "account": account, "job_ref": job_ref}
    last = {"factor_id": 1, "method_version": 1, "cpu_used_s": None, "waste_j": None}
    return tuple((values | keys | {"cpu_static_j": energy_j, "counted_j": energy_j} | last).values())


def tenants(ledger: Ledger, nodes: list[str], start_ms: int, end_ms: int, model: NodeModel = UNKNOWN_MODEL) -> Tenants:
    return ledger.load_tenants(nodes, start_ms, end_ms, lambda _: model)


def rows(engine: Engine, table: object, *columns: str) -> list[tuple[object, ...]]:
    with engine.begin() as connection:
        chosen = [table.c[name] for name in columns]  # type: ignore[attr-defined]
        return sorted(tuple(row) for row in connection.execute(select(*chosen)))


def book(ledger: Ledger, *booked: tuple[object, ...], nodes: tuple[str, ...] = ("n1",), buckets: int = 4) -> int:
    span = (T0, T0 + buckets * BUCKET_MS)
    changed = ledger.replace_bookings(nodes, span, booked, [])
    ledger.note_booked({T0 + n * BUCKET_MS: 0.0 for n in range(buckets)}, T0 + HOUR)
    return changed


class TestOpening:
    def test_opening_again_finds_what_was_written(self, ledger_url: str) -> None:
        first = Ledger.open(ledger_url)
        first.put_fact("cluster", "c")
        first.close()
        second = Ledger.open(ledger_url)
        assert second.fact("cluster") == "c"
        second.close()

    def test_a_url_that_is_none_is_a_config_error(self) -> None:
        with pytest.raises(ConfigError, match=r"ledger\.url"):
            Ledger.open("no url")

    def test_a_file_that_is_no_database_is_a_source_error(self, tmp_path: Path) -> None:
        (tmp_path / "ledger").write_text("this is a text, and a long one, not a database at all" * 40)
        with pytest.raises(SourceError, match="cannot be opened"):
            Ledger.open(f"sqlite:///{tmp_path / 'ledger'}")

    def test_a_second_ledger_reads_while_the_first_one_writes(self, ledger_url: str, ledger: Ledger) -> None:
        other = Ledger.open(ledger_url)
        with writing(ledger.engine).begin() as connection:
            connection.execute(insert(about).values(key="cluster", value="c"))
            assert other.fact("cluster") is None
        assert other.fact("cluster") == "c"
        other.close()


class TestJobs:
    def test_the_same_report_twice_changes_nothing(self, ledger: Ledger) -> None:
        assert ledger.upsert_jobs([running()], T0 + 5) == 1
        assert ledger.upsert_jobs([running()], T0 + 20) == 0
        assert ledger.running() == {running().key: T0 + 20}

    def test_what_never_started_is_left_out(self, ledger: Ledger) -> None:
        pending = replace(running(), state=JobState.PENDING)
        unstarted = replace(running(), key=JobKey("c", 2, 0), state=JobState.CANCELLED, end_ms=T0)
        assert ledger.upsert_jobs([pending, unstarted], T0) == 0
        assert ledger.running() == {}

    def test_what_waits_is_what_the_controller_last_said(self, ledger: Ledger) -> None:
        first, second = WaitingJob("c", 1, "u", "a", reason="Priority"), WaitingJob("c", 2, "v", "b", submit_ms=T0)
        ledger.replace_waiting([first, second])
        ledger.replace_waiting([replace(first, reason="Resources"), second])
        assert rows(ledger.engine, waiting, "job_id", "reason") == [(1, "Resources"), (2, "")]
        ledger.replace_waiting([second, second])
        assert rows(ledger.engine, waiting, "job_id", "submit_ms") == [(2, T0)]
        ledger.replace_waiting([])
        assert rows(ledger.engine, waiting, "job_id") == []

    def test_a_requeued_job_is_a_row_of_its_own(self, ledger: Ledger) -> None:
        ledger.upsert_jobs([ended(running(), T0 + 60_000), running(start_ms=T0 + HOUR)], T0)
        lives = tenants(ledger, ["n1"], T0, T0 + 2 * HOUR).lives
        assert lives.job_id.tolist() == [1, 1]
        assert len(set(lives.job.tolist())) == 2

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_controller_and_accounting_make_one_record_in_any_order(
        self, ledger: Ledger, order: tuple[int, int]
    ) -> None:
        reports = [running(), accounted(running(), T0 + HOUR, 123.0)]
        for index in order:
            ledger.upsert_jobs([reports[index]], T0 + 2 * HOUR)
        lives = tenants(ledger, ["n1"], T0, T0 + 2 * HOUR).lives
        assert lives.end_ms.tolist() == [T0 + HOUR]
        assert lives.total_cpu_s.tolist() == [123.0]
        shares = tenants(ledger, ["n1"], T0, T0 + 2 * HOUR).gpu_shares
        assert (shares.life.tolist(), shares.gpu.tolist(), shares.share.tolist()) == ([0, 0], [0, 2], [1.0, 1.0])
        assert lives.modelled.tolist() == [False]

    def test_parts_of_gpus_become_shares_by_the_node_model(self, ledger: Ledger) -> None:
        parts = (GpuPart(Sharing.MIG, 3, 1), GpuPart(Sharing.SHARD, 1, 2, 8))
        job = replace(running(), allocations=(Allocation("n1", 4.0, 8e9, parts),))
        ledger.upsert_jobs([job], T0)
        found = tenants(ledger, ["n1"], T0, T0 + HOUR, NodeModel("m", mig_slices=("1,1,1,1",)))
        assert (found.gpu_shares.gpu.tolist(), found.gpu_shares.share.tolist()) == ([0, 1], [0.25, 0.25])
        assert (found.gpu_shares.assumed.tolist(), found.lives.modelled.tolist()) == ([False, False], [False])
        found = tenants(ledger, ["n1"], T0, T0 + HOUR)
        assert (found.gpu_shares.gpu.tolist(), found.lives.modelled.tolist()) == ([-1, 1], [True])

    def test_a_late_report_does_not_bring_an_ended_job_back(self, ledger: Ledger) -> None:
        ledger.upsert_jobs([ended(running(), T0 + HOUR)], T0 + HOUR)
        ledger.upsert_jobs([replace(running(), source="sacct")], T0 + HOUR + 1)
        assert ledger.running() == {}

    def test_lives_are_those_that_touch_the_time_and_the_nodes(self, ledger: Ledger) -> None:
        ledger.upsert_jobs([ended(running(1), T0 + HOUR), running(2, T0 + HOUR), running(3, node="n2")], T0)
        lives = tenants(ledger, ["n0", "n1"], T0 + HOUR, T0 + 2 * HOUR).lives
        assert lives.job_id.tolist() == [2]
        assert lives.node.tolist() == [1]
        assert lives.end_ms.tolist() == [FOREVER]
        assert ledger.allocated_nodes(T0 + HOUR, T0 + 2 * HOUR) == {"n1", "n2"}

    def test_a_job_nobody_knows_any_more_ends_when_it_was_last_seen(self, ledger: Ledger) -> None:
        ledger.upsert_jobs([running()], T0 + 60_000)
        assert ledger.end_vanished([running().key]) == 1
        assert tenants(ledger, ["n1"], T0, T0 + HOUR).lives.end_ms.tolist() == [T0 + 60_000]
        ledger.upsert_jobs([accounted(running(), T0 + HOUR, 1.0)], T0 + HOUR)
        assert tenants(ledger, ["n1"], T0, T0 + HOUR).lives.end_ms.tolist() == [T0 + HOUR]

    def test_a_job_that_turns_up_again_runs_again(self, ledger: Ledger) -> None:
        ledger.upsert_jobs([running()], T0 + 60_000)
        ledger.end_vanished([running().key])
        ledger.upsert_jobs([running()], T0 + HOUR)
        assert ledger.running() == {running().key: T0 + HOUR}

    def test_only_jobs_that_accounting_never_mentioned_are_missing_from_it(self, ledger: Ledger) -> None:
        ledger.upsert_jobs([ended(running(1), T0 + HOUR), ended(running(2), T0 + HOUR), running(3)], T0 + HOUR)
        ledger.upsert_jobs([accounted(running(2), T0 + HOUR, 1.0)], T0 + HOUR)
        assert [(job.key.job_id, job.end_ms) for job in ledger.unaccounted(T0)] == [(1, T0 + HOUR)]
        assert ledger.unaccounted(T0 + HOUR) == []


class TestSuspensions:
    def test_a_span_opens_and_closes_with_what_the_polls_see(self, ledger: Ledger) -> None:
        suspended = replace(running(), state=JobState.SUSPENDED)
        for report, at_ms in ((running(), 1_000), (suspended, 20_000), (suspended, 35_000), (running(), 50_000)):
            ledger.upsert_jobs([report], T0 + at_ms)
        ledger.upsert_jobs([suspended], T0 + 65_000)
        ledger.upsert_jobs([ended(running(), T0 + 70_000)], T0 + 80_000)
        spans = tenants(ledger, ["n1"], T0, T0 + HOUR).suspensions
        assert spans.start_ms.tolist() == [T0 + 20_000, T0 + 65_000]
        assert spans.end_ms.tolist() == [T0 + 50_000, T0 + 70_000]

    def test_a_span_that_lasts_has_no_end(self, ledger: Ledger) -> None:
        ledger.upsert_jobs([replace(running(), state=JobState.SUSPENDED)], T0 + 20_000)
        spans = tenants(ledger, ["n1"], T0, T0 + HOUR).suspensions
        assert (spans.life.tolist(), spans.end_ms.tolist()) == ([0], [FOREVER])


class TestDirtyMarks:
    def stretches(self, ledger: Ledger) -> list[tuple[str, int, int]]:
        return [
            (each.node, (each.start_ms - T0) // BUCKET_MS, (each.end_ms - T0) // BUCKET_MS)
            for each in ledger.stretches()
        ]

    def test_what_was_never_booked_needs_no_mark(self, ledger: Ledger) -> None:
        ledger.upsert_jobs([running()], T0)
        assert self.stretches(ledger) == []

    def test_a_new_job_makes_its_whole_life_on_its_node_wrong(self, ledger: Ledger) -> None:
        book(ledger, buckets=96)
        ledger.close_windows([T0 + n * BUCKET_MS for n in range(90)])
        ledger.upsert_jobs([running(start_ms=T0 + BUCKET_MS + 1)], T0)
        assert self.stretches(ledger) == [("n1", 1, 96)]
        states = [state for _, state in rows(ledger.engine, windows, "bucket_ms", "state")]
        assert states == ["closed"] + ["dirty"] * 89 + ["open"] * 6

    def test_accounting_makes_the_last_hour_of_the_job_wrong(self, ledger: Ledger) -> None:
        job = running()
        ledger.upsert_jobs([ended(job, T0 + 10 * BUCKET_MS)], T0)
        book(ledger, buckets=96)
        ledger.upsert_jobs([accounted(job, T0 + 10 * BUCKET_MS, 5.0)], T0)
        assert self.stretches(ledger) == [("n1", 6, 14)]

    def test_words_alone_make_nothing_wrong(self, ledger: Ledger) -> None:
        ledger.upsert_jobs([running()], T0)
        book(ledger, buckets=96)
        assert ledger.upsert_jobs([replace(running(), comment="changed")], T0) == 1
        assert self.stretches(ledger) == []

    def test_finishing_closes_only_what_nothing_else_waits_for(self, ledger: Ledger) -> None:
        book(ledger)
        ledger.close_windows([T0, T0 + BUCKET_MS])
        ledger.mark_dirty(T0, T0 + 1)
        first = ledger.stretches()
        ledger.mark_dirty(T0, T0 + BUCKET_MS + 1, nodes=["n1"])
        ledger.finish(first)
        assert [state for _, state in rows(ledger.engine, windows, "bucket_ms", "state")][:2] == ["dirty", "dirty"]
        ledger.finish(ledger.stretches())
        assert [state for _, state in rows(ledger.engine, windows, "bucket_ms", "state")][:2] == ["closed", "closed"]
        assert rows(ledger.engine, redo, "redo_id") == []

    def test_a_window_that_closes_while_something_waits_is_dirty_at_once(self, ledger: Ledger) -> None:
        book(ledger)
        ledger.mark_dirty(T0, T0 + 1)
        ledger.close_windows([T0, T0 + BUCKET_MS])
        assert [state for _, state in rows(ledger.engine, windows, "bucket_ms", "state")][:2] == ["dirty", "closed"]


class TestRevisions:
    def revisions(self, ledger: Ledger) -> list[tuple[object, ...]]:
        return rows(ledger.engine, bookings, "bucket_ms", "job_ref", "revision")

    def test_booking_the_same_again_changes_nothing(self, ledger: Ledger) -> None:
        assert book(ledger, booking(T0), booking(T0 + BUCKET_MS)) == 2
        ledger.close_windows([T0])
        assert book(ledger, booking(T0), booking(T0 + BUCKET_MS)) == 0
        assert self.revisions(ledger) == [(T0, 1, 1), (T0 + BUCKET_MS, 1, 1)]
        assert ledger.revisions(T0, T0 + 2 * BUCKET_MS) == {T0: 1, T0 + BUCKET_MS: 0}

    def test_provisional_figures_have_no_revisions(self, ledger: Ledger) -> None:
        book(ledger, booking(T0, 1.0))
        book(ledger, booking(T0, 2.0))
        ledger.close_windows([T0])
        assert rows(ledger.engine, bookings, "cpu_static_j", "revision") == [(2.0, 1)]

    def test_a_changed_figure_of_a_closed_window_is_a_new_revision(self, ledger: Ledger) -> None:
        book(ledger, booking(T0, 1.0), booking(T0, 5.0, job_ref=2))
        ledger.close_windows([T0])
        assert book(ledger, booking(T0, 2.0), booking(T0, 5.0, job_ref=2)) == 1
        assert self.revisions(ledger) == [(T0, 1, 2), (T0, 2, 1)]
        assert ledger.revisions(T0, T0 + 1) == {T0: 2}

    def test_the_last_digits_of_a_sum_are_no_change(self, ledger: Ledger) -> None:
        book(ledger, booking(T0, 1e6))
        ledger.close_windows([T0])
        assert book(ledger, booking(T0, 1e6 + 1e-7)) == 0

    def test_a_booking_that_is_gone_is_removed_and_counts(self, ledger: Ledger) -> None:
        book(ledger, booking(T0), booking(T0, job_ref=2))
        ledger.close_windows([T0])
        assert book(ledger, booking(T0)) == 1
        assert self.revisions(ledger) == [(T0, 1, 1)]
        assert ledger.revisions(T0, T0 + 1) == {T0: 2}

    def test_parts_of_one_run_share_a_revision(self, ledger: Ledger) -> None:
        book(ledger, booking(T0), booking(T0, node="n2"), nodes=("n1", "n2"))
        ledger.close_windows([T0])
        before, span = ledger.revisions(T0, T0 + 1), (T0, T0 + BUCKET_MS)
        for node in ("n1", "n2"):
            ledger.replace_bookings([node], span, [booking(T0, 3.0, node=node)], [], before)
        assert [row[2] for row in self.revisions(ledger)] == [2, 2]
        assert ledger.revisions(T0, T0 + 1) == {T0: 2}

    def test_other_nodes_and_other_times_are_left_alone(self, ledger: Ledger) -> None:
        book(ledger, booking(T0), booking(T0, node="n2"), nodes=("n1", "n2"))
        ledger.replace_bookings(["n1"], (T0, T0 + BUCKET_MS), [], [])
        assert rows(ledger.engine, bookings, "node") == [("n2",)]

    def test_meters_are_replaced_with_the_bookings(self, ledger: Ledger) -> None:
        span = (T0, T0 + BUCKET_MS)
        ledger.replace_bookings(["n1"], span, [], [(T0, "n1", 1.0, 2.0, 3.0, 4.0, 900.0)])
        ledger.replace_bookings(["n1"], span, [], [(T0, "n1", 1.5, 2.0, 3.0, 4.0, 900.0)])
        assert rows(ledger.engine, measured, "cpu_j", "covered_s") == [(1.5, 900.0)]


class TestNodeHistory:
    def poll(self, ledger: Ledger, minute: int, **states: str) -> None:
        nodes = tuple(NodeRecord(name, state, 8, 1 << 30) for name, state in states.items())
        ledger.record_node_states(SlurmSnapshot(T0 + minute * 60_000, (), nodes))

    def stretches(self, ledger: Ledger) -> list[tuple[object, ...]]:
        found = rows(ledger.engine, node_states, "node", "start_ms", "end_ms", "state")
        return [(n, (s - T0) // 60_000, e and (e - T0) // 60_000, state) for n, s, e, state in found]  # type: ignore[operator]

    def test_a_row_is_a_stretch(self, ledger: Ledger) -> None:
        self.poll(ledger, 0, a="IDLE", b="DOWN")
        self.poll(ledger, 1, a="IDLE", b="DOWN")
        self.poll(ledger, 2, a="MIXED", b="DOWN")
        assert self.stretches(ledger) == [("a", 0, 2, "IDLE"), ("a", 2, None, "MIXED"), ("b", 0, None, "DOWN")]

    def test_a_node_that_slurm_no_longer_has_ends_its_stretch(self, ledger: Ledger) -> None:
        self.poll(ledger, 0, a="IDLE")
        self.poll(ledger, 1)
        assert self.stretches(ledger) == [("a", 0, 1, "IDLE")]

    def test_what_nobody_saw_is_a_gap(self, ledger: Ledger) -> None:
        self.poll(ledger, 0, a="IDLE")
        self.poll(ledger, 5, a="IDLE")
        self.poll(ledger, 60, a="IDLE")
        assert self.stretches(ledger) == [("a", 0, 5, "IDLE"), ("a", 60, None, "IDLE")]

    def test_the_kernel_gets_what_is_not_plain_idle(self, ledger: Ledger) -> None:
        ledger.upsert_nodes([NodeRecord(name, "", 8, 1 << 30) for name in "abc"], T0)
        self.poll(ledger, 0, a="IDLE", b="DOWN", c="IDLE+DRAIN")
        self.poll(ledger, 5, a="MIXED", b="DOWN", c="IDLE")
        self.poll(ledger, 8, a="IDLE+POWERED_DOWN", b="DOWN+NOT_RESPONDING", c="IDLE")

        def loaded(names: list[str], start: int, end: int) -> list[tuple[object, ...]]:
            found = ledger.load_states(names, T0 + start * 60_000, T0 + end * 60_000)
            minutes = [(at - T0) // 60_000 if at < FOREVER else None for at in (*found.start_ms, *found.end_ms)]
            count = len(found.node)
            return list(zip(found.node.tolist(), minutes[:count], minutes[count:], found.account.tolist(), strict=True))

        down, off = int(Account.DOWN), int(Account.POWERED_OFF)
        assert loaded(["a", "b"], 6, 7) == [(1, 0, 8, down)]
        assert loaded(["c", "b", "a"], 3, 9) == [
            (0, 0, 5, int(Account.DRAINED)),
            (1, 0, 8, down),
            (1, 8, None, down),
            (2, 8, None, off),
        ]
        assert loaded(["a"], 0, 8) == []

    def test_a_change_of_what_idle_is_marks_what_is_booked(self, ledger: Ledger) -> None:
        ledger.note_booked({T0: 0.0, T0 + BUCKET_MS: 0.0}, T0)
        self.poll(ledger, 0, a="IDLE", b="DOWN")
        self.poll(ledger, 1, a="MIXED", b="DOWN+NOT_RESPONDING")
        assert [(each.node, each.start_ms) for each in ledger.stretches()] == [("b", T0)]
        self.poll(ledger, 17, a="IDLE+DRAIN", b="DOWN+NOT_RESPONDING")  # unseen from 1 to 17: of that nothing is known
        marked = [(each.node, each.start_ms) for each in ledger.stretches()][1:]
        assert sorted(marked) == [("a", T0 + BUCKET_MS), ("b", T0), ("b", T0 + BUCKET_MS)]

    def test_an_older_poll_changes_nothing(self, ledger: Ledger) -> None:
        self.poll(ledger, 5, a="IDLE")
        self.poll(ledger, 4, a="DOWN")
        assert self.stretches(ledger) == [("a", 5, None, "IDLE")]

    def test_capacities_are_the_latest(self, ledger: Ledger) -> None:
        ledger.upsert_nodes([NodeRecord("a", "IDLE", 8, 1 << 30)], T0)
        ledger.upsert_nodes([NodeRecord("a", "IDLE", 6, 1 << 30)], T0 + 1)
        assert ledger.node_capacities() == {"a": (6, 1 << 30)}


class TestSourcesFaultsFactors:
    def test_a_failure_keeps_the_last_success(self, ledger: Ledger) -> None:
        ledger.record_source("sacct", T0, success_ms=T0)
        ledger.record_source("sacct", T0 + 60_000, error="connection refused")
        state = ledger.sources()["sacct"]
        assert (state.success_ms, state.attempt_ms, state.error) == (T0, T0 + 60_000, "connection refused")

    def test_the_same_fault_counts_up(self, ledger: Ledger) -> None:
        from aggregator.ledger.tables import faults

        ledger.add_faults("sacct", ["row 3: no start", "row 3: no start"], T0)
        assert rows(ledger.engine, faults, "message", "count") == [("row 3: no start", 2)]

    def test_a_factor_keeps_its_number(self, ledger: Ledger) -> None:
        grid = Figure(Quantity.INTENSITY, "ember-owid", "DE", "average", "2024", State.STATIC, 0, 344.0)
        pue = Figure(Quantity.PUE, "config", "", "", "", State.STATIC, 0, 1.2)
        factor = Factor(grid, pue)
        worse, traded = replace(factor, pue=replace(pue, value=1.3)), replace(factor, market=replace(grid, value=0.0))
        first = ledger.values.factor_ids([factor, worse, factor])
        assert first[0] == first[2] != first[1]
        assert ledger.values.factor_ids([worse, traded, factor])[::2] == [first[1], first[0]]
        assert len({*ledger.values.factor_ids([factor, worse, traded])}) == 3
        fallen = replace(factor, intensity=replace(grid, state=State.FALLBACK))
        assert ledger.values.factor_ids([fallen]) != ledger.values.factor_ids([factor])


class TestIdlePowers:
    DAY = 86_400_000

    def power(self, node: str, day: int, component: str, power_w: float | None) -> IdlePower:
        origin = Origin.NONE if power_w is None else Origin.CALIBRATED
        return IdlePower(node, day * self.DAY, component, power_w, 30, origin)

    def test_what_is_frozen_is_read_by_node_and_day(self, ledger: Ledger) -> None:
        found = [self.power("n1", 1, "cpu", 60.0), self.power("n1", 2, "gpu0", None), self.power("n2", 2, "cpu", 61.0)]
        ledger.freeze_idle_powers(found)
        assert ledger.idle_powers(["n1"], self.DAY, 2 * self.DAY) == found[:2]
        assert ledger.idle_powers(["n1", "n2"], 2 * self.DAY, 9 * self.DAY) == found[1:]

    def test_what_is_thawed_is_gone_until_it_is_found_anew_as_a_new_revision(self, ledger: Ledger) -> None:
        ledger.freeze_idle_powers([self.power("n1", day, "cpu", 60.0) for day in (1, 2)])
        ledger.thaw_idle_powers(2 * self.DAY, 3 * self.DAY)
        assert [each.day_ms for each in ledger.idle_powers(["n1"], 0, 9 * self.DAY)] == [self.DAY]
        ledger.freeze_idle_powers([self.power("n1", 2, "cpu", 70.0)])
        assert [(each.power_w, each.revision) for each in ledger.idle_powers(["n1"], 0, 9 * self.DAY)] == [
            (60.0, 1), (70.0, 2),
        ]  # fmt: skip


class TestUsers:
    def names(self, ledger: Ledger) -> dict[object, object]:
        return dict(rows(ledger.engine, users, "uid", "name"))  # type: ignore[arg-type]

    def test_the_newest_name_stays_and_a_number_takes_none_away(self, ledger: Ledger) -> None:
        ledger.note_users({1001: User("1001", T0), 4_294_967_294: User("zoé", T0)})
        ledger.note_users({1001: User("ada", T0 + 1)})
        ledger.note_users({1001: User("1001", T0 + 2)})
        assert self.names(ledger) == {1001: "ada", 4_294_967_294: "zoé"}
        ledger.note_users({1001: User("eve", T0 + 3), 4_294_967_294: User("older", T0 - 1)})
        assert self.names(ledger) == {1001: "eve", 4_294_967_294: "zoé"}
        assert ledger.note_users({}) is None

    def test_rollups_follow_a_name(self, ledger: Ledger) -> None:
        site = Site(ZoneInfo("UTC"), lambda _: "")
        ledger.note_users({1001: User("1001", T0)})
        book(ledger, booking(T0, 7.0, job_ref=1001, account=int(Account.SESSION)), booking(T0, 5.0, job_ref=1001))
        refresh(ledger.engine, site)
        ledger.note_users({1001: User("ada", T0 + 1)})
        refresh(ledger.engine, site)
        found = rows(ledger.engine, rollups, "dimension", "period", "name", "account", "cpu_static_j")
        of_users = [row[2:] for row in found if row[:2] == (int(Dimension.USER), int(Period.MONTH))]
        assert of_users == [("ada", int(Account.SESSION), 7.0)]
