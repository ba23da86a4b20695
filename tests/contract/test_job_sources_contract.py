"""The same mix of jobs, run under Slurm 22.05, 24.11, 25.11 and 26.05 and recorded, is read alike by every reader."""

import gzip
import json
from dataclasses import fields, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator.sources.jobs.file import read_jobs_file
from aggregator.sources.jobs.scontrol import parse_ids
from aggregator.sources.jobs.scontrol_text import parse_jobs
from aggregator.sources.jobs.slurm_json import parse_scontrol_jobs
from maxwatt.domain.jobs import ACTIVE_STATES, JobRecord, JobState
from maxwatt.domain.merge import merge

FIXTURES = Path(__file__).parent.parent / "fixtures" / "slurm"
ACCOUNTED = (
    "sacct-mix-2205.txt", "sacct-berlin-2205.txt", "sacct-2411.txt", "sacct-2605.txt", "sacct-2411.json",
    "sacct-2511.json", "sacct-2605.json", "rest_db-2411.json", "rest_db-2605.json",
)  # fmt: skip
LIVE = ("scontrol-2205.txt", "scontrol-2411.json", "scontrol-2511.json", "scontrol-2605.json")
MIB = 1 << 20


def raw(name):
    return gzip.decompress((FIXTURES / f"{name}.gz").read_bytes()).decode()


def read(name):
    """Records and faults of a recorded file, whichever format it has."""
    if name.startswith(("sacct", "rest_db")):
        zone = "Europe/Berlin" if "berlin" in name else "UTC"
        return read_jobs_file(FIXTURES / f"{name}.gz", "maxwell", zone)
    if name.endswith(".json"):
        return parse_scontrol_jobs(json.loads(raw(name)), "maxwell")
    known = parse_ids(raw("squeue-ids-2205.txt"))
    mix, _, _ = raw(name).partition("JobId=19 ")  # hostile names follow: tests/unit/sources/jobs/test_scontrol_text.py
    parsed = parse_jobs(mix, known, "maxwell", ZoneInfo("UTC"))
    return list(parsed.records), list(parsed.faults)


def by_name(records):
    """First record of each name in order of start."""
    found = {}
    for record in sorted(records, key=lambda r: r.key.start_ms):
        found.setdefault(record.name, record)
    return found


@pytest.fixture(params=[*ACCOUNTED, *LIVE])
def recorded(request):
    records, faults = read(request.param)
    if "berlin" in request.param:  # recorded without names
        names = {record.key.job_id: record.name for record in read("sacct-mix-2205.txt")[0]}
        records = [replace(record, name=names.get(record.key.job_id, "")) for record in records]
    return request.param, records, faults


#                name      state                 exit     cpus  MiB     gpus nodes
EXPECTED = [
    ("ok",       JobState.COMPLETED, (0, 0),  4,    4096,   0,   1),
    ("multi",    JobState.COMPLETED, (0, 0),  12,   24576,  0,   3),
    ("fail",     JobState.FAILED,    (3, 0),  2,    2000,   0,   1),
    ("signal",   JobState.FAILED,    (0, 11), 2,    2000,   0,   1),
    ("gpu",      JobState.COMPLETED, (0, 0),  8,    16384,  2,   1),
    ("gpuset",   JobState.COMPLETED, (0, 0),  4,    4000,   3,   1),
    ("oom-ish",  JobState.COMPLETED, (0, 0),  1,    100,    0,   1),
    ("dep",      JobState.COMPLETED, (0, 0),  2,    2000,   0,   1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "state", "exits", "cpus", "memory_mib", "gpus", "nodes"), EXPECTED)
