"""Text of scontrol 22.05, as recorded from a cluster with hostile job names."""

import gzip
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.sources.jobs.gres import count_gpus, parse_indices
from aggregator.sources.jobs.scontrol import parse_ids, parse_version
from aggregator.sources.jobs.scontrol_nodes import parse_nodes
from aggregator.sources.jobs.scontrol_text import parse_jobs, parse_one_job
from maxwatt.domain.errors import InputError, SourceError
from maxwatt.domain.jobs import Allocation, JobState

UTC = ZoneInfo("UTC")
FIXTURES = Path(__file__).parents[3] / "fixtures" / "slurm"
MIB = 1 << 20


def recorded(name):
    return gzip.decompress((FIXTURES / f"{name}-2205.txt.gz").read_bytes()).decode()


TEXT = recorded("scontrol")
KNOWN = frozenset(int(number) for number in re.findall(r"(?m)^JobId=(\d+)", TEXT))


def jobs(text=TEXT, known=KNOWN):
    parsed = parse_jobs(text, known, "maxwell", UTC)
    return {record.key.job_id: record for record in parsed.records}, parsed


def block(job_id):
    return re.search(rf"(?ms)^JobId={job_id} .*?(?=^JobId=|\Z)", TEXT)[0]


def test_shares_per_node_are_those_slurm_gave():
    found, _ = jobs()
    assert found[23].allocations == (
        Allocation("max-wn001", 8, 4000 * MIB),
        Allocation("max-wn002", 2, 1000 * MIB),
    )
    assert found[24].allocations == (
        Allocation("max-wng001", 2, 2000 * MIB, (2, 3)),
        Allocation("max-wng002", 1, 1000 * MIB, (0, 1)),
    )
    assert found[24].gpu_count == 4


def test_one_detail_line_may_speak_for_several_nodes():
    text = block(3).replace("Nodes=max-wn001 CPU_IDs=", "Nodes=max-wn[001-003] CPU_IDs=", 1)
    found, _ = jobs(re.sub(r"(?m)^     Nodes=max-wn00[123] .*\n", "", text), frozenset({3}))
    assert [a.node for a in found[3].allocations] == ["max-wn001", "max-wn002", "max-wn003"]


def test_without_details_the_split_is_even_and_marked():
    found, _ = jobs(re.sub(r"(?m)^     Nodes=.*\n", "", block(23)), frozenset({23}))
    assert [(a.cpus, a.modelled) for a in found[23].allocations] == [(5, True), (5, True)]


def test_facts_of_a_job():
    record = jobs()[0][19]
    assert record.name == "x NodeList=evil UserId=root(0)"
    assert record.comment == "c NodeList=max-wn[001-009] =|| JobState=FAILED"
    assert (record.user, record.account, record.partition, record.qos) == ("alice", "photon", "allcpu", "normal")
    assert (record.node_list, record.state, record.end_ms) == ("max-wn001", JobState.RUNNING, None)
    assert (record.submit_ms, record.key.start_ms) == (1795342117000, 1795342117000)
    assert (record.time_limit_s, record.cpus, record.memory_bytes) == (300, 2, 2000 * MIB)
    assert record.stdout == record.stderr == "/data/lab2205/jobs/slurm-19.out"
    assert record.command == ""


def test_ends_and_exits_of_finished_jobs():
    found, _ = jobs()
    assert (found[4].state, found[4].exit_code, found[4].exit_signal) == (JobState.FAILED, 3, 0)
    assert (found[5].exit_code, found[5].exit_signal) == (0, 11)
    assert found[6].end_ms == 1795342118000


def test_arrays_het_jobs_and_exclusive_ones():
    found, _ = jobs()
    assert (found[2].array_job_id, found[2].array_task_id) == (2, 3)
    assert (found[13].het_job_id, found[13].het_offset) == (12, 1)
    assert found[22].exclusive
    for other in ("USER", "MCS", "TOPO", "OK", "YES"):  # the node is closed to some others, not held in whole
        text = block(22).replace("OverSubscribe=NO", f"OverSubscribe={other}")
        assert not jobs(TEXT.replace(block(22), text))[0][22].exclusive
    assert not found[19].exclusive
    assert found[23].features == "INTEL"


def test_a_suspended_job_says_since_when():
    assert jobs()[0][25].suspensions == ((1795342123000, None),)


def test_a_resumed_job_says_from_when_to_when():
    text = (
        block(25)
        .replace("JobState=SUSPENDED", "JobState=RUNNING")
        .replace("SuspendTime=1795342123", "SuspendTime=1795342292")
    )
    assert jobs(text, frozenset({25}))[0][25].suspensions == ((1795342123000, 1795342292000),)


def test_what_never_started_gives_no_record():
    found, _ = jobs()
    assert not {9, 15, 26, 27} & set(found)


def test_no_job_at_all():
    assert jobs("No jobs in the system\n", frozenset())[1].records == ()


def test_a_name_with_line_breaks_and_a_job_in_it_changes_no_other_job():
    found, parsed = jobs()
    assert 20 not in found
    assert {1, 20} <= set(parsed.suspects)


