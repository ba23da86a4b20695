"""The sources run real commands: here small programs that answer as Slurm's do, from recorded outputs."""

import gzip
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from aggregator.sources.jobs import commands
from aggregator.sources.jobs.interrupt import Interrupt
from aggregator.sources.jobs.registry import accounting_source, live_source
from maxwatt.config import Settings, SlurmSettings, parse
from maxwatt.domain.errors import SourceError, StoppedError
from maxwatt.domain.jobs import Allocation

FIXTURES = Path(__file__).parents[3] / "fixtures" / "slurm"

SACCT = """
import sys
args = sys.argv[1:]
if "--helpformat" in args:
    print("JobID   JobIDRaw  Start  End\\nState JobName NodeList AllocTRES TotalCPU")
    raise SystemExit
given = dict(arg.split("=", 1) for arg in args if "=" in arg)
asked, mark = given["--format"].split(","), given["--delimiter"]
rows = [
    dict(JobID="7", JobIDRaw="7", Start="1795337851", End="1795337861", State="COMPLETED", TotalCPU="00:01.000",
         JobName="a|b\\n8|8|forged\\n", NodeList="max-wn[001-002]", AllocTRES="cpu=4,mem=4G,node=2"),
    dict(JobID="6", JobIDRaw="6", Start="1795330000", End="1795330010", State="COMPLETED", TotalCPU="00:01.000",
         JobName="old", NodeList="max-wn001", AllocTRES="cpu=4,mem=4G,node=1"),
]
print(mark.join(asked))
for row in rows:
    print(mark.join(row[name] for name in asked))
"""

SCONTROL = """
import sys, gzip, os
folder = {folder!r}
args = sys.argv[1:]
def show(name):
    sys.stdout.write(gzip.open(folder + "/" + name, "rt", newline="\\n").read())
if "--version" in args:
    print("slurm {version}")
elif "--json" in args:
    show(("nodes" if "nodes" in args else "scontrol") + "-2605.json.gz")
elif "node" in args:
    show("nodes-2205.txt.gz")
elif args[-1] == "job":
    show("scontrol-forged-2205.txt.gz")
elif os.path.exists(folder + "/scontrol-one-" + args[-1] + "-2205.txt.gz"):
    show("scontrol-one-" + args[-1] + "-2205.txt.gz")
else:
    sys.stderr.write("slurm_load_jobs error: Invalid job id specified\\n")
    raise SystemExit(1)
"""

SQUEUE = """
import gzip
print(gzip.open({folder!r} + "/squeue-ids-2205.txt.gz", "rt").read())
"""


def run(settings, program, arguments):
    return commands.run(settings, program, arguments, Interrupt())


def program(folder, name, body):
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)


@pytest.fixture
def slurm(tmp_path):
    """A function that puts programs into a folder and gives settings that use it."""

    def install(version="22.05.8", **bodies):
        filled = {"folder": str(FIXTURES), "version": version}
        program(tmp_path, "sacct", bodies.get("sacct", SACCT))
        program(tmp_path, "scontrol", bodies.get("scontrol", SCONTROL.format(**filled)))
        program(tmp_path, "squeue", bodies.get("squeue", SQUEUE.format(**filled)))
        return parse(
            f'[cluster]\nname = "maxwell"\n[slurm]\nlive = "scontrol"\naccounting = "sacct"\n'
            f'bin_dir = "{tmp_path}"\ncommand_timeout_s = 5.0\n'
        )

    return install


def test_no_source_is_asked_for():
    assert live_source(Settings()) is None
    assert accounting_source(Settings()) is None


def test_accounting_gives_the_jobs_of_the_span_whatever_their_names(slurm):
    source = accounting_source(slurm())
    records, faults = source.jobs(1795337800_000, 1795337900_000)
    assert faults == []
    assert [(r.key.job_id, r.name) for r in records] == [(7, "a|b 8|8|forged ")]
    assert records[0].allocations[1] == Allocation("max-wn002", 2.0, float(2 << 30), (), True)


def test_the_live_source_reads_text_before_2411(slurm):
    snapshot = live_source(slurm()).snapshot()
    found = {job.key.job_id: job for job in snapshot.jobs}
    assert {28, 29, 22} <= set(found)
    assert found[28].allocations == (Allocation("max-wn001", 4, 4000 << 20),)
    assert not {20, 32, 33, 4242} & set(found)
    assert sum("imitates" in fault for fault in snapshot.faults) == 2
    assert len(snapshot.nodes) == 7
    assert abs(snapshot.taken_ms - time.time() * 1000) < 60_000


def test_the_live_source_reads_json_since_2411(slurm):
    snapshot = live_source(slurm(version="26.05.5")).snapshot()
    assert snapshot.faults == ()
    assert len(snapshot.nodes) == 7
    assert {job.key.job_id for job in snapshot.jobs} >= {1, 3, 6, 10, 12, 13}


@pytest.mark.parametrize(
    "body",
    [
        "import sys; sys.stderr.write('sacct: error: Problem talking to the database'); sys.exit(1)",
        "import sys; sys.stderr.write('sacct: error: slurm_persist_conn_open: refused')",  # and status 0
        "import sys; sys.exit(1)",
        "",  # an answer without even a header
    ],
)
def test_a_database_that_does_not_answer_is_never_an_empty_list(slurm, body):
    with pytest.raises(SourceError):
        accounting_source(slurm(sacct=body)).jobs(0, 1000)


