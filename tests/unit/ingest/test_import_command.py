"""`maxwatt import` as people call it."""

import gzip
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.ledger.ledger import Ledger
from aggregator.store.duckdb import DuckDBStore
from maxwatt.cli import main

NOW = time.time_ns() // 1_000_000 - 86_400_000
LINES = [f"node,node=wn{n % 5} monotonic_s={n},cpu_count=8i {NOW + n}" for n in range(1000)]

SACCT = """\
JobIDRaw|JobID|JobName|User|Account|Partition|State|Submit|Start|End|ExitCode|NNodes|NCPUS|NodeList|AllocTRES|TotalCPU
7|7|train|ann|phys|cpu|COMPLETED|2026-03-01T10:00:00|2026-03-01T10:00:00|2026-03-01T11:00:00|0:0|1|4|wn1|cpu=4,mem=8G,node=1|03:59:00
8|8|bad|ann|phys|cpu|COMPLETED|yesterday|sometime|2026-03-01T11:00:00|0:0|1|4|wn1|cpu=4,mem=8G,node=1|03:59:00
"""


def stored(folder: Path) -> int:
    store = DuckDBStore(folder / "samples.duckdb")
    rows = store.read([f"wn{n}" for n in range(5)], 0, 2**62).node.num_rows
    store.close()
    return rows


def import_samples(file: Path | str, folder: Path, *more: str) -> int:
    return main(["import", "samples", str(file), "--data-dir", str(folder), *more])


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    file = tmp_path / "samples.lp"
    file.write_text("\n".join(LINES))
    return file


def test_twice_is_as_good_as_once(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for added in (1000, 0):
        assert import_samples(samples, tmp_path / "data", "--json") == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["rows"], told["added"], told["faults"]) == (1000, added, 0)
    assert stored(tmp_path / "data") == 1000


def test_gzip_and_standard_input(tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = tmp_path / "samples.lp.gz"
    packed.write_bytes(gzip.compress(samples.read_bytes()[: samples.stat().st_size // 2].rpartition(b"\n")[0]))
    assert import_samples(packed, tmp_path) == 0
    half = stored(tmp_path)
    assert 400 < half < 600
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(samples.read_bytes())))
    assert import_samples("-", tmp_path) == 0
    assert stored(tmp_path) == 1000


def test_bad_lines_are_told_with_their_number_in_the_file_and_the_rest_is_stored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.ingest.files.chunks.__defaults__", (5000,))
    file = tmp_path / "samples.lp"
    file.write_text("\n".join([*LINES[:900], "node,node=wn1 cpu_count=NaN 5", *LINES[900:]]))
    assert import_samples(file, tmp_path) == 1
    told = capsys.readouterr()
    assert told.err.strip().startswith("line 901, column 25: field cpu_count")
    assert "1000 rows stored, 1000 of them new" in told.out
    assert "1 lines could not be read" in told.out
    assert stored(tmp_path) == 1000


def test_the_precision_is_stated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "samples.lp"
    file.write_text(f"node,node=wn1 cpu_count=8i {NOW // 1000}")
    assert import_samples(file, tmp_path) == 1
    assert "is its precision 'ms'?" in capsys.readouterr().err
    assert import_samples(file, tmp_path, "--precision", "s") == 0
    assert stored(tmp_path) == 1


def test_a_store_in_use_without_a_server_is_refused(
    samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = DuckDBStore(tmp_path / "samples.duckdb")
    assert import_samples(samples, tmp_path) == 1
    assert "exactly one may" in capsys.readouterr().err
    (tmp_path / "serve.json").write_text('{"pid": 1}')
    assert import_samples(samples, tmp_path) == 1
    assert "serve.json: cannot be read" in capsys.readouterr().err
    (tmp_path / "serve.json").write_text('{"url": "http://127.0.0.1:9"}')
    assert import_samples(samples, tmp_path) == 1
    assert "ingest.token: cannot be read" in capsys.readouterr().err
    (tmp_path / "ingest.token").write_text("x")
    assert import_samples(samples, tmp_path) == 1
    assert "http://127.0.0.1:9: cannot be reached" in capsys.readouterr().err
    store.close()


def test_what_was_booked_in_that_time_is_marked_to_be_booked_again(samples: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    ledger = Ledger.open(url)
    bucket = NOW - NOW % 900_000
    ledger.note_booked({bucket: 0.0}, NOW)
    assert ledger.stretches() == []
    assert import_samples(samples, tmp_path) == 0
    assert any(stretch.start_ms <= bucket < stretch.end_ms for stretch in ledger.stretches())
    ledger.close()


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert import_samples(tmp_path / "nowhere.lp", tmp_path) == 1
    assert "nowhere.lp: cannot be read: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_jobs_from_standard_input(
    tmp_path: Path, pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(pack(SACCT.encode()))))
    assert main(["import", "jobs", "-", "--data-dir", str(tmp_path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"jobs": 1, "changed": 1, "faults": 1}


def test_jobs_go_into_the_ledger_and_bad_rows_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "jobs.txt"
    file.write_text(SACCT)
    arguments = ["import", "jobs", str(file), "--data-dir", str(tmp_path), "--cluster", "blue", "--json"]
    for changed in (1, 0):
        assert main([*arguments, "--timezone", "Europe/Berlin"]) == 1
        told = capsys.readouterr()
        assert json.loads(told.out) == {"jobs": 1, "changed": changed, "faults": 1}
        assert "sometime" in told.err or "yesterday" in told.err
    assert main([*arguments, "--timezone", "Mars/Olympus"]) == 1
    assert "no time zone" in capsys.readouterr().err
