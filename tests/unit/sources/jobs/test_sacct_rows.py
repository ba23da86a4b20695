"""`sacct -P` rows: any column order, every odd row read right or reported, never guessed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.sources.jobs.sacct import parse_sacct
from maxwatt.domain.errors import InputError
from maxwatt.domain.jobs import Allocation, JobKey, JobState

HEADER = (
    "JobIDRaw|JobID|User|JobName|Start|End|State|ExitCode|AllocCPUS|AllocTRES|ReqMem|NodeList|TotalCPU|TimelimitRaw"
)
JOB = "7|7|alice|ok|1795337851|1795337911|COMPLETED|0:0|4|cpu=4,mem=4G,node=1|4G|max-wn001|00:01.500|5"


def parse(*rows, header=HEADER, zone="UTC"):
    return parse_sacct([header, *rows], "maxwell", zone)


def job(**changed):
    cells = dict(zip(HEADER.split("|"), JOB.split("|"), strict=True)) | changed
    return "|".join(cells.values())


def test_a_job_row_becomes_a_record():
    (record,), faults = parse(JOB)
    assert not faults
    assert record.key == JobKey("maxwell", 7, 1795337851000)
    assert (record.end_ms, record.state, record.user, record.name) == (1795337911000, "COMPLETED", "alice", "ok")
    assert (record.cpus, record.memory_bytes, record.node_count) == (4, 4 << 30, 1)
    assert (record.total_cpu_s, record.time_limit_s, record.exit_code, record.exit_signal) == (1.5, 300, 0, 0)
    assert record.allocations == (Allocation("max-wn001", 4.0, float(4 << 30), (), modelled=False),)


def test_the_order_of_columns_does_not_matter():
    names, cells = HEADER.split("|"), JOB.split("|")
    order = [*range(5, len(names)), *range(5)]
    shuffled = parse("|".join(cells[n] for n in order), header="|".join(names[n] for n in order))
    assert shuffled == parse(JOB)


def test_id_start_and_state_are_enough_for_a_running_job():
    (record,), faults = parse("7|1795337851|RUNNING", header="JobID|Start|State")
    assert (record.key.job_id, record.end_ms, record.allocations, record.total_cpu_s) == (7, None, (), None)
    assert not faults


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("JobID|State", "Start"),
        ("Start|State", "JobIDRaw"),
        ("JobID|Start", "State"),
        ("", "Start"),
        ("7|1|x", "State"),
    ],
)
def test_a_header_without_needed_columns_names_them(header, missing):
    with pytest.raises(InputError, match=missing):
        parse(header=header)


def test_an_empty_file_is_no_sacct_output():
    with pytest.raises(InputError, match="header"):
        parse_sacct([], "maxwell", "UTC")


def test_a_column_that_stands_twice_is_refused():
    with pytest.raises(InputError, match="twice"):
        parse(header="JobID|Start|State|Start")


def test_an_unknown_zone_is_refused():
    with pytest.raises(InputError, match="time zone"):
        parse(JOB, zone="Mars/Olympus")


def test_a_name_with_the_delimiter_is_reported_with_its_row_and_spoils_no_other():
    records, faults = parse(job(JobName="a|b"), job(JobIDRaw="8", JobID="8"))
    assert [record.key.job_id for record in records] == [8]
    assert len(faults) == 1
    assert faults[0].startswith("row 2: 15 columns")


def test_a_trailing_delimiter_as_of_parsable_output_is_fine():
    assert parse(JOB + "|") == parse(JOB)


@pytest.mark.parametrize(
    "changed",
    [
        {"Start": "Unknown", "End": "Unknown", "State": "PENDING"},
        {"Start": "Unknown", "State": "CANCELLED by 1234"},
        {"NodeList": "None assigned", "State": "CANCELLED by 1234", "AllocCPUS": "0", "AllocTRES": ""},
        {"JobID": "7_[3-9%2]", "Start": "Unknown", "End": "Unknown", "State": "PENDING"},
    ],
)
def test_what_never_started_gives_no_record_and_no_fault(changed):
    assert parse(job(**changed)) == ([], [])


def test_a_running_job_has_no_end_exit_or_total():
    (record,), _ = parse(job(End="Unknown", State="RUNNING", TotalCPU="00:00:00"))
    assert (record.end_ms, record.exit_code, record.total_cpu_s) == (None, None, None)


def test_cancelled_by_somebody_is_cancelled():
    (record,), _ = parse(job(State="CANCELLED by 1234"))
    assert record.state is JobState.CANCELLED


def test_bracketed_host_lists_are_split_evenly_and_marked():
    (record,), _ = parse(job(NodeList="max-wn[001-002,007]", AllocTRES="cpu=12,mem=24G,node=3"))
    assert [a.node for a in record.allocations] == ["max-wn001", "max-wn002", "max-wn007"]
    assert all(a.cpus == 4 and a.memory_bytes == 8 << 30 and a.modelled for a in record.allocations)


def test_gpus_count_once_and_their_indices_stay_unknown():
    (record,), _ = parse(job(AllocTRES="billing=2,cpu=2,gres/gpu:a100=2,gres/gpu=2,mem=2000M,node=1"))
    assert record.gpu_count == 2
    assert record.allocations[0].gpus == ()
    assert record.allocations[0].modelled


@pytest.mark.parametrize(("requested", "size"), [("48000Mn", 2 * 48000 << 20), ("2Gc", 8 << 30), ("3G", 3 << 30)])
def test_without_allocated_memory_the_requested_counts(requested, size):
    (record,), _ = parse(job(AllocTRES="cpu=4", ReqMem=requested, NodeList="a[1-2]"))
    assert record.memory_bytes == size


def test_array_tasks_and_het_components_are_records_of_their_own():
    records, _ = parse(
        job(JobIDRaw="16", JobID="2_0"), job(JobIDRaw="2", JobID="2_3"), job(JobIDRaw="13", JobID="12+1")
    )
    assert [r.key.job_id for r in records] == [16, 2, 13]
    assert [(r.array_job_id, r.array_task_id) for r in records] == [(2, 0), (2, 3), (None, None)]
    assert [(r.het_job_id, r.het_offset) for r in records] == [(None, None), (None, None), (12, 1)]


@pytest.mark.parametrize("shown", ["2_0", "12+1"])
def test_without_raw_ids_tasks_and_components_are_reported_not_guessed(shown):
    records, faults = parse(f"{shown}|1795337851|RUNNING", header="JobID|Start|State")
    assert records == []
    assert "JobIDRaw" in faults[0]


def test_requeued_attempts_are_records_of_their_own():
    records, faults = parse(
        job(State="REQUEUED"), job(Start="1795338000", End="1795338010"), job(Start="1795338000", End="1795338010")
    )
    assert [(r.key.start_ms, r.state) for r in records] == [
        (1795337851000, JobState.REQUEUED),
        (1795338000000, JobState.COMPLETED),
    ]
    assert not faults


def test_steps_give_the_total_that_their_job_lacks_each_attempt_its_own():
    records, faults = parse(
        "7.batch|7.batch||batch|1795337851|1795337852|COMPLETED|0:0|4||||00:01.000|",
        "7.0|7.0||sh|1795337852|1795337911|COMPLETED|0:0|4||||00:02.500|",
        job(TotalCPU="00:00:00"),
        job(Start="1795338000", End="1795338010", TotalCPU=""),
        "7.batch|7.batch||batch|1795338000|1795338010|COMPLETED|0:0|4||||00:04.000|",
    )
    assert [record.total_cpu_s for record in records] == [3.5, 4.0]
    assert not faults


def test_steps_do_not_add_to_the_total_that_a_job_has():
    records, _ = parse(JOB, "7.batch|7.batch||batch|1795337851|1795337852|COMPLETED|0:0|4||||00:01.000|")
    assert records[0].total_cpu_s == 1.5


@pytest.mark.parametrize(
    "changed",
    [
        {"End": "Unknown"},
        {"End": "1795337000"},
        {"State": "COMPLETD"},
        {"NodeList": "max-wn[3-1]"},
        {"AllocTRES": "cpu=many"},
        {"TotalCPU": "soon"},
        {"JobIDRaw": "x7"},
        {"Start": "2026-99-01"},
        {"ExitCode": "bad"},
    ],
)
def test_a_row_that_cannot_be_right_is_reported_with_its_number(changed):
    records, faults = parse(job(JobIDRaw="8", JobID="8"), job(**changed))
    assert [record.key.job_id for record in records] == [8]
    assert len(faults) == 1
    assert faults[0].startswith("row 3: ")


def test_rows_of_other_clusters_are_left_out_and_counted():
    others = [job(JobIDRaw=str(n), JobID=str(n)) + "|other" for n in (8, 9)]
    records, faults = parse(JOB + "|MaxWell", *others, header=HEADER + "|Cluster")
    assert [record.key.job_id for record in records] == [7]
    assert faults == ["2 rows of cluster 'other' are left out: cluster.name is 'maxwell'"]


def test_steps_of_another_cluster_s_job_of_the_same_number_count_nothing():
    step = job(JobIDRaw="7.batch", JobID="7.batch", TotalCPU="05:00.000")
    own = job(TotalCPU="00:00.000")
    (record,), _ = parse(own + "|maxwell", step + "|other", header=HEADER + "|Cluster")
    assert record.total_cpu_s == 0.0
    (record,), _ = parse(own + "|maxwell", step + "|maxwell", header=HEADER + "|Cluster")
    assert record.total_cpu_s == 300.0


def test_rows_of_another_cluster_alone_are_no_empty_answer():
    with pytest.raises(InputError, match=r"all 1 rows belong to other, none to 'maxwell': see cluster\.name"):
        parse(JOB + "|other", header=HEADER + "|Cluster")


def test_local_times_are_read_in_the_stated_zone():
    (record,), _ = parse(job(Start="2026-11-22T09:57:31", End="2026-11-22T09:58:31"), zone="Europe/Berlin")
    assert (record.key.start_ms, record.end_ms) == (1795337851000, 1795337911000)


def test_with_an_unguessable_delimiter_names_may_hold_everything():
    mark = "\x1fr4nd0m\x1f"
    header, row = HEADER.replace("|", mark), job(JobName="NAME").replace("|", mark)
    text = f"{header}\n{row.replace('NAME', 'a|b' + chr(10) + JOB + chr(10) + chr(10) + 'c')}\n{row}\n"
    records, faults = parse_sacct(text.split("\n"), "maxwell", "UTC", delimiter=mark, joined=True)
    assert not faults
    assert [record.key.job_id for record in records] == [7]
    assert "a|b" in records[0].name


def test_output_patterns_are_filled_in():
    header = "JobIDRaw|JobID|Start|State|JobName|User|WorkDir|StdOut|StdErr"
    (record,), _ = parse("16|2_3|1795337851|RUNNING|arr|alice|/data|slurm-%A_%a-%x.out|", header=header)
    assert record.stdout == "/data/slurm-2_3-arr.out"
    assert record.stderr == record.stdout


_CELLS = st.sampled_from(
    ["", "|", "Unknown", "-1", "99999999999", "x", "\x00", "[", "1_[2", "é", "\r", "2_1", "7.batch"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 13), _CELLS), max_size=4), st.integers(0, 200), st.integers(0, 40))
def test_a_mangled_row_is_read_or_reported_and_spoils_no_other(changes, position, removed):
    cells = JOB.split("|")
    for index, cell in changes:
        cells[index] = cell
    line = "|".join(cells)
    mangled = line[: position % (len(line) + 1)] + line[position % (len(line) + 1) + removed :]
    good = job(JobIDRaw="99", JobID="99")
    records, faults = parse(mangled, good)
    assert 99 in {record.key.job_id for record in records}
    assert len(records) + len(faults) <= 2
    assert all(fault.startswith("row 2: ") for fault in faults)