def test_the_same_job_reads_alike(recorded, name, state, exits, cpus, memory_mib, gpus, nodes):
    file, records, faults = recorded
    if name.startswith("gpu") and file in {"sacct-2411.txt", "sacct-2605.txt"}:
        # their submit lines hold `|`, which sacct does not escape
        assert name not in by_name(records)
        assert any("columns where the header" in fault for fault in faults)
        return
    record = by_name(records)[name]
    assert (record.state, (record.exit_code, record.exit_signal)) == (state, exits)
    assert (record.cpus, record.memory_bytes, record.gpu_count) == (cpus, memory_mib * MIB, gpus)
    assert (record.node_count, len(record.allocations)) == (nodes, nodes)
    assert sum(a.cpus for a in record.allocations) == cpus
    assert sum(a.memory_bytes for a in record.allocations) == memory_mib * MIB
    assert record.end_ms >= record.key.start_ms
    assert 0 <= record.key.start_ms - (record.submit_ms or record.key.start_ms) < 10_000


def test_only_what_runs_has_no_end(recorded):
    _, records, _ = recorded
    assert all((record.end_ms is None) == (record.state in ACTIVE_STATES) for record in records)
    assert all((record.exit_code is None) == (record.end_ms is None) for record in records)


def test_every_attempt_is_there_once(recorded):
    _, records, _ = recorded
    assert len({record.key for record in records}) == len(records)


def test_cancelled_jobs(recorded):
    _, records, _ = recorded
    found = by_name(records)
    assert found["cancelme"].state is JobState.CANCELLED
    assert "cancelpending" not in found


def test_array_tasks(recorded):
    file, records, _ = recorded
    tasks = sorted((r for r in records if r.array_job_id == 2), key=lambda r: r.array_task_id)
    assert [r.array_task_id for r in tasks] == [0, 1, 2, 3], file
    assert len({r.key.job_id for r in tasks}) == 4
    assert [r.exit_code for r in tasks] == [0, 0, 0, 7]


def test_het_components(recorded):
    _, records, _ = recorded
    parts = sorted((r for r in records if r.het_job_id == 12), key=lambda r: r.het_offset)
    assert [(r.key.job_id, r.het_offset, r.gpu_count) for r in parts] == [(12, 0, 0), (13, 1, 1)]


def test_plain_jobs_are_neither(recorded):
    _, records, _ = recorded
    record = by_name(records)["ok"]
    assert (record.array_job_id, record.array_task_id, record.het_job_id, record.het_offset) == (None,) * 4


@pytest.mark.parametrize("name", ACCOUNTED)
def test_the_requeued_attempt_is_a_record_of_its_own(name):
    attempts = [r for r in read(name)[0] if r.key.job_id == 15]
    assert attempts[0].state is JobState.REQUEUED
    assert attempts[0].end_ms > attempts[0].key.start_ms
    if "2205" in name:  # recorded after the second attempt had run too
        assert attempts[1].state is JobState.COMPLETED
        assert attempts[1].key.start_ms > attempts[0].end_ms
        assert attempts[0].node_list != attempts[1].node_list


@pytest.mark.parametrize("name", ACCOUNTED)
def test_total_cpu_is_that_of_the_whole_job(name):
    first = min((r for r in read(name)[0] if r.key.job_id == 1), key=lambda r: r.key.start_ms)
    assert 0.8 < first.total_cpu_s < 1.3


@pytest.mark.parametrize("version", ["2411", "2605"])
def test_text_and_json_of_one_version_say_the_same(version):
    text = {r.key: r for r in read(f"sacct-{version}.txt")[0]}
    parsed = {r.key: r for r in read(f"sacct-{version}.json")[0]}
    shared = [key for key in text.keys() & parsed.keys() if text[key].end_ms and parsed[key].end_ms]
    assert len(shared) >= 10
    for key in shared:
        a, b = text[key], parsed[key]
        assert a.total_cpu_s == pytest.approx(b.total_cpu_s, abs=1e-3)
        for field in ("state", "end_ms", "user", "account", "partition", "qos", "cpus", "memory_bytes", "node_list",
                      "time_limit_s", "submit_ms", "array_task_id", "het_offset", "comment"):  # fmt: skip
            assert getattr(a, field) == getattr(b, field), (key, field)


