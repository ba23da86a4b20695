"""What every source of jobs in the registry promises, each against a stand-in that answers as recorded."""

import gzip
import json
import random
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from slurm_stand_ins import (
    FIXTURES,
    JSON,
    REST_FILES,
    PyslurmError,
    document,
    install,
    pyslurm_module,
    raw,
    rest_answers,
    rest_server,
)  # fmt: skip

from aggregator.ledger.known import LIVE_SOURCES
from aggregator.sources.jobs.registry import ACCOUNTING, LIVE, accounting_source, live_source
from maxwatt.config import Settings, parse
from maxwatt.domain.errors import SourceError
from maxwatt.domain.jobs import ACTIVE_STATES, JobState
from maxwatt.domain.merge import is_accounted

FROM_MS, LATE_MS = 1_795_330_000_000, 1_795_370_000_000  # the recordings are of November 2026


@dataclass
class World:
    """A source and what can happen to it.

    Args:
        stop: it does not answer any more.
        garble: its answer is changed at random.
    """

    settings: Settings
    stop: Callable[[], None]
    garble: Callable[[random.Random], None]


def config(kind, name, extra):
    return parse(f'[cluster]\nname = "maxwell"\n[slurm]\n{kind} = "{name}"\ncommand_timeout_s = 10.0\n{extra}')


COMMAND = """
import sys, pathlib
folder = pathlib.Path(__file__).parent
words = " ".join(sys.argv[1:])
name = next(file for word, file in {choices!r}.items() if word in words)
sys.stdout.buffer.write((folder / name).read_bytes())
"""

SACCT = """
import sys, pathlib
lines = (pathlib.Path(__file__).parent / "sacct.txt").read_bytes().decode("utf-8", "replace").split("\\n")
given = dict(arg.split("=", 1) for arg in sys.argv[1:] if "=" in arg)
header = lines[0].split("|")
if "--helpformat" in sys.argv:
    print(" ".join(header))
    raise SystemExit
asked, mark = given["--format"].split(","), given["--delimiter"]
print(mark.join(asked))
for line in lines[1:]:
    cells = line.split("|")
    if len(cells) == len(header):  # names with the sign in them are tested elsewhere
        row = dict(zip(header, cells))
        print(mark.join(row.get(name, "") for name in asked))
"""

DOWN = "import sys; sys.stderr.write('slurm: error: Unable to contact slurm controller'); sys.exit(1)"


@contextmanager
def commands(kind, name, programs, files, tmp_path):
    """Commands that print files, which can be changed."""
    for program, body in programs.items():
        install(tmp_path, program, body)
    for file, content in files.items():
        (tmp_path / file).write_bytes(content)

    def garble(rng):
        for file in files:
            (tmp_path / file).write_bytes(garbled(files[file], rng))

    def stop():
        for program in programs:
            install(tmp_path, program, DOWN)

    yield World(config(kind, name, f'bin_dir = "{tmp_path}"'), stop, garble)


def scontrol_text(kind, tmp_path):
    files = {"version": b"slurm 22.05.8\n", "jobs": raw("scontrol-2205.txt"), "nodes": raw("nodes-2205.txt"),
             "ids": raw("squeue-ids-2205.txt")}  # fmt: skip
    scontrol = COMMAND.format(choices={"--version": "version", "show node": "nodes", "show job": "jobs"})
    programs = {"scontrol": scontrol, "squeue": COMMAND.format(choices={"": "ids"})}
    return commands(kind, "scontrol", programs, files, tmp_path)


def scontrol_json(kind, tmp_path):
    files = {"version": b"slurm 26.05.5\n", "jobs": raw("scontrol-2605.json"), "nodes": raw("nodes-2605.json")}
    scontrol = COMMAND.format(choices={"--version": "version", "show nodes": "nodes", "show jobs": "jobs"})
    return commands(kind, "scontrol", {"scontrol": scontrol}, files, tmp_path)


def sacct_text(kind, tmp_path):
    return commands(kind, "sacct", {"sacct": SACCT}, {"sacct.txt": raw("sacct-mix-2205.txt")}, tmp_path)


