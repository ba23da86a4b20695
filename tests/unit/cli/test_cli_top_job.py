"""The two readers on a ledger made by the ledger's own code and filled by hand."""

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "queries"))

from ledger_book import BUCKET, GIB, T0, Book

from aggregator.ledger import tables
from aggregator.ledger.ledger import Ledger
from maxwatt.cli import main

SPAN = ["--since", str(T0), "--until", str(T0 + 4 * BUCKET)]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    book = Book(ledger.engine)
    book.job(1, "alice", 0, 1, name="relax", account="phys", node_list="n1", time_limit_s=3600, command="/home/a/run")
    book.job(2, "bob", 0, 1, state="FAILED", exit_code=1)
    book.job(3, "bob", 1, 2, array_job_id=90, array_task_id=7)
    book.allocation(1, "n1", 4, 8)
    use = {"cpu_used_s": 900.0, "cpu_reserved_s": 3600.0, "memory_peak_bytes": 2 * GIB, "waste_j": 1800.0}
    energy = {"cpu_static_j": 3600.0, "cpu_dynamic_j": 7200.0}
    book.booking(1, "n1", 0, energy, co2_g=1.5, uncertainty=0.04, **use)
    book.booking(0, "n1", 0, {"cpu_static_j": 1200.0}, account=2, co2_g=0.1)
    book.window(0)
    book.measured("n1", 0, 900.0)
    book.sum_up()
    ledger.close()
    return tmp_path