@pytest.mark.parametrize("version", ["2411", "2511", "2605"])
def test_the_two_readers_agree_on_finished_jobs_and_merge(version):
    live = {r.key: r for r in read(f"scontrol-{version}.json")[0]}
    accounted = {r.key: r for r in read(f"sacct-{version}.json")[0]}
    shared = [key for key in live.keys() & accounted.keys() if live[key].end_ms and accounted[key].end_ms]
    assert len(shared) >= 10
    for key in shared:
        a, b = live[key], accounted[key]
        for field in ("state", "end_ms", "user", "cpus", "memory_bytes", "node_list", "gpu_count", "stdout"):
            assert getattr(a, field) == getattr(b, field), (key, field)
        merged = merge(a, b)
        assert merged.allocations == a.allocations
        assert merged.total_cpu_s == b.total_cpu_s


FIELDS = [each.name for each in fields(JobRecord) if each.name not in {"source", "total_cpu_s"}]


def differences(a, b, names):
    return {name: (getattr(a, name), getattr(b, name)) for name in names if getattr(a, name) != getattr(b, name)}


@pytest.mark.parametrize("version", ["2411", "2511", "2605"])
def test_squeue_and_scontrol_say_the_same_of_the_jobs_that_run(version):
    queued = {r.key: r for r in parse_scontrol_jobs(json.loads(raw(f"squeue-{version}.json")), "maxwell")[0]}
    shown = {r.key: r for r in read(f"scontrol-{version}.json")[0]}
    assert queued and queued.keys() <= shown.keys()
    settled = set(FIELDS) - {"state", "state_reason", "end_ms", "exit_code", "exit_signal"}  # recorded a moment apart
    assert all(differences(record, shown[key], settled) == {} for key, record in queued.items())


@pytest.mark.parametrize("version", ["2411", "2605"])
def test_sacct_and_slurmdbd_over_rest_say_the_same_of_finished_jobs(version):
    by_command = {r.key: r for r in read(f"sacct-{version}.json")[0]}
    by_rest = {r.key: r for r in read(f"rest_db-{version}.json")[0]}
    ended = [key for key in by_command.keys() & by_rest.keys() if by_command[key].end_ms and by_rest[key].end_ms]
    assert len(ended) >= 15
    for key in ended:
        assert differences(by_command[key], by_rest[key], [*FIELDS, "source"]) == {}
        assert by_command[key].total_cpu_s == pytest.approx(by_rest[key].total_cpu_s)


def test_text_and_rest_of_2205_say_the_same_of_live_jobs():
    """Recorded a moment apart; `x|y` imitates Slurm's own lines, so of text it is not believed."""
    document = json.loads(raw("rest-jobs-2205.json"))
    told = {r.key: r for r in parse_scontrol_jobs(document, "maxwell")[0]}
    ids = frozenset(job["job_id"] for job in document["jobs"])
    text = {r.key: r for r in parse_jobs(raw("scontrol-rest-2205.txt"), ids, "maxwell", ZoneInfo("UTC")).records}
    assert [r.name[:3] for key, r in told.items() if key not in text] == ["x|y"]
    assert text.keys() <= told.keys() and len(text) >= 12
    for key, record in text.items():
        assert differences(record, told[key], FIELDS) == {}
    assert any(record.suspensions for record in text.values())
    assert any(held.gpus for record in text.values() for held in record.allocations)


def test_times_of_a_stated_zone_and_epoch_times_are_the_same():
    epoch = {r.key: r for r in read("sacct-mix-2205.txt")[0]}
    local = {r.key: r for r in read("sacct-berlin-2205.txt")[0]}
    assert len(epoch) >= 25
    assert epoch.keys() <= local.keys()
    assert all(epoch[key].end_ms == local[key].end_ms for key in epoch if epoch[key].end_ms)


def test_a_submit_line_with_the_delimiter_is_reported_with_its_row():
    records, faults = read("sacct-2205.txt")
    assert [fault.split(":")[0] for fault in faults] == ["row 2", "row 4"]
    assert records == []