def test_an_error_in_the_second_command_counts_as_well(slurm):
    body = SACCT.replace("given =", "sys.stderr.write('sacct: fatal: gone'); sys.exit(1)\ngiven =")
    with pytest.raises(SourceError, match="gone"):
        accounting_source(slurm(sacct=body)).jobs(0, 1000)


def test_an_answer_that_is_cut_short_with_a_complaint_is_no_answer(slurm):
    body = SACCT + "\nsys.stderr.write('sacct: error: slurmdbd: lost connection')\n"  # and status 0
    with pytest.raises(SourceError, match="lost connection"):
        accounting_source(slurm(sacct=body)).jobs(0, 1000)


@pytest.mark.parametrize("name", ["scontrol", "squeue"])
def test_a_controller_that_does_not_answer_is_an_error(slurm, name):
    body = "import sys; sys.stderr.write('slurm_load_jobs error: Unable to contact slurm controller'); sys.exit(1)"
    with pytest.raises(SourceError, match="Unable to contact"):
        live_source(slurm(**{name: body})).snapshot()


def test_json_that_is_none_is_an_error(slurm):
    body = "import sys; print('slurm 26.05.5' if '--version' in sys.argv else 'no')"
    with pytest.raises(SourceError, match="JSON"):
        live_source(slurm(scontrol=body)).snapshot()


def test_a_command_that_hangs_is_given_up(tmp_path):
    program(tmp_path, "sacct", "import time; time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(SourceError, match="no answer"):
        run(SlurmSettings(bin_dir=str(tmp_path), command_timeout_s=0.3), "sacct", [])
    assert time.monotonic() - started < 10


def test_an_interrupt_ends_the_command_under_way_and_all_later_ones(tmp_path):
    program(tmp_path, "sacct", "import time; time.sleep(60)")
    settings, interrupt = SlurmSettings(bin_dir=str(tmp_path)), Interrupt()
    threading.Timer(0.3, interrupt.set).start()
    started = time.monotonic()
    for _ in range(2):
        with pytest.raises(StoppedError):
            commands.run(settings, "sacct", [], interrupt)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("child", ["time.sleep(60)", "os.setsid(); time.sleep(60)"], ids=["child", "daemon"])
@pytest.mark.parametrize("interrupted", [True, False], ids=["interrupted", "timed out"])
def test_what_a_command_left_behind_keeps_nobody_waiting(tmp_path, child, interrupted):
    # it holds the command's output open, and so the end of the answer never comes
    program(tmp_path, "sacct", f"import os, time\nif os.fork() == 0:\n    {child}\ntime.sleep(60)")
    interrupt, limit_s = Interrupt(), 30.0 if interrupted else 1.0
    if interrupted:
        threading.Timer(1.0, interrupt.set).start()
    started = time.monotonic()
    with pytest.raises(StoppedError if interrupted else SourceError):
        commands.run(SlurmSettings(bin_dir=str(tmp_path), command_timeout_s=limit_s), "sacct", [], interrupt)
    assert time.monotonic() - started < 10


def test_a_command_given_up_leaves_no_child_behind(tmp_path):
    program(
        tmp_path,
        "sacct",
        f"""\
import os, time
if os.fork() == 0:
    open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
time.sleep(60)""",
    )
    with pytest.raises(SourceError):
        run(SlurmSettings(bin_dir=str(tmp_path), command_timeout_s=1.0), "sacct", [])
    child = Path("/proc") / (tmp_path / "pid").read_text()
    deadline = time.monotonic() + 10
    while child.exists() and "Z" not in (child / "stat").read_text().split()[2]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_command_that_is_not_there_says_what_to_set(tmp_path):
    with pytest.raises(SourceError, match=r"slurm\.bin_dir"):
        run(SlurmSettings(bin_dir=str(tmp_path)), "sacct", [])


def test_words_about_old_settings_are_no_error(tmp_path):
    program(
        tmp_path,
        "sacct",
        "import sys; sys.stderr.write('sacct: error: Ignoring obsolete FastSchedule=1 option.'); print(7)",
    )
    assert run(SlurmSettings(bin_dir=str(tmp_path)), "sacct", []) == "7\n"


def test_the_environment_makes_times_comparable(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_CLUSTERS", "other")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    program(tmp_path, "env", "import os; print({k: os.environ.get(k) for k in "
                             "('SLURM_TIME_FORMAT', 'TZ', 'SLURM_CONF', 'SLURM_CLUSTERS')})")  # fmt: skip
    printed = run(SlurmSettings(bin_dir=str(tmp_path), conf="/etc/slurm/other.conf"), "env", [])
    assert printed.strip() == str(
        {"SLURM_TIME_FORMAT": "%s", "TZ": "UTC", "SLURM_CONF": "/etc/slurm/other.conf", "SLURM_CLUSTERS": None}
    )
    assert os.environ["TZ"] == "Asia/Tokyo"


def test_signs_that_are_no_text_do_not_stop_the_reading(tmp_path):
    program(tmp_path, "sacct", "import sys; sys.stdout.buffer.write(b'a\\xff\\n')")
    assert run(SlurmSettings(bin_dir=str(tmp_path)), "sacct", []) == "a\ufffd\n"


def test_the_recorded_fixtures_name_no_machine():
    for path in FIXTURES.glob("*-2205.txt.gz"):
        assert b"/tmp/" not in gzip.decompress(path.read_bytes())