def ran(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main([*arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    status, out, err = ran(capsys, *arguments, "--json")
    assert (status, err) == (0, "")
    return dict(json.loads(out))


def test_top_users(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ran(capsys, "top", "users", *SPAN, "--data-dir", str(data_dir))
    assert status == 0
    (line,) = [line for line in out.splitlines() if "alice" in line]
    assert line.split() == ["alice", "1", "1", "0.003", "1.5", "g", "0.0005", "±4", "%"]
    assert "all nodes: 3.33 Wh, 1.6 g CO₂ (jobs 90 %, system 0 %, idle 10 %, unattributed 0 %)" in out
    assert "SIMULATED" not in out


def test_top_jobs_puts_the_unknown_last(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ran(capsys, "top", "jobs", *SPAN, "--limit", "2", "--data-dir", str(data_dir))
    first, second = [line.split() for line in out.splitlines() if line[:3] in ("101", "102", "90_")]
    assert first[:2] == ["101", "alice"]
    assert "3 Wh" in " ".join(first)
    assert second[-2:] == ["not", "booked"]
    assert "1 more" in out


def test_top_jobs_names_array_tasks_as_people_do(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ran(capsys, "top", "jobs", *SPAN, "--data-dir", str(data_dir))
    shown = [line.split()[0] for line in out.splitlines() if "not booked" in line or "Wh" in line]
    assert sorted(shown) == ["101", "102", "90_7"]


@pytest.mark.parametrize(("what", "name"), [("users", "alice"), ("accounts", "phys"), ("partitions", "cpu")])
def test_top_json_has_si_units_and_iso_times(
    data_dir: Path, capsys: pytest.CaptureFixture[str], what: str, name: str
) -> None:
    answer = document(capsys, "top", what, *SPAN, "--data-dir", str(data_dir))
    assert (answer["command"], answer["simulated"], answer["total"]) == (f"top {what}", False, 1)
    assert (answer["since_ms"], answer["since"]) == (T0, "2025-06-15T15:15:00.000+00:00")
    (row,) = answer["rows"]
    assert (row["name"], row["energy_j"], row["co2_g"], row["cost"]) == (name, 10_800.0, 1.5, None)
    assert row["evidence"]["shares"]["counted"] == 1.0
    assert answer["summary"]["idle_j"] == 1200.0


def test_top_jobs_json(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = document(capsys, "top", "jobs", *SPAN, "--data-dir", str(data_dir))["rows"]
    assert [row["energy_j"] for row in rows] == [10_800.0, None, None]
    assert rows[0]["start"] == "2025-06-15T15:15:00.000+00:00"


def test_job(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ran(capsys, "job", "101", "--data-dir", str(data_dir))
    lines = {line.split("  ")[0]: line for line in out.splitlines() if line}
    assert status == 0
    assert "COMPLETED, exit code 0" in lines["State"]
    assert "2025-06-15 15:15:00 UTC" in lines["Started"]
    assert "00:15:00 of 01:00:00" in lines["Elapsed"]
    assert "25 %" in lines["CPU efficiency"]
    assert "25 %" in lines["Memory efficiency"]
    assert "3 Wh (±4 %)" in lines["Energy"]
    assert lines["cpu"].split() == ["cpu", "1", "Wh", "2", "Wh", "3", "Wh"]
    assert "2 GiB" in lines["n1"]


def test_job_explained(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ran(capsys, "job", "101", "--explain", "--data-dir", str(data_dir))
    told = out.partition("How the figure came about")[2]
    assert "900 CPU seconds at 8 J each" in told
    assert "Booked in 1 window of 15 minutes." in told
    answer = document(capsys, "job", "101", "--explain", "--data-dir", str(data_dir))
    (node,) = answer["explanation"]["nodes"]
    assert node["by_account_j"] == {"jobs": 10_800.0, "idle": 1200.0}
    assert "explanation" not in document(capsys, "job", "101", "--data-dir", str(data_dir))


def test_job_json_and_array_task(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = document(capsys, "job", "101", "--data-dir", str(data_dir))["job"]
    assert answer["row"]["energy_j"] == sum(answer["nodes"][0]["energy_j"].values()) == 10_800.0
    task = document(capsys, "job", "90_7", "--data-dir", str(data_dir))["job"]["row"]
    assert (task["job_id"], task["energy_j"], task["evidence"]) == (103, None, None)


def test_a_part_of_a_heterogeneous_job_is_named_as_slurm_does(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Book(Ledger.open(f"sqlite:///{data_dir / 'ledger.sqlite'}").engine)
    book.job(9, "alice", 3, 4, het_job_id=108, het_offset=1)
    book.engine.dispose()
    assert "Job 109 (108+1)" in " ".join(ran(capsys, "job", "108+1", "--data-dir", str(data_dir))[1].split())


def test_an_attempt_is_chosen_by_its_start(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book(Ledger.open(f"sqlite:///{data_dir / 'ledger.sqlite'}").engine)
    book.job(9, "alice", 3, None, job_id=101, state="RUNNING", exit_code=None)
    book.engine.dispose()
    where = ("--data-dir", str(data_dir))
    assert "attempt 2 of 2" in ran(capsys, "job", "101", *where)[1]
    assert "attempt 1 of 2" in ran(capsys, "job", "101", "--start", "2025-06-15T15:15:00", *where)[1]
    status, _, err = ran(capsys, "job", "101", "--start", "2025-06-15", *where)
    assert (status, err.count("2025-06-15T")) == (1, 2)


def test_simulated_is_said(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book(Ledger.open(f"sqlite:///{data_dir / 'ledger.sqlite'}").engine)
    book.add(tables.about, key="simulated", value="1")
    book.engine.dispose()
    for command in (["top", "users"], ["top", "jobs"], ["job", "101"]):
        assert ran(capsys, *command, "--data-dir", str(data_dir))[1].startswith("SIMULATED")
        assert document(capsys, *command, "--data-dir", str(data_dir))["simulated"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["job", "999"], "knows no job 999"),
        (["job", "90_8"], "no array task 90_8"),
        (["job", "90+8"], "no part of a heterogeneous job 90+8"),
        (["job", "seven"], "is no job id"),
        (["top", "users", "--since", "soon"], "known forms"),
        (["top", "users", "--limit", "0"], "--limit"),
    ],
)
def test_faults_are_sentences(
    data_dir: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, out, err = ran(capsys, *arguments, "--data-dir", str(data_dir))
    assert (status, out) == (1, "")
    assert message in err
    assert "Traceback" not in err


def test_without_a_ledger_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = ran(capsys, "top", "users", "--data-dir", str(tmp_path / "typo"))
    assert status == 1
    assert "no ledger yet" in err
    assert not (tmp_path / "typo").exists()


def test_a_file_that_is_no_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database, but long enough to look like a file " * 40)
    status, _, err = ran(capsys, "job", "1", "--data-dir", str(tmp_path))
    assert status == 1
    assert "cannot be" in err


def test_an_empty_ledger_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}").close()
    assert sqlite3.connect(tmp_path / "ledger.sqlite").execute("select count(*) from jobs").fetchone() == (0,)
    status, out, _ = ran(capsys, "top", "users", "--data-dir", str(tmp_path))
    assert status == 0
    assert "nothing booked yet" in out


def test_a_time_without_bookings_is_not_zero_joules(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    span = ("--since", "2020-01-01", "--until", "2020-01-02")
    _, out, _ = ran(capsys, "top", "users", *span, "--data-dir", str(data_dir))
    assert "no meter and no model told an energy of this time" in out
    assert "0 J" not in out
    assert document(capsys, "top", "users", *span, "--data-dir", str(data_dir))["summary"]["booked_s"] == 0.0


def test_a_job_without_a_name(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = Book(Ledger.open(f"sqlite:///{data_dir / 'ledger.sqlite'}").engine)
    for start in (5, 6):
        book.job(20 + start, "alice", start, start + 1, job_id=4711, name="")
    book.engine.dispose()
    lines = ran(capsys, "job", "4711", "--data-dir", str(data_dir))[1].splitlines()
    assert [line.split(None, 1)[1] for line in lines if line.startswith("Job ")] == ["4711, attempt 2 of 2"]


def test_top_nodes_and_groups(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ran(capsys, "top", "nodes", *SPAN, "--data-dir", str(data_dir))
    cells = next(line for line in out.splitlines() if line.startswith("n1")).split()
    assert cells[:2] == ["n1", "0.00333"]  # 12 kJ
    assert cells[4:8] == ["90", "%", "10", "%"]
    (group,) = document(capsys, "top", "groups", *SPAN, "--data-dir", str(data_dir))["rows"]
    assert (group["name"], group["by_account_j"]) == ("", {"jobs": 10_800.0, "idle": 1200.0})