def rest(version, unix=False):
    @contextmanager
    def world(kind, tmp_path):
        socket = tmp_path / "s" if unix else None
        with rest_server(rest_answers(version), socket) as running:
            (tmp_path / "token").write_text("aa.bb.cc")
            (tmp_path / "token").chmod(0o600)
            extra = f'rest_url = "{running.url}"\nrest_token_file = "{tmp_path / "token"}"'

            def garble(rng):
                for path, (_, _, body) in rest_answers(version).items():
                    running.answers[path] = (200, JSON, garbled(body, rng))

            def stop():
                running.answers = dict.fromkeys(running.answers, (502, "text/html", b"<html>Bad gateway"))

            yield World(config(kind, "slurmrestd", extra), stop, garble)

    return world


@contextmanager
def pyslurm(kind, tmp_path):
    jobs, nodes = document("scontrol-2511"), document("nodes-2605")
    module = pyslurm_module(jobs, nodes)
    (tmp_path / "slurm.conf").touch()

    def garble(rng):
        told = list(pyslurm_module(jobs, nodes).Jobs.load().values())
        for job in told:
            setattr(job, rng.choice(sorted(vars(job))), rng.choice([None, -1, 10**20, "x", [], {}, 1.5]))
        module.Jobs.load = lambda: dict(enumerate(told))

    def fail():
        raise PyslurmError("Unable to contact slurm controller")

    def stop():
        module.Nodes.load = fail

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "pyslurm", module)
        patch.setenv("SLURM_CONF", "/none")  # which the source sets, and the world's end puts back
        yield World(config(kind, "pyslurm", f'conf = "{tmp_path / "slurm.conf"}"'), stop, garble)


def garbled(content, rng):
    """The answer torn, or with a value replaced."""
    if rng.random() < 0.3:
        return content[: rng.randrange(len(content))]
    try:
        told = json.loads(content)
    except ValueError:
        at = rng.randrange(len(content))
        return content[:at] + rng.choice([b"", b"\xff", b"|", b"\n", b"=", b"99999999999999999999"]) + content[at + 5 :]
    return json.dumps(_replaced(told, rng)).encode()


