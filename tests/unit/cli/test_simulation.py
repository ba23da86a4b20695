"""The demo's simulated cluster: believable, consistent, the same from run to run."""

from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from aggregator.ingest.line_protocol import parse_lines
from maxwatt.cli.simulation.cluster import GPU, NODE_KIND, STEP_MS
from maxwatt.cli.simulation.logins import MODEL as LOGIN
from maxwatt.cli.simulation.logins import login_nodes, logins_between
from maxwatt.cli.simulation.mix import plans
from maxwatt.cli.simulation.plot import Plot, remember, remembered
from maxwatt.cli.simulation.power import life_of, total_cpu_s
from maxwatt.cli.simulation.samples import lines, simulated_nodes
from maxwatt.cli.simulation.schedule import as_seen_at, place
from maxwatt.cli.simulation.slurm import SimulatedSlurm
from maxwatt.domain.clock import now_ms
from maxwatt.domain.jobs import JobState
from maxwatt.domain.units import DAY_MS

START_MS = 1_790_000_000_000 - 1_790_000_000_000 % DAY_MS
END_MS = START_MS + 2 * DAY_MS


@pytest.fixture(scope="module")
def jobs():
    return place(plans(START_MS, END_MS, seed=3))


@pytest.fixture(scope="module")
def nodes(jobs):
    return {node.name: node for node in simulated_nodes(jobs, START_MS - DAY_MS)}


def test_the_same_seed_gives_the_same_jobs_and_another_gives_others(jobs):
    again = place(plans(START_MS, END_MS, seed=3))
    assert [job.record for job in again] == [job.record for job in jobs]
    assert [j.record for j in place(plans(START_MS, END_MS, seed=4))] != [j.record for j in jobs]


def test_there_are_about_forty_nodes_of_three_kinds_and_gpus_on_some():
    assert 36 <= len(NODE_KIND) <= 44
    assert len(set(map(id, NODE_KIND.values()))) == 3
    assert any(kind.gpus for kind in NODE_KIND.values()) and not all(kind.gpus for kind in NODE_KIND.values())


def test_no_node_is_ever_given_away_twice(jobs):
    changes = defaultdict(list)
    for job in jobs:
        for a in job.record.allocations:
            held = np.array([a.cpus, a.memory_bytes, *(1 if gpu in a.gpus else 0 for gpu in range(4))])
            changes[a.node] += [(job.record.key.start_ms, 1, held), (job.record.end_ms, 0, -held)]
    for name, events in changes.items():
        kind = NODE_KIND[name]
        limit = np.array([kind.cpus, kind.memory_bytes, *(1 if gpu < kind.gpus else 0 for gpu in range(4))])
        # Starts are cut to whole seconds, so a successor may seem to begin up to a second early.
        moved = [(ms + 1000 if start else ms, start, held) for ms, start, held in events]
        for total in np.cumsum([held for _, _, held in sorted(moved, key=lambda e: (e[0], e[1]))], axis=0):
            assert (total <= limit).all(), name


def test_jobs_start_after_their_submission_and_end_after_their_start(jobs):
    for job in jobs:
        assert job.record.submit_ms <= job.record.key.start_ms < job.record.end_ms


def test_work_is_the_integral_of_the_activity(jobs):
    job = max(jobs, key=lambda job: job.record.end_ms - job.record.key.start_ms)
    life = life_of(job, job.record.allocations[0])
    t = np.linspace(life.begin_s, life.end_s, 2_000_001)
    middle = (t[1:] + t[:-1]) / 2
    assert life.activity(middle).sum() * (t[1] - t[0]) == pytest.approx(life.work_s(t[-1:])[0], rel=1e-4)


def test_no_job_uses_more_cpus_than_it_holds(jobs):
    for job in jobs[::7]:
        for a in job.record.allocations:
            life = life_of(job, a)
            t = np.linspace(life.begin_s, life.end_s, 997)
            assert (life.cpu_rate * life.activity(t) <= a.cpus + 1e-9).all()
            assert (life.activity(t) >= 0).all()