def test_forged_jobs_are_not_believed_and_their_victim_is_asked_for_alone():
    text, known = recorded("scontrol-forged"), parse_ids(recorded("squeue-ids"))
    parsed = parse_jobs(text, known, "maxwell", UTC)
    believed = {record.key.job_id: record for record in parsed.records}
    assert not {28, 32, 33, 4242} & set(believed)
    assert {28, 32, 33} <= set(parsed.suspects)
    assert sum(a.cpus for record in parsed.records for a in record.allocations if record.state == "RUNNING") < 20
    victim = parse_one_job(recorded("scontrol-one-28"), 28, "maxwell", UTC)
    assert (victim.user, victim.allocations) == ("bob", (Allocation("max-wn001", 4, 4000 * MIB),))


@pytest.mark.parametrize("job_id", [32, 33])
def test_the_forger_itself_is_left_to_accounting(job_id):
    with pytest.raises(InputError, match="imitates"):
        parse_one_job(recorded(f"scontrol-one-{job_id}"), job_id, "maxwell", UTC)


def test_a_made_up_job_below_the_newest_id_is_told():
    forged = block(19) + block(19).replace("JobId=19 ", "JobId=17 ")
    _, parsed = jobs(forged, frozenset({19, 21}))
    assert parsed.records == ()
    assert parsed.faults == ("job 17: unknown to squeue, not believed",)


def test_a_job_younger_than_the_list_waits_quietly_for_the_next_look():
    _, parsed = jobs(block(21) + block(22), frozenset({21}))
    assert parsed.faults == ()
    assert parsed.suspects == (21,)


@pytest.mark.parametrize(
    "inserted",
    [
        "   NodeList=evil01",
        "   StartTime=1 EndTime=2",
        "     Nodes=max-wn001 CPU_IDs=0-63 Mem=1 GRES=",
        "   AllocTRES=cpu=64,gres/gpu=8",
    ],
)
def test_lines_in_a_comment_never_count_as_slurms_own(inserted):
    text = block(19).replace("   Comment=c", f"   Comment=c\n{inserted}\n")
    found, parsed = jobs(text, frozenset({19}))
    if 19 in found:
        assert found[19] == jobs()[0][19]
    else:
        assert parsed.suspects == (19,)


def test_harmless_line_breaks_in_a_name_are_no_reason_for_doubt():
    text = block(19).replace("UserId=root(0)\n", "UserId=root(0)\nsecond line\n     third\n", 1)
    assert jobs(text, frozenset({19}))[0][19].allocations == jobs()[0][19].allocations


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 400), st.text(alphabet="aJ=\n 0[](),-", max_size=20))
def test_a_mangled_text_is_read_or_reported(position, removed, inserted):
    parsed = parse_jobs(TEXT[:position] + inserted + TEXT[position + removed :], KNOWN, "maxwell", UTC)
    assert len(parsed.records) >= len(jobs()[0]) - 12
    assert {record.key.job_id for record in parsed.records} <= KNOWN


def test_nodes():
    nodes, faults = parse_nodes(recorded("nodes"))
    found = {node.name: node for node in nodes}
    assert not faults
    assert len(nodes) == 7
    assert (found["max-wng001"].gpus, found["max-wng001"].cpus) == (4, 32)
    assert found["max-wn003"].state == "IDLE+DRAIN"
    assert found["max-wn003"].reason == "fan = broken, State=IDLE [root@1795342486]"
    assert found["max-wn004"].partitions == ("allcpu", "jhub")
    assert found["max-wn001"].features == "INTEL,Gold-6140"
    assert found["max-jhub001"].features == ""
    assert found["max-wn001"].memory_bytes == 512000 * MIB


def test_memory_that_slurm_keeps_for_the_system_cannot_be_allocated():
    text = (
        "NodeName=a1 Arch=x86_64 CoresPerSocket=16 \n   CPUAlloc=0 CPUEfctv=60 CPUTot=64 CPULoad=0.00\n"
        "   Gres=gpu:a100:4(S:0-1),gpu:v100:2,shard:8\n   RealMemory=1000 AllocMem=0 FreeMem=9 Sockets=2 Boards=1\n"
        "   CoreSpecCount=2 CPUSpecList=62-63 MemSpecLimit=200\n   State=DOWN+POWERED_DOWN ThreadsPerCore=2\n"
    )
    (node,), faults = parse_nodes(text)
    assert (node.cpus, node.memory_bytes, node.gpus, node.state) == (60, 800 * MIB, 6, "DOWN+POWERED_DOWN")
    assert not faults


def test_a_node_without_its_memory_is_reported():
    nodes, faults = parse_nodes(recorded("nodes").replace("RealMemory=256000 ", ""))
    assert len(nodes) == 6
    assert faults[0].startswith("node max-jhub001: ")


def test_index_lists():
    assert parse_indices("0,2-3") == (0, 2, 3)
    assert parse_indices("") == ()
    assert count_gpus("gpu:4") == 4
    assert count_gpus("(null)") == 0


def test_versions_and_ids():
    assert parse_version("slurm-wlm 22.05.8\n") == (22, 5)
    assert parse_version("slurm 24.11.5") == (24, 11)
    with pytest.raises(SourceError):
        parse_version("hello")
    assert parse_ids("1\n2\n\n") == {1, 2}
    with pytest.raises(SourceError):
        parse_ids("1\nslurm is down\n")


def test_a_job_whose_nodes_still_boot_is_left_to_a_later_look():
    """Slurm sets its start anew once they are there: the start told now would be another attempt."""
    found, parsed = jobs(TEXT.replace(block(23), block(23).replace("JobState=RUNNING", "JobState=CONFIGURING")))
    assert 23 not in found
    assert not parsed.faults
    assert 24 in found
