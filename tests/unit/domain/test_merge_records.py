"""One record of what the live reader and accounting know."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxwatt.domain.jobs import Allocation, JobKey, JobRecord, JobState
from maxwatt.domain.merge import absorb, merge, merge_live

KEY = JobKey("maxwell", 7, 1_000_000)
SHARES = (Allocation("a", 8, 1e9, (0, 1)), Allocation("b", 2, 2e9, (3,)))
LIVE = JobRecord(
    KEY, JobState.RUNNING, user="alice", cpus=10, gpu_count=3, node_count=2, node_list="a,b", allocations=SHARES,
    stdout="/o", stderr="/e", command="run.sh", features="A100", source="scontrol",
)  # fmt: skip
DONE = replace(
    LIVE, state=JobState.FAILED, end_ms=1_060_000, exit_code=3, exit_signal=0, total_cpu_s=42.0, source="sacct",
    allocations=(Allocation("a", 5.0, 1.5e9, (), True), Allocation("b", 5.0, 1.5e9, (), True)),
    stdout="slurm-%j.out", stderr="", command="sbatch run.sh", features="",
)  # fmt: skip


def test_shares_and_files_come_from_live_and_the_end_from_accounting():
    merged = merge(LIVE, DONE)
    assert merged.allocations == SHARES
    assert (merged.stdout, merged.stderr, merged.command, merged.features) == ("/o", "/e", "run.sh", "A100")
    assert (merged.state, merged.end_ms, merged.exit_code, merged.total_cpu_s) == ("FAILED", 1_060_000, 3, 42.0)
    assert merged.source == "sacct+scontrol"


def test_accounting_that_lags_behind_does_not_bring_a_job_back_to_life():
    ended = replace(LIVE, state=JobState.COMPLETED, end_ms=1_060_000, exit_code=0, exit_signal=0)
    merged = merge(ended, replace(DONE, state=JobState.RUNNING, end_ms=None, exit_code=None, total_cpu_s=None))
    assert (merged.state, merged.end_ms, merged.exit_code) == (JobState.COMPLETED, 1_060_000, 0)


def test_a_live_job_without_shares_takes_those_of_accounting():
    assert merge(replace(LIVE, allocations=()), DONE).allocations == DONE.allocations


def test_a_job_that_ended_while_suspended_is_suspended_until_its_end():
    assert merge(replace(LIVE, suspensions=((1_030_000, None),)), DONE).suspensions == ((1_030_000, 1_060_000),)


def test_accounting_may_correct_itself_of_a_job_that_nobody_saw_live():
    later = replace(
        DONE, cpus=4, node_count=1, node_list="a", end_ms=1_050_000, state=JobState.COMPLETED, exit_code=0,
        allocations=(Allocation("a", 4.0, 1e9, (), True),), total_cpu_s=None, command="",
    )  # fmt: skip
    corrected = absorb(DONE, later)
    assert (corrected.cpus, corrected.node_count, corrected.node_list) == (4, 1, "a")
    assert (corrected.state, corrected.end_ms, corrected.exit_code) == (JobState.COMPLETED, 1_050_000, 0)
    assert corrected.allocations == later.allocations
    assert (corrected.total_cpu_s, corrected.command) == (42.0, "sbatch run.sh")  # told before, not told now
    assert absorb(corrected, later) == corrected


def test_accounting_that_calls_an_ended_job_running_again_does_not_end_it_anew():
    again = absorb(DONE, replace(DONE, state=JobState.RUNNING, end_ms=None, exit_code=None))
    assert (again.state, again.end_ms, again.exit_code) == (JobState.FAILED, 1_060_000, 3)


def test_two_attempts_are_never_merged():
    other = replace(DONE, key=replace(KEY, start_ms=2_000_000))
    with pytest.raises(ValueError, match="two attempts"):
        merge(LIVE, other)
    with pytest.raises(ValueError, match="two attempts"):
        merge_live(LIVE, other)


def test_gpu_indices_outlive_the_job():
    forgotten = tuple(replace(a, gpus=()) for a in SHARES)
    later = replace(LIVE, state=JobState.COMPLETED, end_ms=1_060_000, allocations=forgotten)
    assert merge_live(LIVE, later).allocations == SHARES


def test_a_live_look_after_accounting_keeps_what_accounting_said():
    stored = merge(LIVE, DONE)
    again = absorb(stored, replace(LIVE, state=JobState.FAILED, end_ms=1_060_000))
    assert again == stored


@pytest.mark.parametrize(
    ("older", "newer", "state", "joined"),
    [
        (((1_010_000, None),), ((1_010_000, 1_020_000),), "RUNNING", ((1_010_000, 1_020_000),)),
        (
            ((1_010_000, 1_020_000),),
            ((1_030_000, None),),
            "SUSPENDED",
            ((1_010_000, 1_020_000), (1_030_000, None)),
        ),
        (
            ((1_010_000, 1_020_000), (1_030_000, None)),
            ((1_020_000, 1_040_000),),  # only the sum is right: 20 s suspended before
            "RUNNING",
            ((1_010_000, 1_020_000), (1_030_000, 1_040_000)),
        ),
        (((1_010_000, 1_020_000),), ((1_010_000, 1_020_000),), "RUNNING", ((1_010_000, 1_020_000),)),
        (((1_010_000, None),), ((1_010_000, None),), "SUSPENDED", ((1_010_000, None),)),
        (((1_010_000, None),), ((1_015_000, None),), "SUSPENDED", ((1_010_000, 1_015_000), (1_015_000, None))),
        ((), ((1_010_000, 1_020_000),), "RUNNING", ((1_010_000, 1_020_000),)),
    ],
)
def test_suspensions_are_kept_over_the_looks(older, newer, state, joined):
    before = replace(LIVE, suspensions=older)
    assert merge_live(before, replace(LIVE, suspensions=newer, state=JobState(state))).suspensions == joined


_TEXT = st.sampled_from(["", "x", "y"])
_ENDS = st.one_of(
    st.just((JobState.RUNNING, None, None, None)),
    st.tuples(
        st.sampled_from([JobState.COMPLETED, JobState.FAILED]), st.just(1_060_000), st.integers(0, 2), st.just(0)
    ),
)
_SHARES = st.sampled_from([(), SHARES, DONE.allocations, tuple(replace(a, gpus=()) for a in SHARES)])
_SPANS = st.sampled_from([(), ((1_010_000, None),), ((1_010_000, 1_020_000),)])


@st.composite
def _records(draw, source):
    state, end_ms, code, signal = draw(_ENDS)
    return JobRecord(
        KEY, state, user=draw(_TEXT), end_ms=end_ms, exit_code=code, exit_signal=signal, cpus=draw(st.integers(0, 2)),
        allocations=draw(_SHARES), suspensions=draw(_SPANS), stdout=draw(_TEXT), command=draw(_TEXT),
        total_cpu_s=draw(st.sampled_from([None, 1.0])) if end_ms else None, source=source,
        array_task_id=draw(st.sampled_from([None, 0])),
    )  # fmt: skip


def test_an_exit_that_accounting_does_not_tell_is_the_one_seen_live():
    """slurmdbd of Slurm 22.05 tells no exit codes over REST."""
    ended = replace(LIVE, state=JobState.FAILED, end_ms=1_060_000, exit_code=3, exit_signal=0)
    merged = merge(ended, replace(DONE, exit_code=None, exit_signal=None))
    assert (merged.exit_code, merged.exit_signal, merged.total_cpu_s) == (3, 0, 42.0)


@given(_records("scontrol"), _records("sacct"))
def test_merging_does_not_depend_on_the_order_and_may_be_repeated(live, accounted):
    merged = merge(live, accounted)
    assert merge(accounted, live) == merged
    assert merge(merged, accounted) == merged
    assert merge(live, merged) == merged
    assert merge(merged, merged) == merged


@given(_records("scontrol"))
def test_looking_twice_at_the_same_changes_nothing(live):
    once = merge_live(live, live)
    assert merge_live(once, live) == once


@given(st.lists(st.one_of(_records("scontrol"), _records("sacct")), min_size=1, max_size=6))
def test_whatever_is_absorbed_the_job_ends_once_and_for_all_it_is_one_job(readings):
    stored = None
    for read in readings:
        stored = absorb(stored, read)
    assert stored.key == KEY
    assert len({a.node for a in stored.allocations}) == len(stored.allocations)
    ended = [r for r in readings if r.source == "sacct" and r.end_ms is not None]
    assert not ended or stored.end_ms == 1_060_000


def test_every_field_of_a_record_has_a_rule():
    """A new field of JobRecord must be thought about in merge: it is filled from accounting where live lacks it."""
    bare = JobRecord(KEY, JobState.RUNNING, source="scontrol")
    full = replace(
        DONE, name="n", account="a", partition="p", qos="q", submit_ms=1, time_limit_s=2, state_reason="r",
        memory_bytes=3, suspensions=((1_010_000, 1_020_000),), exclusive=True, features="f", work_dir="/w", stderr="/e",
        comment="c", array_job_id=4, array_task_id=0, het_job_id=5, het_offset=0,
    )  # fmt: skip
    merged = merge(bare, full)
    lost = [
        f.name for f in fields(JobRecord) if f.name != "source" and getattr(merged, f.name) != getattr(full, f.name)
    ]
    assert not lost