def _replaced(value, rng):
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        return value | {key: _replaced(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        return [*value[:at], _replaced(value[at], rng), *value[at + 1 :]]
    return rng.choice([None, -1, 10**20, 2**64 - 2, "x", "a\n\x00b", [], {}, 1.5, True])


LIVE_WORLDS = {
    "scontrol": {"text": scontrol_text, "json": scontrol_json},
    "slurmrestd": {f"v0.0.{n}": rest(n) for n in REST_FILES} | {"unix": rest(38, unix=True)},
    "pyslurm": {"25.11": pyslurm},
}
ACCOUNTING_WORLDS = {
    "sacct": {"text": sacct_text},
    "slurmrestd": {f"v0.0.{n}": rest(n) for n in REST_FILES} | {"unix": rest(38, unix=True)},
}


def each(worlds):
    return [pytest.param(world, id=f"{name}-{form}") for name, forms in worlds.items() for form, world in forms.items()]


@pytest.fixture(params=each(LIVE_WORLDS))
def live(request, tmp_path):
    with request.param("live", tmp_path) as world:
        yield world


@pytest.fixture(params=each(ACCOUNTING_WORLDS))
def accounting(request, tmp_path):
    with request.param("accounting", tmp_path) as world:
        yield world


def test_every_source_has_its_world():
    assert LIVE.keys() == LIVE_WORLDS.keys() == LIVE_SOURCES
    assert ACCOUNTING.keys() == ACCOUNTING_WORLDS.keys()


def check(records):
    assert len({record.key for record in records}) == len(records) >= 12
    for record in records:
        key = record.key
        assert key.cluster == "maxwell" and key.job_id > 0
        times = [key.start_ms, record.end_ms, record.submit_ms]
        assert all(type(ms) is int and ms % 1000 == 0 and FROM_MS < ms < LATE_MS for ms in times if ms is not None)
        assert record.state in JobState and record.state is not JobState.PENDING
        assert (record.end_ms is None) == (record.state in ACTIVE_STATES)
        assert record.end_ms is None or record.end_ms >= key.start_ms
        assert record.exit_code is None or record.end_ms is not None
        assert record.cpus == pytest.approx(sum(held.cpus for held in record.allocations))
        assert record.node_count == len(record.allocations) > 0
        assert (record.array_job_id is None) == (record.array_task_id is None)
        assert (record.het_job_id is None) == (record.het_offset is None)
        assert record.name.isprintable() and record.user


def test_live_jobs_and_nodes(live):
    source = live_source(live.settings)
    snapshot = source.snapshot()
    check(snapshot.jobs)
    assert source.name in LIVE
    for job in snapshot.jobs:
        assert job.source == source.name and not is_accounted(job)
        assert job.total_cpu_s is None and job.consumed_energy_j is None
        assert not any(held.modelled for held in job.allocations)
    assert len({node.name for node in snapshot.nodes}) == len(snapshot.nodes) >= 4
    for node in snapshot.nodes:
        assert node.cpus > 0 and node.memory_bytes > 1 << 30 and node.state.isupper() and node.partitions


def test_accounted_jobs(accounting):
    source = accounting_source(accounting.settings)
    records, faults = source.jobs(FROM_MS, LATE_MS)
    assert faults == [] and source.name in ACCOUNTING
    check(records)
    assert all(is_accounted(record) for record in records)
    assert all((record.total_cpu_s is not None) == (record.end_ms is not None) for record in records)
    assert any(record.state is JobState.REQUEUED for record in records)


def test_accounting_gives_what_ran_in_the_span_and_nothing_else(accounting):
    source = accounting_source(accounting.settings)
    everything = source.jobs(FROM_MS, LATE_MS)[0]
    one = next(record for record in everything if record.end_ms)
    for start_ms, end_ms in ((one.key.start_ms, one.key.start_ms + 1), (one.key.start_ms + 500, LATE_MS)):
        records, _ = source.jobs(start_ms, end_ms)
        ran = [r.key for r in everything if r.key.start_ms < end_ms and (r.end_ms is None or r.end_ms >= start_ms)]
        assert sorted(record.key for record in records) == sorted(ran)
    assert one.key not in {record.key for record in source.jobs(one.end_ms + 1000, LATE_MS)[0]}
    assert one.key not in {record.key for record in source.jobs(FROM_MS, one.key.start_ms)[0]}


def test_a_controller_that_is_down_is_an_error_and_no_empty_cluster(live):
    source = live_source(live.settings)
    source.snapshot()
    live.stop()
    for _ in range(2):
        with pytest.raises(SourceError):
            source.snapshot()


def test_accounting_that_is_down_is_an_error_and_no_empty_span(accounting):
    source = accounting_source(accounting.settings)
    source.jobs(FROM_MS, LATE_MS)
    accounting.stop()
    for _ in range(2):
        with pytest.raises(SourceError):
            source.jobs(FROM_MS, LATE_MS)


@pytest.mark.parametrize("seed", range(12))
def test_garbled_answers_are_read_reported_or_refused_but_nothing_crashes(live, seed):
    source, rng = live_source(live.settings), random.Random(seed)  # noqa: S311  a repeatable choice
    whole = {job.key for job in source.snapshot().jobs}
    live.garble(rng)
    try:
        snapshot = source.snapshot()
    except SourceError as error:
        assert str(error)
        return
    assert all(isinstance(fault, str) and fault for fault in snapshot.faults)
    assert len({job.key for job in snapshot.jobs} - whole) <= len(whole)


@pytest.mark.parametrize("seed", range(12))
def test_garbled_accounting_is_read_reported_or_refused_but_nothing_crashes(accounting, seed):
    source, rng = accounting_source(accounting.settings), random.Random(seed)  # noqa: S311  a repeatable choice
    accounting.garble(rng)
    try:
        records, faults = source.jobs(FROM_MS, LATE_MS)
    except SourceError as error:
        assert str(error)
        return
    assert all(isinstance(fault, str) and fault for fault in faults)
    assert all(record.end_ms is None or record.end_ms >= record.key.start_ms for record in records)


def test_recordings_hold_no_path_of_the_machine_they_were_made_on():
    for path in FIXTURES.glob("*.gz"):
        assert b"/tmp/" not in gzip.decompress(path.read_bytes()).replace(b"\\/", b"/")