def test_total_cpu_is_what_the_counters_end_at(jobs):
    job = next(job for job in jobs if len(job.record.allocations) > 1)
    ends = [life_of(job, a) for a in job.record.allocations]
    assert total_cpu_s(job) == pytest.approx(sum(x.cpu_rate * x.work_s(np.array([x.end_s + 99]))[0] for x in ends))


def test_the_ingest_takes_every_line(nodes):
    for name in ("sim-c001", "sim-m001", "sim-g001"):
        text = "\n".join(lines(nodes[name], START_MS, START_MS + DAY_MS)).encode()
        parsed = parse_lines(text, now_ms=END_MS, precision="ms")
        assert not parsed.faults
        assert parsed.tables["node"].num_rows == DAY_MS // STEP_MS


def test_a_stretch_in_two_parts_is_the_same_as_in_one(nodes):
    node, middle = nodes["sim-g002"], START_MS + 7 * 3_600_000 + 12_345
    whole = sorted(lines(node, START_MS, START_MS + DAY_MS))
    parts = [*lines(node, START_MS, middle), *lines(node, middle, START_MS + DAY_MS)]
    assert sorted(parts) == whole


def test_counters_never_fall(nodes):
    for node in nodes.values():
        parsed = parse_lines("\n".join(lines(node, START_MS, END_MS)).encode(), now_ms=END_MS, precision="ms")
        table = parsed.tables["node"]
        for counter in ("cpu_busy_seconds_total", "cpu_energy_joules_total"):
            assert (np.diff(table[counter].to_numpy()) >= 0).all(), (node.name, counter)
        assert ("gpu" in parsed.tables) == (NODE_KIND[node.name] is GPU)


def test_logins_are_working_days_of_people_and_their_nodes_count_them():
    week_ms = START_MS - START_MS % (7 * DAY_MS)
    boot_ms, end_ms = week_ms - 2 * DAY_MS, week_ms + 7 * DAY_MS
    found = logins_between(boot_ms, end_ms)
    assert len({each.user for each in found}) > 8 and {each.node for each in found} == set(LOGIN.nodes)
    assert all(datetime.fromtimestamp(each.begin_s, UTC).weekday() < 5 for each in found)
    for node in login_nodes(boot_ms):
        parsed = parse_lines("\n".join(node.lines(week_ms, end_ms)).encode(), now_ms=end_ms, precision="ms")
        assert not parsed.faults
        busy_s = np.diff(parsed.tables["node"]["cpu_busy_seconds_total"].to_numpy())
        assert (busy_s > 0).all()
        rows = parsed.tables["session"].to_pylist()
        sessions = sorted((row["uid"], row["ts_ms"], row["cpu_seconds_total"]) for row in rows)
        rises = [b[2] - a[2] for a, b in pairwise(sessions) if a[0] == b[0] and b[2] >= a[2]]
        assert 0 < sum(rises) <= busy_s.sum()


def test_drained_nodes_are_drained_whatever_runs_there(jobs):
    told = {record.name: record.state for record in SimulatedSlurm(jobs).nodes_at(START_MS)}
    assert told["sim-m005"] in {"IDLE+DRAIN", "MIXED+DRAIN"}
    assert sum(state in {"IDLE", "MIXED"} for state in told.values()) >= 36


def test_a_running_job_shows_no_end(jobs):
    record = jobs[0].record
    seen = as_seen_at(record, record.end_ms - 1)
    assert (seen.state, seen.end_ms, seen.total_cpu_s, seen.exit_code) == (JobState.RUNNING, None, None, None)
    assert as_seen_at(record, record.end_ms) == record


def test_only_a_whole_and_young_demo_is_remembered(tmp_path):
    assert remembered(tmp_path) is None
    plot = Plot.new(seed=1, days=3)
    remember(tmp_path, plot)
    assert remembered(tmp_path) == plot
    assert plot.first_run_ms - plot.start_ms == 3 * DAY_MS and plot.first_run_ms <= now_ms()
    (tmp_path / "demo.json").write_text('{"seed": 1')
    assert remembered(tmp_path) is None
    old = Plot(1, plot.start_ms - 60 * DAY_MS, plot.first_run_ms - 60 * DAY_MS, plot.end_ms - 60 * DAY_MS)
    remember(tmp_path, old)
    assert remembered(tmp_path) is None
